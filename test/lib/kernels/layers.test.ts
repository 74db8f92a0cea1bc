import { describe, expect, it } from 'vitest';
import {
  conv2d,
  conv2dBackward,
  linear,
  linearBackward,
  maxPool2d,
  maxPool2dBackward,
  relu,
  reluBackward,
} from '../../../lib/kernels.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import * as oracle from '../../support/oracle.js';
import { distinctTensor, integerTensor, normalTensor } from '../../support/random-data.js';
import { convolutionCases, describeWindow, poolCases } from '../../support/windows.js';

/** Full of NaN: what is not overwritten shows. */
const dirty = (shape: readonly number[]) => {
  const tensor = new Tensor(shape);
  tensor.data.fill(Number.NaN);
  return tensor;
};

const convolutions = convolutionCases.flatMap((window) =>
  [1, 6, 17].map(
    (outChannels) => [`${describeWindow(window)} to ${outChannels}`, window, outChannels] as const,
  ),
);

describe('conv2d', () => {
  it.each(convolutions)('%s: forward and backward', (name, { shape, ...geometry }, outChannels) => {
    const { stride, padding } = geometry;
    const problem = { shape, outChannels, geometry };
    const x = normalTensor(shape, 1);
    const weight = normalTensor([outChannels, shape[1], ...geometry.kernel], 2);
    const bias = normalTensor([outChannels], 3);
    const y = conv2d(x, weight, bias, { stride, padding });
    expect(y.shape).toEqual([shape[0], outChannels, ...oracle.outputSize(geometry, shape)]);
    const expected = oracle.conv2d(x.data, weight.data, bias.data, problem);
    expectClose(y.data, expected.values, expected.bounds(), `conv2d ${name}`, y.shape);

    const dy = normalTensor(y.shape, 4);
    const options = { stride, padding, dx: dirty(shape), dw: dirty(weight.shape), db: dirty(bias.shape) };
    const gradients = conv2dBackward(x, weight, dy, options);
    const wanted = oracle.conv2dBackward(x.data, weight.data, dy.data, problem);
    for (const part of ['dx', 'dw', 'db'] as const) {
      expect(gradients[part]).toBe(options[part]);
      const { data, shape: partShape } = options[part];
      expectClose(data, wanted[part].values, wanted[part].bounds(), `${part} ${name}`, partShape);
    }
    const fresh = conv2dBackward(x, weight, dy, { stride, padding });
    for (const part of ['dx', 'dw', 'db'] as const) {
      expectSame((fresh[part] as Tensor).data, options[part].data, `${part} ${name} allocated`);
    }
    const withoutDx = conv2dBackward(x, weight, dy, { stride, padding, dx: null });
    expect(withoutDx.dx).toBeNull();
    expectSame(withoutDx.dw.data, options.dw.data, `dw ${name} without dx`);
    expectSame(withoutDx.db.data, options.db.data, `db ${name} without dx`);
  });

  it('is exact on small integers', () => {
    const problem = {
      shape: [3, 5, 9, 8] as const,
      outChannels: 7,
      geometry: { kernel: [3, 4], stride: [2, 1], padding: [1, 0] } as const,
    };
    const [x, weight, bias] = [
      integerTensor(problem.shape, 5),
      integerTensor([7, 5, 3, 4], 6),
      integerTensor([7], 7),
    ];
    const y = conv2d(x, weight, bias, { stride: [2, 1], padding: [1, 0] });
    expectSame(y.data, oracle.conv2d(x.data, weight.data, bias.data, problem).values, 'forward', y.shape);
    const dy = integerTensor(y.shape, 8);
    const { dx, dw, db } = conv2dBackward(x, weight, dy, { stride: [2, 1], padding: [1, 0] });
    const wanted = oracle.conv2dBackward(x.data, weight.data, dy.data, problem);
    expectSame((dx as Tensor).data, wanted.dx.values, 'dx', x.shape);
    expectSame(dw.data, wanted.dw.values, 'dw', weight.shape);
    expectSame(db.data, wanted.db.values, 'db');
  });

  it('of an empty batch is empty, its gradients zero', () => {
    const [x, weight, bias] = [
      new Tensor([0, 2, 5, 5]),
      normalTensor([3, 2, 3, 3], 9),
      normalTensor([3], 10),
    ];
    expect(conv2d(x, weight, bias).shape).toEqual([0, 3, 3, 3]);
    const dw = dirty(weight.shape);
    const db = dirty(bias.shape);
    conv2dBackward(x, weight, new Tensor([0, 3, 3, 3]), { dw, db });
    expectSame(dw.data, new Float32Array(dw.size), 'dw');
    expectSame(db.data, new Float32Array(db.size), 'db');
  });
});

