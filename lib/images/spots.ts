/** Spots of ink: what hangs together, where it lies, and which of it cannot be a digit. */
import type { Plane } from './plane.js';

/** Share of the range between paper and ink from which a pixel counts as ink. */
export const inkFrom = 0.35;

/** A rectangle, its last column and row included. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Spot extends Box {
  /** Places in the plane. */
  readonly pixels: readonly number[];
  /** How many of them lie on the outermost rows and columns of the plane. */
  readonly contact: number;
}

export const heightOf = ({ top, bottom }: Box): number => bottom - top + 1;
export const widthOf = ({ left, right }: Box): number => right - left + 1;

/** Pixels of all of them. */
export function areaOf(spots: readonly Spot[]): number {
  return spots.reduce((sum, { pixels }) => sum + pixels.length, 0);
}

/** The smallest box around all of them. */
export function unionOf(boxes: readonly Box[]): Box {
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    right: Math.max(...boxes.map(({ right }) => right)),
    top: Math.min(...boxes.map(({ top }) => top)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}

/** A spot of less than this share of all ink is dirt. */
const leastSpot = 0.02;

/** All spots but dirt, in the order of their first pixels. */
export function spotsOf({ width, height, values }: Plane): Spot[] {
  const seen = new Uint8Array(values.length);
  const spots: Spot[] = [];
  for (let start = 0; start < values.length; start += 1) {
    if (seen[start] === 1 || values[start] < inkFrom) continue;
    const pixels = [start];
    seen[start] = 1;
    // Grows while it is walked.
    for (const at of pixels) {
      forNeighbours(at, width, height, (next) => {
        if (seen[next] === 1 || values[next] < inkFrom) return;
        seen[next] = 1;
        pixels.push(next);
      });
    }
    spots.push(spot(pixels, width, height));
  }
  const total = areaOf(spots);
  return spots.filter(({ pixels }) => pixels.length >= leastSpot * total);
}

function spot(pixels: readonly number[], width: number, height: number): Spot {
  let [left, right, top, bottom, contact] = [width, -1, height, -1, 0];
  for (const at of pixels) {
    const x = at % width;
    const y = (at - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) contact += 1;
  }
  return { pixels, left, right, top, bottom, contact };
}

/** The up to eight pixels around one. */
export function forNeighbours(
  at: number,
  width: number,
  height: number,
  visit: (next: number) => void,
): void {
  const x = at % width;
  const y = (at - x) / width;
  for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1) {
    for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) {
      if (nx !== x || ny !== y) visit(ny * width + nx);
    }
  }
}

/** Share of the picture's border from which ink on it is a frame, the edge of a table, a shadow; one side is 0.25. */
const alongBorder = 0.18;
/** How near a drawn box keeps to its own bounding box, as a share of that, and how much of each side it must cover. */
const boxDepth = 0.08;
const boxCover = 0.9;
/** A box is drawn with lines: it fills no more of its bounding box than this. */
const boxFill = 0.5;

/** Spots that frame the others: they run along the border of the picture, or are a box drawn around another spot. */
export function framesAmong(spots: readonly Spot[], { width, height }: Plane): Spot[] {
  const border = 2 * (width + height) - 4;
  return spots.filter(
    (one) =>
      one.contact >= alongBorder * border ||
      (spots.some((other) => other !== one && isInside(other, one)) && isBox(one, width)),
  );
}

function isInside(inner: Box, outer: Box): boolean {
  return (
    inner.left > outer.left &&
    inner.right < outer.right &&
    inner.top > outer.top &&
    inner.bottom < outer.bottom
  );
}

/** Whether ink follows all four sides of its bounding box, into the corners; the curves of a 0 do not. */
function isBox({ pixels, left, right, top, bottom }: Spot, width: number): boolean {
  const [w, h] = [right - left + 1, bottom - top + 1];
  if (pixels.length > boxFill * w * h) return false;
  const [depthX, depthY] = [Math.max(1, boxDepth * w), Math.max(1, boxDepth * h)];
  const sides = [new Set<number>(), new Set<number>(), new Set<number>(), new Set<number>()];
  for (const at of pixels) {
    const x = at % width;
    const y = (at - x) / width;
    if (y - top < depthY) sides[0].add(x);
    if (bottom - y < depthY) sides[1].add(x);
    if (x - left < depthX) sides[2].add(y);
    if (right - x < depthX) sides[3].add(y);
  }
  return sides.every(({ size }, side) => size >= boxCover * (side < 2 ? w : h));
}

