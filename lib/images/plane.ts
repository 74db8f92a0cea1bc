/** Rectangles of numbers, and how they are made smaller or larger. */

/** Row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Scales down, by averages of areas, to at most `size` a side; smaller ones stay as they are. */
export function shrink(plane: Plane, size: number): Plane {
  const longer = Math.max(plane.width, plane.height);
  return longer <= size ? plane : resample(plane, size / longer);
}

/** Averages over areas where it shrinks, nearest values smoothed by the same areas where it grows. */
export function resample({ width, height, values }: Plane, factor: number): Plane {
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

/** The part from column `left` and row `top` on. */
export function cropped(
  { width, values }: Plane,
  { left, top, right, bottom }: { left: number; top: number; right: number; bottom: number },
): Plane {
  const [w, h] = [right - left + 1, bottom - top + 1];
  const part = Float32Array.from({ length: w * h }, (_, i) => {
    return values[(top + Math.floor(i / w)) * width + left + (i % w)];
  });
  return { width: w, height: h, values: part };
}
