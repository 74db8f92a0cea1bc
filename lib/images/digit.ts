/**
 * A digit of any size as MNIST has them: white on black, scaled into 20x20, placed by its centre of mass in 28x28.
 * Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits (how its images were normalised). What finds
 * the ink in drawings and photographs is our own.
 */
import { ArgumentRangeError } from '../errors.js';
import type { GreyImage } from './limits.js';

export interface PreparedDigit {
  /** 28x28 bytes, the digit white on black; all 0 where there is no ink. */
  readonly pixels: Uint8Array;
  /** The image was dark on light. */
  readonly inverted: boolean;
  /** No ink was found. */
  readonly empty: boolean;
}

export const digitSize = 28;
const boxSize = 20;
/** Larger images are made smaller first: strokes stay, noise and work go. */
const workingSize = 140;
/** Share of the range between paper and ink from which a pixel counts as ink. */
const inkFrom = 0.35;
/** A spot of less than this share of the ink is dirt. */
const leastSpot = 0.02;
/** Strokes of MNIST are about this many pixels wide in the box of 20x20; thinner ones are made wider. */
const strokeWidth = 2;
/** Contrast between paper and ink below which there is none, in grey levels. */
const leastContrast = 24;

/** Ink from 0 (paper) to 1. */
interface Ink {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** @throws {ArgumentRangeError} for a size that is not that of the bytes. */
export function prepareDigit(image: GreyImage): PreparedDigit {
  const { width, height, grey } = image;
  if (!(width >= 1 && height >= 1) || grey.length !== width * height) {
    throw new ArgumentRangeError(
      `digit: expected ${width}x${height} grey levels but received ${grey.length}. Hint: one byte a pixel`,
    );
  }
  const small = shrink(toFloats(image), workingSize);
  const paper = paperLevels(small);
  const { values, inverted } = contrast(small, paper);
  const whole = cleanInk({ ...small, values });
  if (whole === undefined) {
    return { pixels: new Uint8Array(digitSize * digitSize), inverted, empty: true };
  }
  const box = scaleInto(widenStrokes(crop(whole)), boxSize);
  return { pixels: centre(box), inverted, empty: false };
}

function toFloats({ width, height, grey }: GreyImage): Ink {
  return { width, height, values: Float32Array.from(grey) };
}

/** Scales down, by averages of areas, to at most `size` a side; smaller images stay as they are. */
function shrink(image: Ink, size: number): Ink {
  const longer = Math.max(image.width, image.height);
  return longer <= size ? image : resample(image, size / longer);
}

/**
 * The grey level of the paper everywhere: a plane through the pixels of the border, so that light from one side does
 * not count as ink. Fitted twice, the second time without what lies far off: ink that reaches the border.
 */
function paperLevels({ width, height, values }: Ink): Float32Array {
  const depth = Math.max(1, Math.round(Math.min(width, height) * 0.06));
  const border: [number, number, number][] = [];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const inside = x >= depth && x < width - depth && y >= depth && y < height - depth;
      if (!inside) border.push([x, y, values[y * width + x]]);
    }
  }
  const levels = border.map(([, , level]) => level).sort((a, b) => a - b);
  const middle = levels[levels.length >> 1];
  const near = border.filter(([, , level]) => Math.abs(level - middle) <= 48);
  const first = fitPlane(near);
  const plane = fitPlane(
    near.filter(([x, y, level]) => Math.abs(level - first[0] - first[1] * x - first[2] * y) <= 24),
  );
  const paper = new Float32Array(values.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      paper[y * width + x] = Math.min(255, Math.max(0, plane[0] + plane[1] * x + plane[2] * y));
    }
  }
  return paper;
}

/** `[c, a, b]` of the least squares plane `c + a*x + b*y`; a level one where the points do not span a plane. */
function fitPlane(points: readonly (readonly [number, number, number])[]): [number, number, number] {
  const n = points.length;
  if (n === 0) return [0, 0, 0];
  const mean = [0, 1, 2].map((k) => points.reduce((sum, point) => sum + point[k], 0) / n);
  let [xx, xy, yy, xz, yz] = [0, 0, 0, 0, 0];
  for (const [x, y, z] of points) {
    const [dx, dy, dz] = [x - mean[0], y - mean[1], z - mean[2]];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
    xz += dx * dz;
    yz += dy * dz;
  }
  const determinant = xx * yy - xy * xy;
  if (determinant <= 1e-6 * xx * yy || xx === 0 || yy === 0) return [mean[2], 0, 0];
  const a = (xz * yy - yz * xy) / determinant;
  const b = (yz * xx - xz * xy) / determinant;
  return [mean[2] - a * mean[0] - b * mean[1], a, b];
}

/** Distance from the paper, to the side on which there is more of it, as a share of the contrast. */
function contrast({ values }: Ink, paper: Float32Array): { values: Float32Array; inverted: boolean } {
  let [lighter, darker] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const difference = values[i] - paper[i];
    // Squared, so that a few strong strokes outweigh much faint noise.
    if (difference > 0) lighter += difference * difference;
    else darker += difference * difference;
  }
  const inverted = darker > lighter;
  const distance = values.map((value, i) => Math.max(0, inverted ? paper[i] - value : value - paper[i]));
  const full = inkLevel(distance);
  if (full < leastContrast) return { values: new Float32Array(values.length), inverted };
  return { values: distance.map((value) => Math.min(1, value / full)), inverted };
}

