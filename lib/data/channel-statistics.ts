/** Mean and standard deviation of images and tables, over all of it or channel by channel. */
import { ArgumentRangeError } from '../errors.js';
import { sizeOf } from '../tensor.js';

/** In the units of the numbers. */
export interface Statistics {
  readonly mean: number;
  readonly deviation: number;
}

/** The sum of this many squares of bytes fits 32 bits. */
const CHUNK = 2 ** 15;

/** Numbers in `count` stretches, each `length` long and `stride` behind the one before. */
interface Stretches {
  readonly first: number;
  readonly length: number;
  readonly stride: number;
  readonly count: number;
}

/** Of each channel of bytes or floats: of images `[C, H, W]` C, of rows `[features]` as many as there are. */
export function channelStatistics(
  images: Uint8Array | Float32Array,
  shape: readonly number[],
): readonly Statistics[] {
  const stride = sizeOf(shape);
  const [channels] = shape;
  const length = stride / channels;
  const count = images.length / stride;
  return Array.from({ length: channels }, (_, channel) => {
    const stretches = { first: channel * length, length, stride, count };
    return images instanceof Uint8Array
      ? byteStatistics(images, stretches)
      : floatStatistics(images, stretches);
  });
}

/** Exact up to the last rounding, since sums of bytes are integers. Zeros for no bytes. */
export function byteStatistics(images: Uint8Array, { first, length, stride, count }: Stretches): Statistics {
  const total = count * length;
  if (total === 0) return { mean: 0, deviation: 0 };
  let sum = 0;
  let squares = 0;
  for (let stretch = 0; stretch < count; stretch += 1) {
    const begin = first + stretch * stride;
    for (let at = begin; at < begin + length; at += CHUNK) {
      const end = Math.min(at + CHUNK, begin + length);
      let [chunkSum, chunkSquares] = [0, 0];
      for (let i = at; i < end; i += 1) {
        const pixel = images[i];
        chunkSum += pixel;
        chunkSquares += pixel * pixel;
      }
      sum += chunkSum;
      squares += chunkSquares;
    }
  }
  // The two products may be larger than 2^53, and much larger than their difference.
  const variance = Number(BigInt(total) * BigInt(squares) - BigInt(sum) ** 2n) / total ** 2;
  return { mean: sum / total, deviation: Math.sqrt(variance) };
}

/** In two passes, so that a mean far from 0 costs no digits. */
function floatStatistics(images: Float32Array, { first, length, stride, count }: Stretches): Statistics {
  const total = count * length;
  if (total === 0) return { mean: 0, deviation: 0 };
  const sumOf = (term: (x: number) => number) => {
    let sum = 0;
    for (let stretch = 0; stretch < count; stretch += 1) {
      const begin = first + stretch * stride;
      for (let i = begin; i < begin + length; i += 1) sum += term(images[i]);
    }
    return sum;
  };
  const mean = sumOf((x) => x) / total;
  if (!Number.isFinite(mean)) {
    throw new ArgumentRangeError(
      `measureNormalization: expected finite numbers but those of channel ${first / length} have the mean ${mean}. ` +
        'Hint: fill in or leave out what is missing',
    );
  }
  return { mean, deviation: Math.sqrt(sumOf((x) => (x - mean) ** 2) / total) };
}
