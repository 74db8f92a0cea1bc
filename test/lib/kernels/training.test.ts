import { describe, expect, it } from 'vitest';
import { gatherImages, softmaxCrossEntropy } from '../../../lib/kernels.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import * as oracle from '../../support/oracle.js';
import { integerTensor, normalTensor } from '../../support/random-data.js';

describe('softmaxCrossEntropy', () => {
  it.each([
    [1, 2],
    [1, 10],
    [7, 3],
    [128, 10],
    [33, 17],
    [5, 1],
  ])('%d rows of %d classes', (n, classes) => {
    const logits = normalTensor([n, classes], 1);
    const labels = Int32Array.from({ length: n }, (_, row) => (row * 7) % classes);
    const grad = new Tensor([n, classes], new Float32Array(n * classes).fill(Number.NaN));
    const { loss, correct } = softmaxCrossEntropy(logits, labels, { grad, gradScale: 0.5 });
    const expected = oracle.softmaxCrossEntropy(logits.data, labels);
    expect(correct).toBe(expected.correct);
    if (classes === 1) {
      expect(loss).toBe(0);
      expectSame(grad.data, new Float32Array(n), 'one class: nothing to learn');
      return;
    }
    // Single-precision exp and log, a few units in the last place each.
    expectClose([loss], [expected.loss], 1e-6 * n, `loss ${n}x${classes}`);
    const half = expected.dlogits.map((value) => value / 2);
    expectClose(grad.data, half, 1e-6, `grad ${n}x${classes}`, grad.shape);
    expect(softmaxCrossEntropy(logits, labels)).toEqual({ loss, correct });
  });

  it('survives logits of any size', () => {
    const logits = Tensor.from([1e4, -1e4, 0, 3e38, -3e38, 3e38], [2, 3]);
    const grad = new Tensor([2, 3]);
    const { loss } = softmaxCrossEntropy(logits, Int32Array.of(1, 0), { grad });
    expectClose([loss], [2e4 + Math.log(2)], 0.01, 'loss');
    expectClose(grad.data, [1, -1, 0, -0.5, 0, 0.5], 1e-6, 'grad');
  });

  it('counts a row as correct if its first maximum is the label', () => {
    const logits = Tensor.from([1, 1, 0, 0, 2, 2], [2, 3]);
    expect(softmaxCrossEntropy(logits, Int32Array.of(0, 1)).correct).toBe(2);
    expect(softmaxCrossEntropy(logits, Int32Array.of(1, 2)).correct).toBe(0);
  });

  it('of no rows is nothing; of NaN is NaN', () => {
    expect(softmaxCrossEntropy(new Tensor([0, 3]), new Int32Array(0))).toEqual({ loss: 0, correct: 0 });
    expect(softmaxCrossEntropy(Tensor.from([Number.NaN, 1], [1, 2]), Int32Array.of(1)).loss).toBeNaN();
  });
});

describe('gatherImages', () => {
  const images = Uint8Array.from({ length: 5 * 6 }, (_, index) => index * 8);

  it('takes images in the order of the indices, again and again', () => {
    const out = gatherImages(images, [1, 2, 3], Uint32Array.of(4, 0, 4));
    expect(out.shape).toEqual([3, 1, 2, 3]);
    expectSame(
      out.data,
      [...images.subarray(24), ...images.subarray(0, 6), ...images.subarray(24)],
      'images',
    );
  });

  it('scales and shifts', () => {
    const out = gatherImages(images, [6], Uint32Array.of(2), { scale: 0.5, shift: -3 });
    expectSame(
      out.data,
      Array.from(images.subarray(12, 18), (value) => value / 2 - 3),
      'normalised',
    );
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const scale = Math.fround(1 / 255);
    const normalised = gatherImages(all, [256], Uint32Array.of(0), { scale, shift: -0.5 });
    expectClose(
      normalised.data,
      Array.from(all, (value) => value / 255 - 0.5),
      1e-7,
      'all grey levels',
    );
  });

  it.each([
    ['bytes', images],
    ['floats', Float32Array.from(images, (value) => value + 0.25)],
  ] as const)('scales and shifts %s, each channel by its own', (_, all) => {
    const indices = Uint32Array.of(4, 1);
    const [scale, shift] = [
      [0.5, 2, -1],
      [1, 0, 3],
    ];
    for (const shape of [
      [3, 2, 1],
      [3, 2],
    ]) {
      const wanted = [...indices].flatMap((image) =>
        Array.from(all.subarray(6 * image, 6 * image + 6), (x, i) => x * scale[i >> 1] + shift[i >> 1]),
      );
      expectSame(gatherImages(all, shape, indices, { scale, shift }).data, wanted, 'each');
      const scaled = Array.from(all.subarray(6, 12), (x, i) => x * scale[i >> 1] + 1);
      expectSame(
        gatherImages(all, shape, Uint32Array.of(1), { scale, shift: 1 }).data,
        scaled,
        'scale alone',
      );
    }
    // Of rows, each feature is a channel.
    const rows = gatherImages(all.subarray(0, 6), [3], Uint32Array.of(1), { scale, shift });
    expectSame(
      rows.data,
      Array.from(all.subarray(3, 6), (x, i) => x * scale[i] + shift[i]),
      'features',
    );
    expectSame(gatherImages(all, [6], Uint32Array.of(2)).data, [...all.subarray(12, 18)], 'as they are');
  });

  it('writes to out; of no indices is empty', () => {
    const out = integerTensor([2, 6], 5);
    expect(gatherImages(images, [6], Uint32Array.of(1, 3), { out })).toBe(out);
    expectSame(out.data, [...images.subarray(6, 12), ...images.subarray(18, 24)], 'out');
    expect(gatherImages(images, [6], new Uint32Array(0)).shape).toEqual([0, 6]);
  });
});