/** A sheet has at least this share of the picture's sides, and fills so much of its bounding box, holes included. */
const sheetSide = 0.4;
const sheetFill = 0.8;
/** Corners of the bounding box, as a share of its sides, and how much of each a sheet covers; round digits do not. */
const cornerSide = 0.2;
const cornerCover = 0.6;
/** What is cut off around a sheet, as a share of its shorter side: its edges are soft and seldom straight. */
const sheetEdge = 0.03;

/** The inside of a spot that is no ink but a sheet of paper on something of another grey. */
export function sheetAmong(spots: readonly Spot[], { width, height }: Plane): Box | undefined {
  const sheet = spots.find(
    (one) =>
      widthOf(one) >= sheetSide * width &&
      heightOf(one) >= sheetSide * height &&
      coversCorners(one, width) &&
      filledArea(one, width) >= sheetFill * widthOf(one) * heightOf(one),
  );
  if (sheet === undefined) return undefined;
  const cut = Math.max(1, Math.round(sheetEdge * Math.min(widthOf(sheet), heightOf(sheet))));
  const inside = {
    left: sheet.left + cut,
    right: sheet.right - cut,
    top: sheet.top + cut,
    bottom: sheet.bottom - cut,
  };
  return widthOf(inside) > 0 && heightOf(inside) > 0 ? inside : undefined;
}

function coversCorners(one: Spot, width: number): boolean {
  const [w, h] = [widthOf(one), heightOf(one)].map((side) => Math.max(1, Math.round(cornerSide * side)));
  const covered = [0, 0, 0, 0];
  for (const at of one.pixels) {
    const x = at % width;
    const y = (at - x) / width;
    const [left, right] = [x - one.left < w, one.right - x < w];
    const [top, bottom] = [y - one.top < h, one.bottom - y < h];
    if ((left || right) && (top || bottom)) covered[(right ? 1 : 0) + (bottom ? 2 : 0)] += 1;
  }
  return covered.every((count) => count >= cornerCover * w * h);
}

/** Pixels of a spot and of what it encloses. */
function filledArea(one: Spot, width: number): number {
  // One more on each side, so that the outside hangs together.
  const [w, h] = [widthOf(one) + 2, heightOf(one) + 2];
  const taken = new Uint8Array(w * h);
  for (const at of one.pixels) {
    const x = at % width;
    taken[((at - x) / width - one.top + 1) * w + x - one.left + 1] = 1;
  }
  const outside = [0];
  taken[0] = 1;
  for (const at of outside) {
    forNeighbours(at, w, h, (next) => {
      // Ink that hangs together by corners is a wall: only straight neighbours.
      const straight = next % w === at % w || Math.floor(next / w) === Math.floor(at / w);
      if (!straight || taken[next] === 1) return;
      taken[next] = 1;
      outside.push(next);
    });
  }
  return w * h - outside.length;
}

/** Share of all ink from which a spot is no mere part of a stroke. */
const shapeShare = 0.12;

/**
 * Whether the spots are more than one digit. Strokes of one digit that do not meet, as a 4 and a 5 have them, lie over
 * each other or are of unequal height; digits stand side by side, or one above the other as a column far higher than
 * wide.
 */
export function areSeveralShapes(spots: readonly Spot[]): boolean {
  const total = areaOf(spots);
  const shapes = spots.filter(({ pixels }) => pixels.length >= shapeShare * total);
  return shapes.some((a, i) => shapes.slice(i + 1).some((b) => areApart(a, b)));
}

function areApart(a: Spot, b: Spot): boolean {
  const both = unionOf([a, b]);
  const [w, h] = [widthOf(both), heightOf(both)];
  const gapX = Math.max(a.left, b.left) - Math.min(a.right, b.right) - 1;
  const gapY = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom) - 1;
  const tall = Math.min(heightOf(a), heightOf(b)) >= 0.65 * h;
  if (tall && gapX >= 0.05 * h && w >= 0.8 * h) return true;
  return gapY >= 0.05 * h && h >= 2 * w && Math.min(heightOf(a), heightOf(b)) >= 0.3 * h;
}
