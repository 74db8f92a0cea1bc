import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { im2row, pool2row, row2im, row2pool } from '../../../lib/kernels.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectSame } from '../../support/comparer.js';
import * as oracle from '../../support/oracle.js';
import { integerTensor } from '../../support/random-data.js';
import {
  anyWindow,
  convolutionCases,
  describeWindow,
  poolCases,
  propertyRuns,
  type WindowCase,
} from '../../support/windows.js';

/** The scalar product; exact for small integers. */
function dot(a: Tensor, b: Tensor): number {
  return a.data.reduce((sum, value, index) => sum + value * b.data[index], 0);
}

/** Pixels that no window covers come back as 0, all others as they were. */
function restored(x: Tensor, { shape, ...geometry }: WindowCase): Float64Array {
  return oracle.coverage(shape, geometry).map((count, index) => (count > 0 ? x.data[index] : 0));
}

const withoutPadding = (window: WindowCase): WindowCase => {
  const [n, c, height, width] = window.shape;
  const [kernelHeight, kernelWidth] = window.kernel;
  return {
    ...window,
    shape: [n, c, Math.max(height, kernelHeight), Math.max(width, kernelWidth)],
    padding: [0, 0],
  };
};

const im2rowForms = (window: WindowCase) => {
  const { shape, ...geometry } = window;
  const name = `im2row ${describeWindow(window)}`;
  const x = integerTensor(shape, 1);
  const rows = im2row(x, geometry);
  const [height, width] = oracle.outputSize(geometry, shape);
  const columns = shape[1] * geometry.kernel[0] * geometry.kernel[1];
  expect(rows.shape, name).toEqual([shape[0] * height * width, columns]);
  expectSame(rows.data, oracle.im2row(x.data, shape, geometry), name, rows.shape);
  const other = integerTensor(rows.shape, 2);
  const folded = row2im(other, shape, geometry);
  expect(folded.shape, name).toEqual(shape);
  expect(dot(rows, other), `${name}: <im2row(x), r> = <x, row2im(r)>`).toBe(dot(x, folded));
  expectSame(
    row2im(rows, shape, { ...geometry, average: true }).data,
    restored(x, window),
    `${name} average`,
  );
};

const pool2rowForms = (window: WindowCase) => {
  const { shape, kernel, stride } = window;
  const name = `pool2row ${describeWindow(window)}`;
  const x = integerTensor(shape, 3);
  const rows = pool2row(x, { kernel, stride });
  const [height, width] = oracle.outputSize(window, shape);
  expect(rows.shape, name).toEqual([shape[0] * shape[1] * height * width, kernel[0] * kernel[1]]);
  expectSame(rows.data, oracle.pool2row(x.data, shape, window), name, rows.shape);
  const other = integerTensor(rows.shape, 4);
  const folded = row2pool(other, shape, { kernel, stride });
  expect(folded.shape, name).toEqual(shape);
  expect(dot(rows, other), `${name}: <pool2row(x), r> = <x, row2pool(r)>`).toBe(dot(x, folded));
  const back = row2pool(rows, shape, { kernel, stride, average: true });
  expectSame(back.data, restored(x, window), `${name} average`);
};

describe('im2row and row2im', () => {
  it.each(convolutionCases.map((window) => [describeWindow(window), window] as const))(
    '%s: rows as the oracle has them, adjoint, average restores',
    (_, window) => im2rowForms(window),
  );

  it('any window', () => {
    fc.assert(fc.property(anyWindow, im2rowForms), propertyRuns);
  });

  it('stride defaults to 1 and padding to 0; one number means both', () => {
    const x = integerTensor([2, 2, 5, 6], 5);
    const rows = im2row(x, { kernel: 3 });
    expectSame(rows.data, im2row(x, { kernel: [3, 3], stride: [1, 1], padding: [0, 0] }).data, 'defaults');
    const padded = im2row(x, { kernel: 3, stride: 2, padding: 1 });
    expectSame(padded.data, im2row(x, { kernel: [3, 3], stride: [2, 2], padding: [1, 1] }).data, 'both');
  });

  it('average without coverage leaves 0, not NaN', () => {
    const rows = new Tensor([1, 1], Float32Array.of(6));
    expect([...row2im(rows, [1, 1, 1, 3], { kernel: 1, stride: 3, average: true }).data]).toEqual([6, 0, 0]);
  });

  it('an empty batch gives no rows', () => {
    expect(im2row(new Tensor([0, 2, 5, 5]), { kernel: 3 }).shape).toEqual([0, 18]);
    expect(row2im(new Tensor([0, 18]), [0, 2, 5, 5], { kernel: 3 }).shape).toEqual([0, 2, 5, 5]);
  });
});

describe('pool2row and row2pool', () => {
  it.each(poolCases.map((window) => [describeWindow(window), window] as const))(
    '%s: rows as the oracle has them, adjoint, average restores',
    (_, window) => pool2rowForms(window),
  );

  it('any window', () => {
    fc.assert(fc.property(anyWindow.map(withoutPadding), pool2rowForms), propertyRuns);
  });

  it('the stride defaults to the kernel', () => {
    const x = integerTensor([1, 2, 6, 9], 6);
    const rows = pool2row(x, { kernel: [2, 3] });
    expectSame(rows.data, pool2row(x, { kernel: [2, 3], stride: [2, 3] }).data, 'default');
  });
});

describe('out', () => {
  const x = integerTensor([2, 3, 6, 5], 7);

  it('is written whole and returned', () => {
    const rows = im2row(x, { kernel: 2 });
    const out = new Tensor(rows.shape, new Float32Array(rows.size).fill(Number.NaN));
    expect(im2row(x, { kernel: 2, out })).toBe(out);
    expectSame(out.data, rows.data, 'im2row');
    const image = new Tensor(x.shape, new Float32Array(x.size).fill(Number.NaN));
    expect(row2im(rows, x.shape, { kernel: 2, out: image })).toBe(image);
    expectSame(image.data, row2im(rows, x.shape, { kernel: 2 }).data, 'row2im');
    const pooled = pool2row(x, { kernel: 2, stride: 3 });
    const poolOut = new Tensor(pooled.shape, new Float32Array(pooled.size).fill(Number.NaN));
    expect(pool2row(x, { kernel: 2, stride: 3, out: poolOut })).toBe(poolOut);
    expectSame(poolOut.data, pooled.data, 'pool2row');
    image.data.fill(Number.NaN);
    expect(row2pool(pooled, x.shape, { kernel: 2, stride: 3, out: image })).toBe(image);
    expectSame(image.data, row2pool(pooled, x.shape, { kernel: 2, stride: 3 }).data, 'row2pool');
  });
});
