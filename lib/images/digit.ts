/**
 * A digit of any size as MNIST has them: white on black, scaled into 20x20, placed by its centre of mass in 28x28.
 * Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits (how its images were normalised). What finds
 * the ink in drawings and photographs (ink.ts) is our own.
 */
import { type DigitNote, findInk } from './ink.js';
import { checkGreyImage, type GreyImage } from './limits.js';
import { cropped, type Plane, resample, shrink } from './plane.js';
import { inkFrom } from './spots.js';

export type { DigitNote } from './ink.js';

/** What `prepareDigit` makes of an image. */
export interface PreparedDigit {
  /** 28x28 bytes, the digit white on black; all 0 where there is no ink. */
  readonly pixels: Uint8Array;
  /** The image was dark on light. */
  readonly inverted: boolean;
  /** No ink was found. */
  readonly empty: boolean;
  /** What is worth saying of the image. */
  readonly notes: readonly DigitNote[];
}

export const digitSize = 28;
const boxSize = 20;
/** Larger images are made smaller first: strokes stay, noise and work go. */
const workingSize = 140;
/** Strokes of MNIST are about this many pixels wide in the box of 20x20; thinner ones are made wider. */
const strokeWidth = 2;

/**
 * Finds the digit on a drawing or photograph and makes of it what MNIST has.
 *
 * ```js
 * const { pixels, empty } = prepareDigit(decodeImage(readFileSync('digit.png')));
 * ```
 * @throws {ArgumentTypeError} for what is no image.
 * @throws {ArgumentRangeError} for a size that is not that of the bytes.
 */
export function prepareDigit(image: GreyImage): PreparedDigit {
  checkGreyImage('prepareDigit', image);
  const { width, height, grey } = image;
  const { ink, box, inverted, notes } = findInk(
    shrink({ width, height, values: Float32Array.from(grey) }, workingSize),
  );
  if (box === undefined) {
    return { pixels: new Uint8Array(digitSize * digitSize), inverted, empty: true, notes };
  }
  const wide = widenStrokes(cropped(ink, box));
  const scaled = resample(wide, boxSize / Math.max(wide.width, wide.height));
  return { pixels: centre(scaled), inverted, empty: false, notes };
}

/** Makes thin strokes wider, so that they do not fade where the digit is made small. */
function widenStrokes(ink: Plane): Plane {
  const { width, height, values } = ink;
  const wanted = (strokeWidth * Math.max(width, height)) / boxSize;
  const missing = wanted - meanStroke(ink);
  const radius = Math.round(missing / 2);
  if (radius < 1) return ink;
  const [w, h] = [width + 2 * radius, height + 2 * radius];
  const wide = new Float32Array(w * h);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = values[y * width + x];
      if (value < inkFrom) continue;
      for (let dy = -radius; dy <= radius; dy += 1) {
        for (let dx = -radius; dx <= radius; dx += 1) {
          if (dx * dx + dy * dy > radius * radius + 1) continue;
          const at = (y + radius + dy) * w + x + radius + dx;
          wide[at] = Math.max(wide[at], value);
        }
      }
    }
  }
  return { width: w, height: h, values: wide };
}

/** Of a long stroke, its area is its length times its width, and its outline twice its length. */
function meanStroke({ width, height, values }: Plane): number {
  let [area, outline] = [0, 0];
  const isInk = (x: number, y: number) =>
    x >= 0 && x < width && y >= 0 && y < height && values[y * width + x] >= inkFrom;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!isInk(x, y)) continue;
      area += 1;
      if (!(isInk(x - 1, y) && isInk(x + 1, y) && isInk(x, y - 1) && isInk(x, y + 1))) outline += 1;
    }
  }
  // A stroke one pixel wide is all outline.
  return outline === 0 ? Math.max(width, height) : Math.max(1, (2 * area) / outline);
}

/** Places the box so that the centre of mass falls on the middle of 28x28, and stretches it to full white. */
function centre({ width, height, values }: Plane): Uint8Array {
  let [mass, mx, my, most] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    mass += values[i];
    mx += values[i] * ((i % width) + 0.5);
    my += values[i] * (Math.floor(i / width) + 0.5);
    most = Math.max(most, values[i]);
  }
  const place = (length: number, moment: number) =>
    Math.min(digitSize - length, Math.max(0, Math.round(digitSize / 2 - moment / mass)));
  const [left, top] = [place(width, mx), place(height, my)];
  const pixels = new Uint8Array(digitSize * digitSize);
  for (let i = 0; i < values.length; i += 1) {
    const at = (top + Math.floor(i / width)) * digitSize + left + (i % width);
    pixels[at] = Math.round((255 * values[i]) / most);
  }
  return pixels;
}
