import { describe, expect, it } from 'vitest';
import { imagesToTensor, pixelStatistics, standardization } from '../../../lib/data/normalize.js';
import { ArgumentRangeError, ArgumentTypeError } from '../../../lib/errors.js';

describe('pixelStatistics', () => {
  it('gives mean and deviation where white is 1', () => {
    expect(pixelStatistics(Uint8Array.of(0, 255))).toEqual({ mean: 0.5, deviation: 0.5 });
    expect(pixelStatistics(Uint8Array.of(51, 51, 51))).toEqual({ mean: 0.2, deviation: 0 });
    const { mean, deviation } = pixelStatistics(Uint8Array.of(1, 2, 3, 4));
    expect(mean).toBeCloseTo(2.5 / 255, 15);
    expect(deviation).toBeCloseTo(Math.sqrt(1.25) / 255, 15);
  });

  it('gives zeros for nothing', () => {
    expect(pixelStatistics(new Uint8Array(0))).toEqual({ mean: 0, deviation: 0 });
  });
});

it.each([undefined, 5, [1, 2], Float32Array.of(1), new Uint8ClampedArray(4)])(
  'bytes are not %s',
  (images) => {
    const bytes = images as unknown as Uint8Array;
    for (const call of [
      () => pixelStatistics(bytes),
      () => imagesToTensor(bytes, [1, 2, 2], { scale: 1, shift: 0 }),
    ]) {
      expect(call).toThrow(ArgumentTypeError);
      expect(call).toThrow(/expected images to be a Uint8Array but received/);
    }
  },
);

describe('standardization', () => {
  it('takes the mean to 0 and one deviation above it to 1', () => {
    const { scale, shift } = standardization({ mean: 0.2, deviation: 0.4 });
    expect(51 * scale + shift).toBeCloseTo(0, 15);
    expect(153 * scale + shift).toBeCloseTo(1, 15);
  });

  it.each([
    [0.5, 0],
    [0.5, -1],
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
  ])('refuses mean %s and deviation %s', (mean, deviation) => {
    expect(() => standardization({ mean, deviation })).toThrow(ArgumentRangeError);
    expect(() => standardization({ mean, deviation })).toThrow(
      `standardization: expected a mean and a deviation above 0 but received ${mean} and ${deviation}`,
    );
  });
});

describe('imagesToTensor', () => {
  const images = Uint8Array.from({ length: 12 }, (_, i) => i);
  const normalization = { scale: 0.5, shift: -1 };

  it('takes all images, or the chosen ones in their order', () => {
    const all = imagesToTensor(images, [1, 2, 3], normalization);
    expect(all.shape).toEqual([2, 1, 2, 3]);
    expect([...all.data]).toEqual([-1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]);
    const chosen = imagesToTensor(images, [1, 2, 2], normalization, Uint32Array.of(2, 0, 2));
    expect(chosen.shape).toEqual([3, 1, 2, 2]);
    expect([...chosen.data]).toEqual([3, 3.5, 4, 4.5, -1, -0.5, 0, 0.5, 3, 3.5, 4, 4.5]);
    expect(imagesToTensor(images, [1, 2, 3], normalization, []).shape).toEqual([0, 1, 2, 3]);
  });

  it.each([5, {}, { scale: 1, shift: Number.NaN }, { scale: '1', shift: 0 }])(
    'refuses to normalise by %j',
    (wrong) => {
      expect(() => imagesToTensor(images, [1, 2, 3], wrong as typeof normalization)).toThrow(
        /imagesToTensor: expected a finite scale and shift but received .* Hint: a recipe's normalization/,
      );
    },
  );

  it('refuses bytes that are no whole images, and indices outside', () => {
    expect(() => imagesToTensor(images, [1, 5, 1], normalization)).toThrow(
      'imagesToTensor: expected images of 1x5x1 but received 12 bytes',
    );
    for (const index of [-1, 2, 0.5, Number.NaN]) {
      expect(() => imagesToTensor(images, [1, 2, 3], normalization, [index])).toThrow(
        `imagesToTensor: expected an index from 0 to 1 but received ${index}`,
      );
    }
  });
});
