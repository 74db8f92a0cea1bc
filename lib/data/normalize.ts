/** How numbers reach a net: `x * scale + shift` for a pixel `x` from 0 to 255, or a feature. */
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { checkOptions } from '../options.js';
import { formatShape, sizeOf, Tensor, typedArrayName, typeName, valueText } from '../tensor.js';
import { byteStatistics, channelStatistics, type Statistics } from './channel-statistics.js';

/**
 * Applied to every pixel as `x * scale + shift`: a number for all, or one for each channel of images `[C, H, W]`, for each
 * feature of rows `[features]`.
 */
export interface Normalization {
  readonly scale: number | readonly number[];
  readonly shift: number | readonly number[];
}

/** A normalization of one number for all. */
export interface UniformNormalization {
  readonly scale: number;
  readonly shift: number;
}

/** Mean and standard deviation of pixels, in units where white is 1. */
export interface PixelStatistics {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Over all pixels; exact up to the last rounding, since sums of bytes are integers. Zeros for no pixels.
 * @throws {ArgumentTypeError} for anything but bytes
 */
export function pixelStatistics(images: Uint8Array): PixelStatistics {
  checkBytes('pixelStatistics', images);
  return inWhites(byteStatistics(images, { first: 0, length: images.length, stride: 0, count: 1 }));
}

function inWhites({ mean, deviation }: Statistics): PixelStatistics {
  return { mean: mean / 255, deviation: deviation / 255 };
}

/**
 * The normalization `(x / 255 - mean) / deviation`.
 * @throws ArgumentRangeError if the deviation is not above 0 or a value is not finite
 */
export function standardization(statistics: PixelStatistics): UniformNormalization {
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
 * The normalization by which these images, of one channel, have mean 0 and deviation 1; both rounded to four digits.
 * @throws {ArgumentTypeError} for anything but bytes and floats
 */
export function measureNormalization(images: Uint8Array): UniformNormalization;
/**
 * The normalization by which these images have mean 0 and deviation 1, each channel and each feature by itself. Of bytes
 * both are rounded to four digits: more would say nothing about other images. What is the same everywhere becomes 0.
 * @param shape of one image, `[C, H, W]`, or one row, `[features]`. Default: one channel
 * @throws {ArgumentTypeError} for anything but bytes and floats
 * @throws {ArgumentRangeError} for numbers that are no whole images, or not finite
 */
export function measureNormalization(
  images: Uint8Array | Float32Array,
  shape?: readonly number[],
): Normalization;
export function measureNormalization(
  images: Uint8Array | Float32Array,
  shape: readonly number[] = [1, images?.length ?? 0],
): Normalization {
  if (typedArrayName(images) !== 'Float32Array') checkBytes('measureNormalization', images);
  checkShape('measureNormalization', shape, images.length);
  if (images.length === 0) return { scale: 1 / 255, shift: 0 };
  const measure = images instanceof Float32Array ? standardizationOfFloats : standardizationOfBytes;
  const each = channelStatistics(images, shape).map(measure);
  if (each.length === 1) return each[0];
  return { scale: each.map(({ scale }) => scale), shift: each.map(({ shift }) => shift) };
}

function standardizationOfBytes(statistics: Statistics): UniformNormalization {
  const { mean, deviation } = inWhites(statistics);
  const rounded = (value: number) => Number(value.toPrecision(4));
  // One grey has no deviation to divide by.
  if (deviation === 0) return { scale: 1 / 255, shift: -mean };
  return standardization({ mean: rounded(mean), deviation: rounded(deviation) });
}

function standardizationOfFloats({ mean, deviation }: Statistics): UniformNormalization {
  if (deviation === 0) return { scale: 1, shift: -mean };
  return { scale: 1 / deviation, shift: -mean / deviation };
}

/**
 * What `measureNormalization` gives for the 60,000 training images of MNIST, padded to 32x32: their mean is 0.1000369,
 * their deviation 0.2752173. For parameters of the recipe `fast` that come without their normalization.
 */
export const mnistNormalization: UniformNormalization = standardization({ mean: 0.1, deviation: 0.2752 });

/**
 * Normalized images as a tensor `[N, C, H, W]`, rows of features as `[N, features]`. For a look at single ones and for
 * predictions; training gathers batches natively.
 * @param images whole images of shape `[C, H, W]`, or rows `[features]`, one after another
 * @param indices which ones, in this order; all of them if left out
 * @throws {ArgumentTypeError} for anything but bytes and floats
 * @throws {ShapeError} for a shape that has neither three axes nor one, or no pixels
 * @throws ArgumentRangeError if the numbers are no whole images, an index is outside, or a value is not finite
 */
export function imagesToTensor(
  images: Uint8Array | Float32Array,
  shape: readonly number[],
  normalization: Normalization,
  indices?: ArrayLike<number>,
): Tensor {
  const names = { scale: true, shift: true } as const;
  checkOptions('imagesToTensor: normalization', normalization, names, 'trainer.normalization');
  if (typedArrayName(images) !== 'Float32Array') checkBytes('imagesToTensor', images);
  const pixels = sizeOf(shape);
  if ((shape.length !== 3 && shape.length !== 1) || pixels === 0) {
    throw new ShapeError(
      `imagesToTensor: expected a shape [C, H, W] with pixels but received ${formatShape(shape)}`,
    );
  }
  const { scale, shift } = perChannel(normalization, shape[0]);
  if (indices !== undefined && typeof indices?.length !== 'number') {
    throw new ArgumentTypeError(
      `imagesToTensor: expected indices to be an array of integers but received ${typeName(indices)}`,
    );
  }
  const count = images.length / pixels;
  if (!Number.isInteger(count)) {
    throw new ArgumentRangeError(
      `imagesToTensor: expected images of ${shape.join('x')} but received ${images.length} bytes`,
    );
  }
  const chosen = indices?.length ?? count;
  const area = pixels / shape[0];
  const result = new Tensor([chosen, ...shape]);
  for (let i = 0; i < chosen; i += 1) {
    const index = indices === undefined ? i : indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new ArgumentRangeError(
        `imagesToTensor: expected an index from 0 to ${count - 1} but received ${valueText(index)}`,
      );
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const channel = Math.floor(pixel / area);
      result.data[i * pixels + pixel] = images[index * pixels + pixel] * scale[channel] + shift[channel];
    }
  }
  return result;
}

/** A scale and a shift for each channel. */
function perChannel({ scale, shift }: Normalization, channels: number): Record<'scale' | 'shift', number[]> {
  const list = (value: number | readonly number[]) =>
    Array.isArray(value) ? [...value] : new Array<number>(channels).fill(value as number);
  const lists = { scale: list(scale), shift: list(shift) };
  for (const value of Object.values(lists)) {
    if (value.length === channels && value.every(Number.isFinite)) continue;
    const text = (given: unknown) =>
      Array.isArray(given) ? `[${given.map(valueText).join(', ')}]` : valueText(given);
    throw new ArgumentRangeError(
      `imagesToTensor: expected a finite scale and shift${channels > 1 ? `, or ${channels} of them,` : ''} ` +
        `but received ${text(scale)} and ${text(shift)}. Hint: that of the training, trainer.normalization`,
    );
  }
  return lists;
}

function checkShape(where: string, shape: readonly number[], length: number): void {
  const size = Array.isArray(shape) ? sizeOf(shape) : Number.NaN;
  if (size === 0 && length === 0) return;
  if (Number.isInteger(length / size)) return;
  throw new ArgumentRangeError(
    `${where}: expected images of ${Array.isArray(shape) ? formatShape(shape) : typeName(shape)} ` +
      `but received ${length} numbers`,
  );
}

function checkBytes(where: string, images: unknown): void {
  if (typedArrayName(images) === 'Uint8Array') return;
  throw new ArgumentTypeError(
    `${where}: expected images to be a Uint8Array but received ${typeName(images)}`,
  );
}
