import { describe, expect, it } from 'vitest';
import { matmul } from '../../../lib/kernels.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import * as oracle from '../../support/oracle.js';
import { integerTensor, normalTensor } from '../../support/random-data.js';

const flags = [false, true];
const sizes = [
  [1, 1, 1],
  [1, 7, 5],
  [5, 7, 1],
  [5, 6, 15],
  [6, 9, 16],
  [7, 10, 17],
  [13, 300, 33],
  [64, 25, 6],
  [3, 1, 40],
] as const;

const problems = sizes.flatMap((size) =>
  flags.flatMap((transposeA) => flags.map((transposeB) => ({ size, transposeA, transposeB }))),
);

describe('matmul', () => {
  it.each(problems)('$size transposed $transposeA $transposeB', ({ size, transposeA, transposeB }) => {
    const [m, k, n] = size;
    const shapeA = transposeA ? [k, m] : [m, k];
    const shapeB = transposeB ? [n, k] : [k, n];
    const name = `m ${m} k ${k} n ${n} transposed ${transposeA} ${transposeB}`;
    const options = { transposeA, transposeB };
    const [a, b] = [integerTensor(shapeA, 1), integerTensor(shapeB, 2)];
    const c = matmul(a, b, options);
    expect(c.shape).toEqual([m, n]);
    expectSame(c.data, oracle.matmul(a.data, b.data, size, options).values, `${name}, integers`, [m, n]);
    const [x, y] = [normalTensor(shapeA, 3), normalTensor(shapeB, 4)];
    const expected = oracle.matmul(x.data, y.data, size, options);
    expectClose(matmul(x, y, options).data, expected.values, expected.bounds(), name, [m, n]);
  });

  it('scales by alpha and adds beta times out', () => {
    const [a, b, c] = [integerTensor([5, 9], 5), integerTensor([9, 20], 6), integerTensor([5, 20], 7)];
    const product = oracle.matmul(a.data, b.data, [5, 9, 20]).values;
    const expected = product.map((value, index) => 2 * value - 3 * c.data[index]);
    expect(matmul(a, b, { alpha: 2, beta: -3, out: c })).toBe(c);
    expectSame(c.data, expected, 'alpha 2 beta -3');
  });

  it('does not read out at beta 0', () => {
    const [a, b] = [integerTensor([7, 3], 8), integerTensor([3, 18], 9)];
    const out = new Tensor([7, 18], new Float32Array(7 * 18).fill(Number.NaN));
    expectSame(matmul(a, b, { out }).data, oracle.matmul(a.data, b.data, [7, 3, 18]).values, 'beta 0');
  });

  it('of inner size 0 is zeros, of outer size 0 is empty', () => {
    const out = new Tensor([2, 3], new Float32Array(6).fill(7));
    expectSame(matmul(new Tensor([2, 0]), new Tensor([0, 3]), { out }).data, [0, 0, 0, 0, 0, 0], 'k 0');
    expect(matmul(new Tensor([0, 4]), new Tensor([4, 3])).shape).toEqual([0, 3]);
    expect(matmul(new Tensor([3, 4]), new Tensor([4, 0])).shape).toEqual([3, 0]);
  });
});