describe('maxPool2d', () => {
  it.each(poolCases.map((window) => [describeWindow(window), window] as const))(
    '%s: forward and backward',
    (name, window) => {
      const { shape, kernel, stride } = window;
      const x = distinctTensor(shape, 11);
      const { y, argmax } = maxPool2d(x, { kernel, stride });
      const expected = oracle.maxPool2d(x.data, shape, window);
      expect(y.shape).toEqual([shape[0], shape[1], ...oracle.outputSize(window, shape)]);
      expectSame(y.data, expected.y, `maxPool2d ${name}`, y.shape);
      const dy = integerTensor(y.shape, 12);
      const out = dirty(shape);
      expect(maxPool2dBackward(dy, argmax, shape, { kernel, stride, out })).toBe(out);
      const wanted = oracle.maxPool2dBackward(dy.data, expected.from, x.size);
      expectSame(out.data, wanted.values, `dx ${name}`, shape);
      expectSame(
        maxPool2dBackward(dy, argmax, shape, { kernel, stride }).data,
        out.data,
        `dx ${name} allocated`,
      );
    },
  );

  it('gives the gradient to the first among equals', () => {
    const { y, argmax } = maxPool2d(Tensor.from([3, 3, 3, 3], [1, 1, 2, 2]), { kernel: 2 });
    expect([...argmax]).toEqual([0]);
    expect([...y.data]).toEqual([3]);
    const dx = maxPool2dBackward(Tensor.from([5], [1, 1, 1, 1]), argmax, [1, 1, 2, 2], { kernel: 2 });
    expect([...dx.data]).toEqual([5, 0, 0, 0]);
  });

  it('of negative values and of -Infinity', () => {
    const x = Tensor.from(
      [-3, -2, -1, -4, ...new Array<number>(4).fill(Number.NEGATIVE_INFINITY)],
      [1, 2, 2, 2],
    );
    const { y, argmax } = maxPool2d(x, { kernel: 2 });
    expect([...y.data]).toEqual([-1, Number.NEGATIVE_INFINITY]);
    expect([...argmax]).toEqual([2, 0]);
  });

  it('writes to out and argmax, which may be longer', () => {
    const x = distinctTensor([2, 3, 4, 6], 13);
    const out = dirty([2, 3, 2, 3]);
    const argmax = new Uint16Array(50).fill(999);
    const result = maxPool2d(x, { kernel: 2, out, argmax });
    expect(result).toEqual({ y: out, argmax });
    expectSame(out.data, oracle.maxPool2d(x.data, [2, 3, 4, 6], { ...poolCases[1] }).y, 'out');
    expect([...argmax.subarray(36)]).toEqual(new Array(14).fill(999));
  });
});

describe('relu', () => {
  it('forward and backward', () => {
    const x = Tensor.from(
      [1.5, -2, 0, -0, 1e-40, -1e-40, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [2, 4],
    );
    const y = relu(x);
    expectSame(y.data, [1.5, 0, 0, 0, Math.fround(1e-40), 0, Number.POSITIVE_INFINITY, 0], 'y');
    const dy = Tensor.from([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
    expectSame(reluBackward(y, dy).data, [1, 0, 0, 0, 5, 0, 7, 0], 'dx');
  });

  it.each([1, 7, 15, 16, 17, 1000])('of %d values, also in place', (size) => {
    const x = normalTensor([size], 14);
    const expected = x.data.map((value) => Math.max(value, 0));
    const out = dirty([size]);
    expect(relu(x, { out })).toBe(out);
    if (expected.some((value) => value > 0)) expectSame(out.data, expected, `relu ${size}`);
    const dy = normalTensor([size], 15);
    const wanted = dy.data.map((value, index) => (expected[index] > 0 ? value : 0));
    expectSame(reluBackward(out, dy).data, wanted, `reluBackward ${size}`);
    expect(reluBackward(out, dy, { out: dy })).toBe(dy);
    expectSame(dy.data, wanted, `reluBackward ${size} in place`);
    expect(relu(x, { out: x })).toBe(x);
    expectSame(x.data, expected, `relu ${size} in place`);
  });

  it('keeps NaN, so that divergence is seen', () => {
    expect(relu(Tensor.from([Number.NaN, 1], [2])).data[0]).toBeNaN();
  });
});

describe('linear', () => {
  const sizes = [
    [1, 1, 1],
    [1, 120, 84],
    [3, 84, 10],
    [5, 7, 17],
    [33, 16, 6],
    [128, 120, 84],
  ] as const;

  it.each(sizes)('%d rows of %d to %d: forward and backward', (n, inFeatures, outFeatures) => {
    const name = `${n}x${inFeatures} to ${outFeatures}`;
    const x = normalTensor([n, inFeatures], 16);
    const weight = normalTensor([outFeatures, inFeatures], 17);
    const bias = normalTensor([outFeatures], 18);
    const out = dirty([n, outFeatures]);
    expect(linear(x, weight, bias, { out })).toBe(out);
    const expected = oracle.linear(x.data, weight.data, bias.data, n);
    expectClose(out.data, expected.values, expected.bounds(), `linear ${name}`, out.shape);
    expectSame(linear(x, weight, bias).data, out.data, `linear ${name} allocated`);

    const dy = normalTensor(out.shape, 19);
    const options = { dx: dirty(x.shape), dw: dirty(weight.shape), db: dirty(bias.shape) };
    linearBackward(x, weight, dy, options);
    const wanted = oracle.linearBackward(x.data, weight.data, dy.data, n);
    for (const part of ['dx', 'dw', 'db'] as const) {
      const { data, shape } = options[part];
      expectClose(data, wanted[part].values, wanted[part].bounds(), `${part} ${name}`, shape);
    }
    const withoutDx = linearBackward(x, weight, dy, { dx: null });
    expect(withoutDx.dx).toBeNull();
    expectSame(withoutDx.dw.data, options.dw.data, `dw ${name} without dx`);
    expectSame(withoutDx.db.data, options.db.data, `db ${name} without dx`);
  });
});
