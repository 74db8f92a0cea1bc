/** A training's losses as a small picture of characters, for the terminal. */
import { linearTicks, logTicks } from '../../plots/ticks.js';
import { isInteractive } from './color.js';
import { paint } from './output.js';
import type { EpochMetrics } from '../../runs/metrics.js';
import { isUtf8 } from './width.js';

type Point = readonly [x: number, loss: number];
type SeriesName = 'train' | 'test';

export interface LossPlot {
  /** What x counts: `step` or `epoch`. */
  readonly unit: string;
  /** A line, in the order of x. */
  readonly train: readonly Point[];
  /** Marks. */
  readonly test: readonly Point[];
}

export interface PlotOptions {
  /** Of the terminal. */
  readonly columns: number;
  /** Braille and line characters; otherwise ASCII. */
  readonly unicode: boolean;
  readonly style?: (text: string, series: SeriesName) => string;
}

const mostColumns = 60;
const fewestColumns = 16;
const rows = 10;
/** Ticks beyond the first: so few that each has a row of its own. */
const mostTicks = { linear: 5, log: 7 };
/** A range of losses this wide is unreadable on a linear axis. */
const logRatio = 20;

const unicodeSet = { dots: [2, 4], line: '⠒', corner: '└', side: '│', tick: '┤', base: '─' } as const;
const asciiSet = { dots: [1, 1], line: '*', corner: '+', side: '|', tick: '+', base: '-' } as const;
const mark = 'o';
/** Marks closer than this would hide the line. */
const markDistance = 3;

/** The lines of the picture; none where there is nothing to draw, or no room. */
export function lossPlot(plot: LossPlot, options: PlotOptions): string[] {
  const { unit, train, test } = { ...plot, train: finite(plot.train), test: finite(plot.test) };
  const { unicode, style = (text) => text } = options;
  if (train.length < 2) return [];
  const y = lossAxis([...train, ...test].map(([, loss]) => loss));
  const labelWidth = Math.max(...y.ticks.map(({ label }) => label.length));
  // Before the plot: the label, a space, the axis. One column stays free: some terminals wrap a full line.
  const columns = Math.min(mostColumns, options.columns - labelWidth - 3);
  if (columns < fewestColumns) return [];
  const [first, last] = [train[0][0], Math.max(train.at(-1)![0], test.at(-1)?.[0] ?? 0)];
  const x = (value: number) => (value - first) / (last - first);
  const set = unicode ? unicodeSet : asciiSet;
  const grid = new Grid(columns, set);
  grid.line(train.map(([step, loss]) => [x(step), y.position(loss)]));
  grid.marks(test.map(([step, loss]) => [x(step), y.position(loss)]));
  const labels = new Map(y.ticks.map(({ value, label }) => [grid.row(y.position(value)), label]));
  const body = grid.lines(style).map((line, row) => {
    const label = labels.get(row);
    return `${(label ?? '').padStart(labelWidth)} ${label === undefined ? set.side : set.tick}${line}`;
  });
  const indent = ' '.repeat(labelWidth + 2);
  const end = `${unit} ${last}`;
  const keys = [style(`${set.line} train ${significant(train.at(-1)![1])}`, 'train')];
  if (test.length > 0) keys.push(style(`${mark} test ${significant(test.at(-1)![1])}`, 'test'));
  return [
    ...body,
    `${' '.repeat(labelWidth)} ${set.corner}${set.base.repeat(columns)}`,
    `${indent}${String(first).padEnd(columns - end.length)}${end}`,
    `${indent}loss: ${keys.join('  ')}${y.log ? '  (log scale)' : ''}`,
  ].map((line) => line.trimEnd());
}

function finite(points: readonly Point[]): Point[] {
  return points.filter(([, loss]) => Number.isFinite(loss));
}

/** Ranges smaller than this share of the losses are rounding, not a course. */
const smallestRange = 1e-6;
/** Nothing beside any loss. */
const tiny = 1e-30;

/** Ticks, and where a loss stands as a share of the height, 0 at the bottom. */
function lossAxis(losses: readonly number[]) {
  const high = losses.reduce((a, b) => Math.max(a, b));
  const positive = losses.filter((loss) => loss > tiny).reduce((a, b) => Math.min(a, b), high);
  if (positive > tiny && high / positive >= logRatio) {
    const from = Math.log10(positive);
    const span = Math.log10(high) - from;
    return {
      log: true,
      ticks: logTicks(positive, high, mostTicks.log),
      position: (loss: number) => (Math.log10(Math.max(loss, positive)) - from) / span,
    };
  }
  const low = losses.reduce((a, b) => Math.min(a, b));
  const flat = high - low <= Math.max(tiny, smallestRange * Math.abs(high));
  // A loss that stays stands in the middle, above zero.
  const [from, to] = flat ? [0, Math.abs(high) <= tiny ? 1 : 2 * high] : [low, high];
  return {
    log: false,
    ticks: linearTicks(Math.min(from, to), Math.max(from, to), mostTicks.linear),
    position: (loss: number) => (loss - Math.min(from, to)) / Math.abs(to - from),
  };
}

/** Places are shares of width and height, from the lower left corner. */
type Place = readonly [x: number, y: number];

/** A raster of dots, several to a character in braille, and marks above them. */
class Grid {
  readonly #columns: number;
  readonly #set: typeof unicodeSet | typeof asciiSet;
  /** By row and column of the characters: the dots that are set, as bits `dy * dots[0] + dx`. */
  readonly #dots: number[][];
  readonly #marked: boolean[][];

