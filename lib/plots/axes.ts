/** Axes of charts: from values to a place between 0 and 1, and the ticks between. */
import { linearTicks, logTicks, niceStep, type Tick } from './ticks.js';

export interface Axis {
  readonly ticks: readonly Tick[];
  /** 0 at the low end of the axis, 1 at the high end. */
  position(value: number): number;
}

/** A loss that falls this many times over is unreadable on a linear axis. */
const lossRatio = 20;
/** So is an accuracy whose errors become this many times fewer: 97 and 99 % would be one line. */
const errorRatio = 10;
/** Ticks beyond the first; there is room for more, which a logarithm needs. */
const mostTicks = { linear: 5, log: 9 };
/** Smaller ranges, as a share of the values, are rounding. */
const smallestRange = 1e-6;
/** Nothing beside any loss. */
const tiny = 1e-12;

/** Whole epochs, from that in which the first point lies to the end of the last. */
export function epochAxis(epochs: readonly number[]): Axis {
  const first = Math.floor(least(epochs) ?? 1);
  const last = Math.max(first, Math.ceil(greatest(epochs) ?? 1));
  const step = Math.max(1, niceStep((last - first) / 6));
  const ticks = [first];
  for (let epoch = Math.ceil((first + step / 2) / step) * step; epoch <= last; epoch += step)
    ticks.push(epoch);
  return {
    ticks: ticks.map((value) => ({ value, label: String(value) })),
    position: (epoch) => (last === first ? 0.5 : (epoch - first) / (last - first)),
  };
}

/** Logarithmic where the losses differ by much; else from 0, unless they differ by little. */
export function lossAxis(losses: readonly number[]): Axis {
  const positive = losses.filter((loss) => loss > tiny);
  const low = least(positive) ?? 0;
  const high = greatest(positive) ?? 1;
  if (positive.length > 0 && high / low >= lossRatio) return logAxis(low, high);
  const all = positive.length < losses.length ? 0 : low;
  return linearAxis(all > high / 2 && high - all > smallestRange * high ? all : 0, high);
}

/** Of shares, as per cent. By the errors that are left where these differ by much; else linear. */
export function accuracyAxis(shares: readonly number[]): Axis {
  const low = Math.max(0, least(shares) ?? 0);
  const high = Math.min(1, greatest(shares) ?? 1);
  const errors = shares.map((share) => 1 - share).filter((error) => error > 1e-6);
  const fewest = least(errors) ?? 1;
  if (1 - low >= errorRatio * fewest) return errorAxis(low, high, fewest);
  // One accuracy alone stands in the middle, or below 100 %.
  const margin = high - low > smallestRange ? 0 : 0.01;
  const axis = linearAxis(Math.max(0, 100 * (low - margin)), Math.min(100, 100 * (high + margin)));
  return {
    ticks: axis.ticks.map(({ value, label }) => ({ value: value / 100, label: `${label} %` })),
    position: (share) => axis.position(100 * share),
  };
}

/** Both ends on a tick. */
function linearAxis(low: number, high: number): Axis {
  const step = niceStep((high - low) / mostTicks.linear);
  const from = Math.floor(low / step + 1e-9);
  const to = Math.ceil(high / step - 1e-9);
  return {
    ticks: linearTicks(from * step, to * step, to - from),
    position: (value) => clamp((value / step - from) / (to - from)),
  };
}

/** From 1, 2 or 5 times a power of ten to another one. */
function logAxis(low: number, high: number): Axis {
  const [from, to] = [-niceExponent(1 / low), niceExponent(high)];
  return {
    ticks: logTicks(10 ** from, 10 ** to, mostTicks.log),
    position: (value) => clamp((Math.log10(Math.max(value, 10 ** from)) - from) / (to - from)),
  };
}

const niceExponent = (value: number) => Math.log10(niceStep(value));

/** Least distance of two ticks, as a share of the axis. */
const tickDistance = 0.09;

/**
 * Equal distances for equal factors in the errors: 0 to 90 % is as high as 90 to 99 %. `fewest` errors are added to all,
 * so that 100 % has a place too.
 */
function errorAxis(low: number, high: number, fewest: number): Axis {
  const depth = Math.ceil(-Math.log10(fewest)) + 1;
  // By weight: tens first, 0 and 90 and 99 %; then fives, 50 and 95 %; then 80 and 98 %.
  const candidates = [1, 5, 2].flatMap((factor) =>
    Array.from({ length: depth + 1 }, (_, i) => factor * 10 ** -(i + Number(factor > 1))),
  );
  const start = 1 - (least(candidates.filter((error) => error >= 1 - low - 1e-9)) ?? 1);
  const end = 1 - (greatest(candidates.filter((error) => error <= 1 - high + 1e-9)) ?? 0);
  const scale = (share: number) => -Math.log10(Math.max(0, 1 - share) + fewest);
  const [from, to] = [scale(start), scale(end)];
  const position = (share: number) => clamp((scale(share) - from) / (to - from));
  const chosen: number[] = [];
  for (const share of [start, end, ...candidates.map((error) => 1 - error)]) {
    const at = position(share);
    const fits = share >= start && share <= end;
    if (fits && chosen.every((other) => Math.abs(position(other) - at) >= tickDistance)) chosen.push(share);
  }
  chosen.sort((a, b) => a - b);
  return {
    ticks: chosen.map((value) => ({ value, label: `${Number((100 * value).toFixed(5))} %` })),
    position,
  };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** Math.min and Math.max would put every value onto the stack. */
function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}

function greatest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
}