/** The level of full ink: the mean of what lies above Otsu's threshold (1979), which splits paper from ink best. */
function inkLevel(distance: Float32Array): number {
  const counts = new Float64Array(256);
  for (const value of distance) counts[Math.min(255, Math.round(value))] += 1;
  const total = distance.length;
  const sum = counts.reduce((all, count, level) => all + count * level, 0);
  let [below, sumBelow, best, level] = [0, 0, -1, 0];
  for (let t = 0; t < 255; t += 1) {
    below += counts[t];
    sumBelow += counts[t] * t;
    const above = total - below;
    if (below === 0 || above === 0) continue;
    const [low, high] = [sumBelow / below, (sum - sumBelow) / above];
    const between = below * above * (high - low) ** 2;
    if (between > best) {
      best = between;
      level = high;
    }
  }
  return level;
}

/** Without dirt: only what hangs together with enough ink; undefined where nothing does. */
function cleanInk({ width, height, values }: Ink): Ink | undefined {
  const spot = new Int32Array(values.length).fill(-1);
  const sizes: number[] = [];
  for (let start = 0; start < values.length; start += 1) {
    if (spot[start] !== -1 || values[start] < inkFrom) continue;
    const waiting = [start];
    const id = sizes.push(0) - 1;
    spot[start] = id;
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      sizes[id] += 1;
      forNeighbours(at, width, height, (next) => {
        if (spot[next] !== -1 || values[next] < inkFrom) return;
        spot[next] = id;
        waiting.push(next);
      });
    }
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) return undefined;
  const kept = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    if (spot[at] === -1 || sizes[spot[at]] < leastSpot * total) continue;
    kept[at] = values[at];
    // The soft edge of a stroke lies below the threshold and belongs to it.
    forNeighbours(at, width, height, (next) => {
      if (spot[next] === -1) kept[next] = values[next];
    });
  }
  return { width, height, values: kept };
}

/** The up to eight pixels around one. */
function forNeighbours(at: number, width: number, height: number, visit: (next: number) => void): void {
  const x = at % width;
  const y = (at - x) / width;
  for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1) {
    for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) {
      if (nx !== x || ny !== y) visit(ny * width + nx);
    }
  }
}

function crop({ width, height, values }: Ink): Ink {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < inkFrom) continue;
    const x = i % width;
    const y = (i - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const [w, h] = [right - left + 1, bottom - top + 1];
  const cropped = Float32Array.from({ length: w * h }, (_, i) => {
    return values[(top + Math.floor(i / w)) * width + left + (i % w)];
  });
  return { width: w, height: h, values: cropped };
}

/** Makes thin strokes wider, so that they do not fade where the digit is made small. */
function widenStrokes(ink: Ink): Ink {
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
function meanStroke({ width, height, values }: Ink): number {
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

/** Scales so that the longer side is `size`, whatever it was. */
function scaleInto(ink: Ink, size: number): Ink {
  return resample(ink, size / Math.max(ink.width, ink.height));
}

/** Averages over areas where it shrinks, nearest values smoothed by the same areas where it grows. */
function resample({ width, height, values }: Ink, factor: number): Ink {
  const [w, h] = [width, height].map((length) => Math.max(1, Math.round(length * factor)));
  const rows = new Float32Array(w * height);
  resampleLines(values, rows, { lines: height, from: width, to: w, lineStep: [width, w], step: 1 });
  const result = new Float32Array(w * h);
  resampleLines(rows, result, { lines: w, from: height, to: h, lineStep: [1, 1], step: w });
  return { width: w, height: h, values: result };
}

interface Lines {
  readonly lines: number;
  readonly from: number;
  readonly to: number;
  /** From one line to the next, in the source and in the target. */
  readonly lineStep: readonly [number, number];
  /** From one value of a line to the next. */
  readonly step: number;
}

function resampleLines(
  source: Float32Array,
  target: Float32Array,
  { lines, from, to, lineStep, step }: Lines,
): void {
  const ratio = from / to;
  // Growing, an area of one source pixel slides along: linear interpolation.
  const span = Math.max(1, ratio);
  for (let i = 0; i < to; i += 1) {
    const middle = (i + 0.5) * ratio;
    const [begin, end] = [middle - span / 2, middle + span / 2];
    for (let line = 0; line < lines; line += 1) {
      let [sum, weight] = [0, 0];
      for (let j = Math.max(0, Math.floor(begin)); j < Math.min(from, Math.ceil(end)); j += 1) {
        const share = Math.min(end, j + 1) - Math.max(begin, j);
        sum += share * source[line * lineStep[0] + j * step];
        weight += share;
      }
      target[line * lineStep[1] + i * step] = weight > 0 ? sum / weight : 0;
    }
  }
}

/** Places the box so that the centre of mass falls on the middle of 28x28, and stretches it to full white. */
function centre({ width, height, values }: Ink): Uint8Array {
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
