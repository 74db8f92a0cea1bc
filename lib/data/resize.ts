/**
 * Grey images of unsigned bytes, resized without leaving bytes.
 *
 * `pad` puts the image in the middle. `fit` scales it first, keeping its proportions, so that it just fits in. Around it
 * both put its background: the median of its own border, which is 0 for white on black, and no frame around a dark
 * drawing on paper. `stretch` scales height and width each on its own. How scaling averages and interpolates, scale.ts
 * says.
 *
 * `bilinear` follows OpenCV's INTER_LINEAR on 8-bit images: the centre of target
 * pixel x lies at (x + 0.5) * from / to - 0.5 in the source, points outside take the edge pixel, coefficients have
 * 11 fraction bits, and bits are cut where its portable code cuts them, so that each pixel is equal to OpenCV's and
 * within one grey level of the exact value. Shrinking takes the two nearest pixels too, without averaging over the
 * others, as INTER_LINEAR does.
 */
import { ArgumentRangeError } from '../errors.js';
import { createScaler, fittedSize, type ImageSize } from './scale.js';

/**
 * How images get their size. `fit`: scaled with their proportions kept, the rest is their background; `stretch`: scaled
 * to fill the size; `pad`: not scaled, in the middle of their background; `bilinear`: stretched as OpenCV's INTER_LINEAR
 * does, which leaves out pixels where it shrinks; `none`: left as they are.
 */
export type ResizeMethod = 'fit' | 'stretch' | 'pad' | 'bilinear' | 'none';

export const resizeMethods: readonly ResizeMethod[] = ['fit', 'stretch', 'pad', 'bilinear', 'none'];

/** Resizes whole images, one after another in `source`, into `target`, which must not overlap it. */
export type Resizer = (source: Uint8Array, target: Uint8Array) => void;

const COEFFICIENT_ONE = 2 ** 11;

function sizeText(size: ImageSize): string {
  return `${size.height}x${size.width}`;
}

/**
 * A resizer for images of one size; for `none`, `to` must equal `from`.
 * @throws ArgumentRangeError if a size is not an integer from 1 to 65535, or if the image does not fit into `to` by
 * `pad` or `none`
 */
export function createResizer(method: ResizeMethod, from: ImageSize, to: ImageSize): Resizer {
  for (const value of [from.height, from.width, to.height, to.width]) {
    if (!Number.isInteger(value) || value < 1 || value > 65535) {
      throw new ArgumentRangeError(`resize: expected sizes from 1 to 65535 but received ${String(value)}`);
    }
  }
  const same = from.height === to.height && from.width === to.width;
  if (method === 'none' && !same) {
    throw new ArgumentRangeError(`resize: none: expected ${sizeText(from)} but received ${sizeText(to)}`);
  }
  if (method === 'pad' && (from.height > to.height || from.width > to.width)) {
    throw new ArgumentRangeError(
      `resize: pad: expected a size of at least ${sizeText(from)} but received ${sizeText(to)}. ` +
        "Hint: use 'fit'",
    );
  }
  const resizeOne = same ? copier(from) : resizers[method](from, to);
  const sourceBytes = from.height * from.width;
  const targetBytes = to.height * to.width;
  return (source, target) => {
    const count = source.length / sourceBytes;
    if (!Number.isInteger(count) || target.length !== count * targetBytes) {
      throw new ArgumentRangeError(
        `resize: expected images of ${sizeText(from)} and room for as many of ${sizeText(to)} but received ` +
          `${source.length} bytes and room for ${target.length}`,
      );
    }
    for (let image = 0; image < count; image += 1) {
      resizeOne(source, image * sourceBytes, target, image * targetBytes);
    }
  };
}

type ResizeOne = (source: Uint8Array, offset: number, target: Uint8Array, targetOffset: number) => void;

function copier(size: ImageSize): ResizeOne {
  const bytes = size.height * size.width;
  return (source, offset, target, targetOffset) => {
    for (let i = 0; i < bytes; i += 1) target[targetOffset + i] = source[offset + i];
  };
}

function padder(from: ImageSize, to: ImageSize): ResizeOne {
  return (source, offset, target, targetOffset) => {
    const background = backgroundOf(source, offset, from);
    place(source, offset, from, background, target, targetOffset, to);
  };
}

/** The image in the middle; where the difference is odd, the bottom and the right get one pixel more. */
function place(
  source: Uint8Array,
  offset: number,
  from: ImageSize,
  background: number,
  target: Uint8Array,
  targetOffset: number,
  to: ImageSize,
): void {
  const top = Math.floor((to.height - from.height) / 2);
  const left = Math.floor((to.width - from.width) / 2);
  target.fill(background, targetOffset, targetOffset + to.height * to.width);
  for (let y = 0; y < from.height; y += 1) {
    const read = offset + y * from.width;
    const write = targetOffset + (top + y) * to.width + left;
    for (let x = 0; x < from.width; x += 1) target[write + x] = source[read + x];
  }
}

