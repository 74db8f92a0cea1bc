/** Finds the ink of a digit in drawings and photographs. */
import { cropped, type Plane } from './plane.js';
import {
  areaOf,
  areSeveralShapes,
  type Box,
  forNeighbours,
  framesAmong,
  heightOf,
  inkFrom,
  type Spot,
  sheetAmong,
  spotsOf,
  unionOf,
  widthOf,
} from './spots.js';

/** What is worth saying of a picture, for people. */
export type DigitNote = 'more than one shape' | 'ink along the border left out';

/** Contrast between paper and ink below which there is none, in grey levels. */
const leastContrast = 24;

export interface FoundInk {
  /** Ink from 0 (paper) to 1, without dirt and without what is no digit. */
  readonly ink: Plane;
  /** Around the ink; undefined where there is none. */
  readonly box: Box | undefined;
  /** Dark on light. */
  readonly inverted: boolean;
  readonly notes: readonly DigitNote[];
}

/** @param plane grey levels */
export function findInk(plane: Plane): FoundInk {
  const paper = paperLevels(plane);
  const all = inkOn(plane, paper, new Uint8Array(plane.values.length));
  const spots = spotsOf(all.ink);
  return onSheet(plane, spots) ?? withoutFrames(plane, paper, all.ink, spots) ?? found(all, spots);
}

/**
 * What is left without frames, edges of tables and the like, if that is a digit: if it is not, or if it reaches the border
 * itself, what runs along the border may be part of the digit.
 */
function withoutFrames(
  plane: Plane,
  paper: Float32Array,
  ink: Plane,
  spots: readonly Spot[],
): FoundInk | undefined {
  const frames = framesAmong(spots, plane);
  if (frames.length === 0) return undefined;
  // What is left decides anew which side of the paper is ink and how strong full ink is.
  const ignored = grown(frames, ink);
  const inner = inkOn(plane, paper, ignored);
  const left = spotsOf(inner.ink);
  const room = ignored.reduce((count, one) => count + 1 - one, 0);
  if (!isDrawing(left, plane, room)) return undefined;
  return found(inner, left, 'ink along the border left out');
}

/** Around a frame, as shares of the picture's shorter side: what is not looked at, and how far its soft edge may reach. */
const leastEdge = 0.02;
const mostEdge = 0.06;
/** Ink of at least this much beside a frame is its soft edge. */
const edgeFrom = 0.1;

/** 1 where the spots are, and around them. */
function grown(spots: readonly Spot[], { width, height, values }: Plane): Uint8Array {
  const mask = new Uint8Array(width * height);
  let edge = spots.flatMap(({ pixels }) => pixels);
  for (const at of edge) mask[at] = 1;
  const shorter = Math.min(width, height);
  for (let step = 1; step <= Math.max(1, Math.round(mostEdge * shorter)); step += 1) {
    const all = step <= Math.max(1, Math.round(leastEdge * shorter));
    const next: number[] = [];
    for (const at of edge) {
      forNeighbours(at, width, height, (to) => {
        if (mask[to] === 1 || (!all && values[to] < edgeFrom)) return;
        mask[to] = 1;
        next.push(to);
      });
    }
    edge = next;
  }
  return mask;
}

/** A digit is at least as long as this share of the picture's shorter side. */
const leastDigit = 0.12;
/** Ink at the border that is more than this share of all is no dirt. */
const borderShare = 0.15;

/** Ink on more than this share of the paper is none: the holes of a large digit, say. */
const mostInk = 0.5;

/** @param room pixels that are looked at */
function isDrawing(spots: readonly Spot[], { width, height }: Plane, room: number): boolean {
  if (spots.length === 0 || areaOf(spots) > mostInk * room) return false;
  if (areaOf(spots.filter(({ contact }) => contact > 0)) > borderShare * areaOf(spots)) return false;
  const whole = unionOf(spots);
  return Math.max(widthOf(whole), heightOf(whole)) >= leastDigit * Math.min(width, height);
}

/** The ink on a sheet of paper that lies on a table, or within a broad frame. */
function onSheet(plane: Plane, spots: readonly Spot[]): FoundInk | undefined {
  const sheet = sheetAmong(spots, plane);
  if (sheet === undefined) return undefined;
  const inside = findInk(cropped(plane, sheet));
  if (inside.box === undefined) return undefined;
  return { ...inside, notes: [...new Set<DigitNote>([...inside.notes, 'ink along the border left out'])] };
}

/** The spots with their soft edges, and nothing else. */
function found({ ink, inverted }: InkOnPaper, spots: readonly Spot[], ...notes: DigitNote[]): FoundInk {
  const { width, height, values } = ink;
  const kept = new Float32Array(values.length);
  for (const { pixels } of spots) {
    for (const at of pixels) {
      kept[at] = values[at];
      // What lies below the threshold beside a stroke belongs to it.
      forNeighbours(at, width, height, (next) => {
        if (values[next] < inkFrom) kept[next] = values[next];
      });
    }
  }
  return {
    ink: { width, height, values: kept },
    box: spots.length === 0 ? undefined : unionOf(spots),
    inverted,
    notes: areSeveralShapes(spots) ? ['more than one shape', ...notes] : notes,
  };
}

/**
 * The grey level of the paper everywhere: a plane through the pixels of the border, so that light from one side does
 * not count as ink. Fitted twice, the second time without what lies far off: ink that reaches the border.
 */
function paperLevels({ width, height, values }: Plane): Float32Array {
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

interface InkOnPaper {
  readonly ink: Plane;
  readonly inverted: boolean;
}

/**
 * Distance from the paper, to the side on which there is more of it, as a share of the contrast.
 * @param ignored 1 where nothing counts
 */
function inkOn({ width, height, values }: Plane, paper: Float32Array, ignored: Uint8Array): InkOnPaper {
  let [lighter, darker] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (ignored[i] === 1) continue;
    const difference = values[i] - paper[i];
    // Squared, so that a few strong strokes outweigh much faint noise.
    if (difference > 0) lighter += difference * difference;
    else darker += difference * difference;
  }
  const inverted = darker > lighter;
  const distance = values.map((value, i) =>
    ignored[i] === 1 ? 0 : Math.max(0, inverted ? paper[i] - value : value - paper[i]),
  );
  const full = inkLevel(distance);
  const ink =
    full < leastContrast
      ? new Float32Array(values.length)
      : distance.map((value) => Math.min(1, value / full));
  return { ink: { width, height, values: ink }, inverted };
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
