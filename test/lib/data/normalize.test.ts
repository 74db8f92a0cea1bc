import { describe, expect, it } from 'vitest';
import {
  imagesToTensor,
  measureNormalization,
  pixelStatistics,
  standardization,
} from '../../../lib/data/normalize.js';
import { ArgumentRangeError, ArgumentTypeError } from '../../../lib/errors.js';

describe('pixelStatistics', () => {
  it('gives mean and deviation where white is 1', () => {
    expect(pixelStatistics(Uint8Array.of(0, 255))).toEqual({ mean: 0.5, deviation: 0.5 });
    expect(pixelStatistics(Uint8Array.of(51, 51, 51))).toEqual({ mean: 0.2, deviation: 0 });
    const { mean, deviation } = pixelStatistics(Uint8Array.of(1, 2, 3, 4));
    expect(mean).toBeCloseTo(2.5 / 255, 15);
    expect(deviation).toBeCloseTo(Math.sqrt(1.25) / 255, 15);
  });

  it('is exact over many pixels, where sums of squares leave 32 bits and their products 53', () => {
    const images = new Uint8Array(5_000_000).fill(255);
    expect(pixelStatistics(images)).toEqual({ mean: 1, deviation: 0 });
    images[4_999_999] = 0;
    const share = 1 / images.length;
    const { mean, deviation } = pixelStatistics(images);
    expect(mean).toBe(1 - share);
    expect(deviation).toBeCloseTo(Math.sqrt(share * (1 - share)), 15);
  });

  it('gives zeros for nothing', () => {
    expect(pixelStatistics(new Uint8Array(0))).toEqual({ mean: 0, deviation: 0 });
  });
});

it.each([undefined, 5, [1, 2], Float64Array.of(1), new Uint8ClampedArray(4)])(
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

describe('measureNormalization', () => {
  it('takes images to mean 0 and deviation 1, by four digits of each', () => {
    const images = Uint8Array.from({ length: 1000 }, (_, i) => (i * i) % 251);
    const { mean, deviation } = pixelStatistics(images);
    const { scale, shift } = measureNormalization(images);
    expect(scale).toBe(1 / (255 * Number(deviation.toPrecision(4))));
    expect(shift).toBe(-Number(mean.toPrecision(4)) / Number(deviation.toPrecision(4)));
    expect(mean * 255 * scale + shift).toBeCloseTo(0, 3);
  });

  it('takes one grey to 0, and nothing to nothing', () => {
    const { scale, shift } = measureNormalization(new Uint8Array(9).fill(51));
    expect(51 * scale + shift).toBeCloseTo(0, 15);
    expect(measureNormalization(new Uint8Array(0)).scale).toBeGreaterThan(0);
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

  it.each([5, 'measured', undefined, [0.5, -1], { mean: 0, deviation: 1 }])(
    'refuses %j for a normalization',
    (wrong) => {
      const expected =
        /^imagesToTensor: normalization: expected .*(trainer.normalization|scale or shift) but/;
      expect(() => imagesToTensor(images, [1, 2, 3], wrong as unknown as typeof normalization)).toThrow(
        expected,
      );
    },
  );

  it.each([{}, { scale: 1, shift: Number.NaN }, { scale: '1', shift: 0 }])(
    'refuses to normalise by %j',
    (wrong) => {
      expect(() => imagesToTensor(images, [1, 2, 3], wrong as typeof normalization)).toThrow(
        /imagesToTensor: (normalization: expected an options object such as|expected a finite scale and shift but).*trainer\.normalization/,
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
