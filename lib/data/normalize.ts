/** Bytes to floats: `x * scale + shift` for a pixel `x` from 0 to 255. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkOptions } from '../options.js';
import { Tensor, typeName, valueText } from '../tensor.js';

/** Applied to every pixel as `x * scale + shift`. */
export interface Normalization {
  readonly scale: number;
  readonly shift: number;
}

/** Mean and standard deviation of pixels, in units where white is 1. */
export interface PixelStatistics {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Over all pixels; exact up to the last rounding, since bytes are counted first. Zeros for no pixels.
 * @throws {ArgumentTypeError} for anything but bytes
 */
export function pixelStatistics(images: Uint8Array): PixelStatistics {
  checkBytes('pixelStatistics', images);
  const counts = new Float64Array(256);
  for (let i = 0; i < images.length; i += 1) counts[images[i]] += 1;
  let sum = 0;
  for (let level = 0; level < 256; level += 1) sum += counts[level] * level;
  const mean = images.length === 0 ? 0 : sum / images.length;
  let squares = 0;
  for (let level = 0; level < 256; level += 1) squares += counts[level] * (level - mean) ** 2;
  const variance = images.length === 0 ? 0 : squares / images.length;
  return { mean: mean / 255, deviation: Math.sqrt(variance) / 255 };
}

/**
 * The normalization `(x / 255 - mean) / deviation`.
 * @throws ArgumentRangeError if the deviation is not above 0 or a value is not finite
 */
export function standardization(statistics: PixelStatistics): Normalization {
  checkOptions('standardization', statistics, { mean: true, deviation: true }, 'pixelStatistics(images)');
  const { mean, deviation } = statistics;
  if (!Number.isFinite(mean) || !Number.isFinite(deviation) || deviation <= 0) {
    throw new ArgumentRangeError(
      `standardization: expected a mean and a deviation above 0 but received ${valueText(mean)} and ${valueText(deviation)}`,
    );
  }
  return { scale: 1 / (255 * deviation), shift: -mean / deviation };
}

/**
 * Normalized images as a tensor `[N, C, H, W]`. For a look at single images and for predictions; training gathers
 * batches natively.
 * @param images whole images of shape `[C, H, W]`, one after another
 * @param indices which ones, in this order; all of them if left out
 * @throws {ArgumentTypeError} for anything but bytes
 * @throws ArgumentRangeError if the bytes are no whole images, an index is outside, or a value is not finite
 */
export function imagesToTensor(
  images: Uint8Array,
  shape: readonly [number, number, number],
  normalization: Normalization,
  indices?: ArrayLike<number>,
): Tensor {
  const names = { scale: true, shift: true } as const;
  checkOptions('imagesToTensor: normalization', normalization, names, 'recipes.fast.normalization');
  const { scale, shift } = normalization;
  checkBytes('imagesToTensor', images);
  if (!Number.isFinite(scale) || !Number.isFinite(shift)) {
    throw new ArgumentRangeError(
      `imagesToTensor: expected a finite scale and shift but received ${valueText(scale)} and ${valueText(shift)}. ` +
        "Hint: a recipe's normalization, such as recipes.fast.normalization",
    );
  }
  const pixels = shape[0] * shape[1] * shape[2];
  const count = images.length / pixels;
  if (!Number.isInteger(count)) {
    throw new ArgumentRangeError(
      `imagesToTensor: expected images of ${shape.join('x')} but received ${images.length} bytes`,
    );
  }
  const chosen = indices?.length ?? count;
  const result = new Tensor([chosen, ...shape]);
  for (let i = 0; i < chosen; i += 1) {
    const index = indices === undefined ? i : indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new ArgumentRangeError(
        `imagesToTensor: expected an index from 0 to ${count - 1} but received ${index}`,
      );
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      result.data[i * pixels + pixel] = images[index * pixels + pixel] * scale + shift;
    }
  }
  return result;
}

function checkBytes(where: string, images: unknown): void {
  if (images instanceof Uint8Array) return;
  throw new ArgumentTypeError(
    `${where}: expected images to be a Uint8Array but received ${typeName(images)}`,
  );
}