/** The median grey level of an image's outermost pixels, the lower one of two. */
export function backgroundOf(source: Uint8Array, offset: number, { height, width }: ImageSize): number {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let y = 0; y < height; y += 1) {
    const inner = y > 0 && y < height - 1;
    // Of an inner row the first and the last pixel.
    const step = inner ? Math.max(1, width - 1) : 1;
    for (let x = 0; x < width; x += step) {
      counts[source[offset + y * width + x]] += 1;
      total += 1;
    }
  }
  let level = 0;
  for (let seen = counts[0]; 2 * seen < total; seen += counts[level]) level += 1;
  return level;
}

function fitter(from: ImageSize, to: ImageSize): ResizeOne {
  const fitted = fittedSize(from, to);
  const scale = createScaler(from, fitted);
  const scaled = new Uint8Array(fitted.height * fitted.width);
  return (source, offset, target, targetOffset) => {
    scale(source, offset, scaled);
    place(scaled, 0, fitted, backgroundOf(source, offset, from), target, targetOffset, to);
  };
}

function stretcher(from: ImageSize, to: ImageSize): ResizeOne {
  const scale = createScaler(from, to);
  const bytes = to.height * to.width;
  return (source, offset, target, targetOffset) =>
    scale(source, offset, target.subarray(targetOffset, targetOffset + bytes));
}

const resizers: Readonly<Record<ResizeMethod, (from: ImageSize, to: ImageSize) => ResizeOne>> = {
  fit: fitter,
  stretch: stretcher,
  pad: padder,
  bilinear: interpolator,
  none: copier,
};

/** For each target index along one axis: the two source indices and the weight of each. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly lowWeight: Int32Array;
  readonly highWeight: Int32Array;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * At an edge both taps are the edge pixel. Any weights that add up to one give the same value then, but for what is cut
 * afterwards: OpenCV has (1, 0) across, and down the weights of the centre (`keepEdgeWeights`).
 */
function tapsFor(from: number, to: number, keepEdgeWeights: boolean): Taps {
  const taps: Taps = {
    low: new Int32Array(to),
    high: new Int32Array(to),
    lowWeight: new Int32Array(to),
    highWeight: new Int32Array(to),
  };
  for (let i = 0; i < to; i += 1) {
    // Single precision, as in OpenCV: it decides some roundings.
    const centre = Math.fround((i + 0.5) * (1 / (to / from)) - 0.5);
    const low = Math.floor(centre);
    const inside = low >= 0 && low < from - 1;
    const fraction = inside || keepEdgeWeights ? Math.fround(centre - low) : 0;
    taps.low[i] = Math.min(Math.max(low, 0), from - 1);
    taps.high[i] = Math.min(Math.max(low + 1, 0), from - 1);
    taps.lowWeight[i] = roundHalfEven(Math.fround(1 - fraction) * COEFFICIENT_ONE);
    taps.highWeight[i] = roundHalfEven(fraction * COEFFICIENT_ONE);
  }
  return taps;
}

/**
 * Rows first, into integers of 19 bits (8 of the pixel, 11 of the weight), then columns. OpenCV's vector units multiply
 * 16-bit numbers and keep the upper 16 bits, so 4 bits are cut before the second product and 16 after; the last 2 are
 * rounded.
 */
function interpolator(from: ImageSize, to: ImageSize): ResizeOne {
  const across = tapsFor(from.width, to.width, false);
  const down = tapsFor(from.height, to.height, true);
  const rows = new Int32Array(from.height * to.width);
  return (source, offset, target, targetOffset) => {
    for (let y = 0; y < from.height; y += 1) {
      const read = offset + y * from.width;
      const write = y * to.width;
      for (let x = 0; x < to.width; x += 1) {
        const sum =
          source[read + across.low[x]] * across.lowWeight[x] +
          source[read + across.high[x]] * across.highWeight[x];
        rows[write + x] = sum >> 4;
      }
    }
    for (let y = 0; y < to.height; y += 1) {
      const low = down.low[y] * to.width;
      const high = down.high[y] * to.width;
      const lowWeight = down.lowWeight[y];
      const highWeight = down.highWeight[y];
      const write = targetOffset + y * to.width;
      for (let x = 0; x < to.width; x += 1) {
        const lowPart = (rows[low + x] * lowWeight) >> 16;
        const highPart = (rows[high + x] * highWeight) >> 16;
        target[write + x] = (lowPart + highPart + 2) >> 2;
      }
    }
  };
}
