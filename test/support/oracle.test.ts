/** The oracle itself: examples worked out by hand, and its gradients against finite differences of its values. */
import { describe, expect, it } from 'vitest';
import { expectClose, expectSame } from './comparer.js';
import { finiteDifferences } from './finite-differences.js';
import * as oracle from './oracle.js';
import { distinctTensor, normalTensor } from './random-data.js';

const plain = { kernel: [2, 2], stride: [1, 1], padding: [0, 0] } as const;

describe('examples by hand', () => {
  it('conv2d is a cross-correlation, summed over channels, plus bias', () => {
    const x = [1, 2, 3, 4, 5, 6, 7, 8, 9]; // 3x3
    const problem = { shape: [1, 1, 3, 3] as const, outChannels: 1, geometry: plain };
    // 1*10 + 2*20 + 4*30 + 5*40 + 1 = 371, and so on
    expectSame(oracle.conv2d(x, [10, 20, 30, 40], [1], problem).values, [371, 471, 671, 771], 'conv2d');
    const two = { shape: [1, 2, 2, 2] as const, outChannels: 2, geometry: plain };
    const y = oracle.conv2d(
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0],
      [0, -1],
      two,
    );
    // first: 1 + 4 + 6 + 7 = 18; second: 5 - 1 = 4
    expectSame(y.values, [18, 4], 'two channels');
  });

  it('conv2d with padding and stride', () => {
    const geometry = { kernel: [1, 3], stride: [2, 1], padding: [0, 1] } as const;
    const problem = { shape: [1, 1, 3, 2] as const, outChannels: 1, geometry };
    // rows 0 and 2, each with a zero on both sides: 0 1 2 0 and 0 5 6 0, times 1 10 100
    expectSame(
      oracle.conv2d([1, 2, 3, 4, 5, 6], [1, 10, 100], [0], problem).values,
      [210, 21, 650, 65],
      'padded',
    );
  });

  it('im2row and pool2row', () => {
    const x = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]; // 2 channels of 2x3
    const shape = [1, 2, 2, 3] as const;
    expectSame(
      oracle.im2row(x, shape, plain),
      [1, 2, 4, 5, 11, 12, 14, 15, 2, 3, 5, 6, 12, 13, 15, 16],
      'im2row',
    );
    expectSame(
      oracle.pool2row(x, shape, plain),
      [1, 2, 4, 5, 2, 3, 5, 6, 11, 12, 14, 15, 12, 13, 15, 16],
      'pool2row',
    );
    expectSame(oracle.coverage([1, 1, 2, 3], plain), [1, 2, 1, 1, 2, 1], 'coverage');
  });

  it('maxPool2d takes the first among equals', () => {
    const { y, from } = oracle.maxPool2d([5, 5, 1, 2, 5, 9], [1, 1, 2, 3], plain);
    expectSame(y, [5, 9], 'maxima');
    expectSame(from, [0, 5], 'where');
    const dx = oracle.maxPool2dBackward([2, 3], from, 6).values;
    expectSame(dx, [2, 0, 0, 0, 0, 3], 'backward');
  });

  it('linear', () => {
    const y = oracle.linear([1, 2, 3, 4], [10, 1, 0, 5, -1, 2], [1, 2, 3], 2).values;
    expectSame(y, [13, 12, 6, 35, 22, 8], 'linear');
  });

  it('softmaxCrossEntropy', () => {
    const { loss, correct, dlogits } = oracle.softmaxCrossEntropy([0, Math.log(3), 0, 0], [1, 1]);
    expect(loss).toBeCloseTo(Math.log(4 / 3) + Math.log(2), 14);
    expect(correct).toBe(1);
    expectClose(dlogits, [0.25, -0.25, 0.5, -0.5], 1e-15, 'dlogits');
  });

  it('matmul', () => {
    const size = [2, 2, 1] as const;
    expectSame(oracle.matmul([1, 2, 3, 4], [5, 6], size).values, [17, 39], 'plain');
    expectSame(
      oracle.matmul([1, 2, 3, 4], [5, 6], size, { transposeA: true }).values,
      [23, 34],
      'a transposed',
    );
  });

  it('bounds grow with terms and magnitudes', () => {
    const sums = new oracle.Sums(1);
    sums.add(0, 3);
    sums.add(0, -3);
    expectSame(sums.bounds(), [2 ** -23 * 4 * 6], 'bounds');
  });
});

const double = (shape: readonly number[], seed: number) => Float64Array.from(normalTensor(shape, seed).data);

describe('gradients against finite differences', () => {
  it('conv2d', () => {
    const geometry = { kernel: [3, 2], stride: [2, 1], padding: [1, 2] } as const;
    const problem = { shape: [2, 3, 5, 4] as const, outChannels: 4, geometry };
    const [x, weight, bias] = [double(problem.shape, 1), double([4, 3, 3, 2], 2), double([4], 3)];
    const run = () => oracle.conv2d(x, weight, bias, problem).values;
    const dy = double([run().length], 4);
    const { dx, dw, db } = oracle.conv2dBackward(x, weight, dy, problem);
    expectClose(dx.values, finiteDifferences(x, dy, run), 1e-9, 'dx');
    expectClose(dw.values, finiteDifferences(weight, dy, run), 1e-9, 'dw');
    expectClose(db.values, finiteDifferences(bias, dy, run), 1e-9, 'db');
  });

  it('maxPool2d', () => {
    const geometry = { kernel: [3, 2], stride: [1, 2], padding: [0, 0] } as const;
    const shape = [2, 2, 5, 6] as const;
    const x = Float64Array.from(distinctTensor(shape, 5).data);
    const run = () => oracle.maxPool2d(x, shape, geometry).y;
    const dy = double([run().length], 6);
    const dx = oracle.maxPool2dBackward(dy, oracle.maxPool2d(x, shape, geometry).from, x.length).values;
    expectClose(dx, finiteDifferences(x, dy, run), 1e-9, 'dx');
  });

  it('linear', () => {
    const [x, weight, bias] = [double([3, 5], 7), double([4, 5], 8), double([4], 9)];
    const run = () => oracle.linear(x, weight, bias, 3).values;
    const dy = double([12], 10);
    const { dx, dw, db } = oracle.linearBackward(x, weight, dy, 3);
    expectClose(dx.values, finiteDifferences(x, dy, run), 1e-9, 'dx');
    expectClose(dw.values, finiteDifferences(weight, dy, run), 1e-9, 'dw');
    expectClose(db.values, finiteDifferences(bias, dy, run), 1e-9, 'db');
  });

  it('softmaxCrossEntropy', () => {
    const logits = double([4, 5], 11);
    const labels = [0, 4, 2, 2];
    const run = () => Float64Array.of(oracle.softmaxCrossEntropy(logits, labels).loss);
    const expected = finiteDifferences(logits, [1], run);
    // The error of a central difference is h^2/6 times the third derivative, which is below 0.1 here.
    expectClose(oracle.softmaxCrossEntropy(logits, labels).dlogits, expected, 2e-8, 'dlogits');
  });
});