  constructor(columns: number, set: typeof unicodeSet | typeof asciiSet) {
    this.#columns = columns;
    this.#set = set;
    this.#dots = Array.from({ length: rows }, () => Array<number>(columns).fill(0));
    this.#marked = Array.from({ length: rows }, () => Array<boolean>(columns).fill(false));
  }

  line(places: readonly Place[]): void {
    const [across, down] = this.#set.dots;
    const dots = places.map(([x, y]) => [x * (this.#columns * across - 1), (1 - y) * (rows * down - 1)]);
    for (const [index, [x, y]] of dots.entries()) {
      const [fromX, fromY] = dots[Math.max(0, index - 1)];
      const steps = Math.ceil(Math.max(Math.abs(x - fromX), Math.abs(y - fromY), 1));
      for (let i = 0; i <= steps; i++) {
        this.#dot(
          Math.round(fromX + ((x - fromX) * i) / steps),
          Math.round(fromY + ((y - fromY) * i) / steps),
        );
      }
    }
  }

  /** That in which a share of the height lies. */
  row(share: number): number {
    const [, down] = this.#set.dots;
    return Math.floor(Math.round((1 - share) * (rows * down - 1)) / down);
  }

  #dot(x: number, y: number): void {
    const [across, down] = this.#set.dots;
    const row = Math.floor(y / down);
    this.#dots[row][Math.floor(x / across)] |= 1 << ((y % down) * across + (x % across));
  }

  /** The last one is always there; others where they have room. */
  marks(places: readonly Place[]): void {
    let next = Number.POSITIVE_INFINITY;
    for (const [x, y] of places.toReversed()) {
      const column = Math.round(x * (this.#columns - 1));
      if (column > next) continue;
      next = column - markDistance;
      this.#marked[this.row(y)][column] = true;
    }
  }

  lines(style: (text: string, series: SeriesName) => string): string[] {
    return this.#dots.map((row, r) => {
      const line = row
        .map((bits, column) => (this.#marked[r][column] ? mark : this.#character(bits)))
        .join('');
      // Blanks stay outside of a style, so that they can be cut off.
      return line.trimEnd().replace(/o+|[^o ]+/g, (part) => style(part, part[0] === mark ? 'test' : 'train'));
    });
  }

  #character(bits: number): string {
    if (bits === 0) return ' ';
    if (this.#set === asciiSet) return this.#set.line;
    return String.fromCodePoint(
      brailleBits.reduce((code, bit, i) => code + ((bits >> i) & 1 ? bit : 0), 0x2800),
    );
  }
}

/** Unicode numbers the eight dots of a character down the left column, then the right, the lowest two last. */
const brailleBits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

function significant(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return value.toPrecision(3);
}

/** A point for each dot that the plot has across. */
const mostSamples = 2 * mostColumns;
/** A line through fewer epochs than these says little: then the steps are drawn. */
const fewEpochs = 8;

/** The loss over the steps of a training, each point the mean since the last one. Costs a division a step. */
export class LossSamples {
  readonly points: Point[] = [];
  /** In an epoch. */
  steps = 0;
  readonly #epochs: number;
  /** Of the last point: its place, and the sum of the epoch's losses up to it. */
  #last = { epoch: 0, step: 0, sum: 0 };

  /** @param epochs that will be trained, at most. */
  constructor(epochs: number) {
    this.#epochs = epochs;
  }

  /** Takes what `onProgress` of the trainer gets. */
  add({ epoch, step, steps, loss }: { epoch: number; step: number; steps: number; loss: number }): void {
    if (step % Math.ceil((this.#epochs * steps) / mostSamples) !== 0) return;
    const { epoch: lastEpoch, ...last } = this.#last;
    const since = lastEpoch === epoch ? last : { step: 0, sum: 0 };
    const sum = loss * step;
    this.steps = steps;
    this.points.push([(epoch - 1) * steps + step, (sum - since.sum) / (step - since.step)]);
    this.#last = { epoch, step, sum };
  }
}

/** What is drawn of a training: its epochs, or the steps where there are few epochs. */
export function trainingPlot(metrics: readonly EpochMetrics[], samples: LossSamples): LossPlot {
  const bySteps = metrics.length < fewEpochs;
  const scale = bySteps ? samples.steps : 1;
  const first = bySteps ? (samples.points[0]?.[0] ?? 0) : 0;
  return {
    unit: bySteps ? 'step' : 'epoch',
    train: bySteps ? samples.points : metrics.map(({ epoch, loss }) => [epoch, loss]),
    // A continued run has no steps of the epochs before.
    test: metrics
      .filter(({ epoch }) => epoch * scale >= first)
      .map(({ epoch, testLoss = Number.NaN }) => [epoch * scale, testLoss]),
  };
}

/** The picture for a terminal; no lines where `stream` is none. */
export function plotLines(
  metrics: readonly EpochMetrics[],
  samples: LossSamples,
  stream: NodeJS.WriteStream = process.stderr,
): string[] {
  if (!isInteractive(stream)) return [];
  return lossPlot(trainingPlot(metrics, samples), {
    columns: stream.columns || 80,
    unicode: isUtf8(),
    style: (text, series) => paint(series === 'train' ? 'blue' : 'yellow', text, stream),
  });
}
