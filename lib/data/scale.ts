/**
 * Grey images scaled to any size: averages over areas where an axis shrinks, so that no thin line falls between two
 * pixels, and linear interpolation where it grows.
 */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** Where the pixels of a target line come from: `weights[i * reach + k]` belongs to source pixel `first[i] + k`. */
interface Taps {
  readonly first: Int32Array;
  readonly reach: number;
  readonly weights: Float64Array;
}

/**
 * Target pixel i is the mean over the source from (i + 0.5) * ratio - span / 2 to + span / 2, ratio = from / to. The span
 * is the ratio where the axis shrinks; where it grows it is one pixel, and the mean over a pixel that slides along is
 * what lies on the line between two. What is outside of the image does not count.
 */
function tapsFor(from: number, to: number): Taps {
  const ratio = from / to;
  const span = Math.max(1, ratio);
  const reach = Math.ceil(span) + 1;
  const taps = { first: new Int32Array(to), reach, weights: new Float64Array(to * reach) };
  for (let i = 0; i < to; i += 1) {
    const begin = Math.max(0, (i + 0.5) * ratio - span / 2);
    const end = Math.min(from, (i + 0.5) * ratio + span / 2);
    // So that all taps lie in the image, those of weight 0 too.
    const first = Math.max(0, Math.min(Math.floor(begin), from - reach));
    taps.first[i] = first;
    for (let k = 0; k < reach && first + k < from; k += 1) {
      const share = Math.min(end, first + k + 1) - Math.max(begin, first + k);
      taps.weights[i * reach + k] = Math.max(0, share) / (end - begin);
    }
  }
  return taps;
}

/** A function that scales one image of `source`, at `offset`, into the first bytes of `target`. */
export function createScaler(
  from: ImageSize,
  to: ImageSize,
): (source: Uint8Array, offset: number, target: Uint8Array) => void {
  const across = tapsFor(from.width, to.width);
  const down = tapsFor(from.height, to.height);
  const rows = new Float64Array(from.height * to.width);
  const acrossReach = Math.min(across.reach, from.width);
  const downReach = Math.min(down.reach, from.height);
  return (source, offset, target) => {
    for (let y = 0; y < from.height; y += 1) {
      for (let x = 0; x < to.width; x += 1) {
        const read = offset + y * from.width + across.first[x];
        let sum = 0;
        for (let k = 0; k < acrossReach; k += 1)
          sum += across.weights[x * across.reach + k] * source[read + k];
        rows[y * to.width + x] = sum;
      }
    }
    for (let y = 0; y < to.height; y += 1) {
      for (let x = 0; x < to.width; x += 1) {
        const read = down.first[y] * to.width + x;
        let sum = 0;
        for (let k = 0; k < downReach; k += 1)
          sum += down.weights[y * down.reach + k] * rows[read + k * to.width];
        target[y * to.width + x] = Math.round(sum);
      }
    }
  };
}

/** The largest size of the same proportions that fits into `box`, at least a pixel each way. */
export function fittedSize(from: ImageSize, box: ImageSize): ImageSize {
  const factor = Math.min(box.height / from.height, box.width / from.width);
  const scaled = (length: number, most: number) => Math.min(most, Math.max(1, Math.round(length * factor)));
  return { height: scaled(from.height, box.height), width: scaled(from.width, box.width) };
}
