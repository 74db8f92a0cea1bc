/** Bytes to floats: `x * scale + shift` for a pixel `x` from 0 to 255. */
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { checkOptions } from '../options.js';
import { formatShape, sizeOf, Tensor, typedArrayName, typeName, valueText } from '../tensor.js';

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

/** The sum of this many squares of bytes fits 32 bits. */
const CHUNK = 2 ** 15;

/**
 * Over all pixels; exact up to the last rounding, since sums of bytes are integers. Zeros for no pixels.
 * @throws {ArgumentTypeError} for anything but bytes
 */
export function pixelStatistics(images: Uint8Array): PixelStatistics {
  checkBytes('pixelStatistics', images);
  const count = images.length;
  if (count === 0) return { mean: 0, deviation: 0 };
  let sum = 0;
  let squares = 0;
  for (let first = 0; first < count; first += CHUNK) {
    const end = Math.min(first + CHUNK, count);
    let [chunkSum, chunkSquares] = [0, 0];
    for (let i = first; i < end; i += 1) {
      const pixel = images[i];
      chunkSum += pixel;
      chunkSquares += pixel * pixel;
    }
    sum += chunkSum;
    squares += chunkSquares;
  }
  // The two products may be larger than 2^53, and much larger than their difference.
  const variance = Number(BigInt(count) * BigInt(squares) - BigInt(sum) ** 2n) / count ** 2;
  return { mean: sum / count / 255, deviation: Math.sqrt(variance) / 255 };
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
 * The normalization by which these images have mean 0 and deviation 1, both measured and rounded to four digits: more
 * would say nothing about other images. Images of one grey become 0.
 * @throws {ArgumentTypeError} for anything but bytes
 */
export function measureNormalization(images: Uint8Array): Normalization {
  const { mean, deviation } = pixelStatistics(images);
  const rounded = (value: number) => Number(value.toPrecision(4));
  // One grey has no deviation to divide by.
  if (deviation === 0) return { scale: 1 / 255, shift: -mean };
  return standardization({ mean: rounded(mean), deviation: rounded(deviation) });
}

/**
 * What `measureNormalization` gives for the 60,000 training images of MNIST, padded to 32x32: their mean is 0.1000369,
 * their deviation 0.2752173. For parameters of the recipe `fast` that come without their normalization.
 */
export const mnistNormalization: Normalization = standardization({ mean: 0.1, deviation: 0.2752 });

/**
 * Normalized images as a tensor `[N, C, H, W]`. For a look at single images and for predictions; training gathers
 * batches natively.
 * @param images whole images of shape `[C, H, W]`, one after another
 * @param indices which ones, in this order; all of them if left out
 * @throws {ArgumentTypeError} for anything but bytes
 * @throws {ShapeError} for a shape that has not three axes, or no pixels
 * @throws ArgumentRangeError if the bytes are no whole images, an index is outside, or a value is not finite
 */
export function imagesToTensor(
  images: Uint8Array,
  shape: readonly [number, number, number],
  normalization: Normalization,
  indices?: ArrayLike<number>,
): Tensor {
  const names = { scale: true, shift: true } as const;
  checkOptions('imagesToTensor: normalization', normalization, names, 'trainer.normalization');
  const { scale, shift } = normalization;
  checkBytes('imagesToTensor', images);
  if (!Number.isFinite(scale) || !Number.isFinite(shift)) {
    throw new ArgumentRangeError(
      `imagesToTensor: expected a finite scale and shift but received ${valueText(scale)} and ${valueText(shift)}. ` +
        'Hint: that of the training, trainer.normalization',
    );
  }
  const pixels = sizeOf(shape);
  if (shape.length !== 3 || pixels === 0) {
    throw new ShapeError(
      `imagesToTensor: expected a shape [C, H, W] with pixels but received ${formatShape(shape)}`,
    );
  }
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
  const result = new Tensor([chosen, ...shape]);
  for (let i = 0; i < chosen; i += 1) {
    const index = indices === undefined ? i : indices[i];
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new ArgumentRangeError(
        `imagesToTensor: expected an index from 0 to ${count - 1} but received ${valueText(index)}`,
      );
    }
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      result.data[i * pixels + pixel] = images[index * pixels + pixel] * scale + shift;
    }
  }
  return result;
}

function checkBytes(where: string, images: unknown): void {
  if (typedArrayName(images) === 'Uint8Array') return;
  throw new ArgumentTypeError(
    `${where}: expected images to be a Uint8Array but received ${typeName(images)}`,
  );
}
