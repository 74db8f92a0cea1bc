/** Shows how a training or a download runs, on stderr: a line that is rewritten on a terminal, plain lines elsewhere. */
import type { DownloadProgress } from '../../data/download.js';
import { isInteractive } from './color.js';
import { grouped, percent } from './output.js';
import { fitLine, shorterLines } from './width.js';

export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Steps of this epoch that are done. */
  readonly step: number;
  readonly steps: number;
  /** Running mean over this epoch, per image. */
  readonly loss: number;
  /** Share of this epoch's images that were recognised, each before its step; absent as in the training's progress. */
  readonly accuracy?: number;
  readonly imagesPerSecond: number;
  /** Seconds until the last epoch ends, evaluation not counted. */
  readonly secondsLeft: number;
}

export interface Reporter<Shown = Progress> {
  update(progress: Shown): void;
  /** A line that stays; the one that is rewritten, if there is one, moves below it. */
  log(line: string): void;
  /** Removes what is not meant to stay. */
  clear(): void;
}

const barInterval = 100;
const lineInterval = 10_000;
const clearLine = '\r\u001b[K';
/** Under `--quiet`. */
const silent = { update() {}, log() {}, clear() {} };

export function createReporter(quiet: boolean, stream: NodeJS.WriteStream = process.stderr): Reporter {
  if (quiet) return silent;
  return isInteractive(stream) ? rewritingReporter(stream, progressLine) : lineReporter(stream);
}

/** Of a download: nothing but what stays where there is no terminal. */
export function createDownloadReporter(
  quiet: boolean,
  stream: NodeJS.WriteStream = process.stderr,
): Reporter<Downloaded> {
  if (quiet) return silent;
  if (isInteractive(stream)) return rewritingReporter(stream, downloadText);
  return { ...silent, log: (line) => stream.write(`${line}\n`) };
}

/** A line that is rewritten; `text` makes it of at most so many columns. */
function rewritingReporter<Shown>(
  stream: NodeJS.WriteStream,
  text: (shown: Shown, columns: number) => string,
): Reporter<Shown> {
  let shown = false;
  let next = 0;
  const clear = () => {
    if (shown) stream.write(clearLine);
    shown = false;
  };
  return {
    update(progress) {
      const now = performance.now();
      if (now < next) return;
      next = now + barInterval;
      // One column stays free: a line as wide as the terminal wraps on some, and could not be rewritten.
      stream.write(`${clearLine}${text(progress, (stream.columns || 80) - 1)}`);
      shown = true;
    },
    log(line) {
      clear();
      stream.write(`${line}\n`);
    },
    clear,
  };
}

function lineReporter(stream: NodeJS.WriteStream): Reporter {
  let next = performance.now() + lineInterval;
  return {
    update(progress) {
      const now = performance.now();
      if (now < next) return;
      next = now + lineInterval;
      stream.write(`${progressText(progress)}\n`);
    },
    log(line) {
      next = performance.now() + lineInterval;
      stream.write(`${line}\n`);
    },
    clear() {},
  };
}

/** A bar that is narrower says nothing. */
const leastBar = 8;
const mostBar = 30;

/**
 * `[=======       ]  epoch 2/5 ...`, at most `columns` wide. The bar takes what the text leaves. Where there is no room
 * parts give way: the speed, the step, the time, the bar, the accuracy, the loss.
 */
export function progressLine(progress: Progress, columns: number): string {
  const texts = progressTexts(progress);
  const beside = texts.slice(0, textsWithBar).find((text) => text.length + leastBar + 4 <= columns);
  if (beside === undefined) return fitLine(texts, columns);
  const inside = Math.min(columns - beside.length - 4, mostBar);
  const filled = Math.round((progress.step / progress.steps) * inside);
  return `[${'='.repeat(filled).padEnd(inside)}]  ${beside}`;
}

/** All there is to say. */
export function progressText(progress: Progress): string {
  return progressTexts(progress)[0];
}

/** Loss and accuracy are worth more than the bar. */
const textsWithBar = 4;

function progressTexts(progress: Progress): string[] {
  const { epoch, epochs, step, steps, loss, accuracy, imagesPerSecond, secondsLeft } = progress;
  return shorterLines([
    { text: `epoch ${epoch}/${epochs}`, rank: 0 },
    { text: `step ${String(step).padStart(String(steps).length)}/${steps}`, rank: 4 },
    { text: `loss ${loss.toFixed(4)}`, rank: 1 },
    ...(accuracy === undefined ? [] : [{ text: `train ${percent(accuracy)}`, rank: 2 }]),
    { text: `${grouped(imagesPerSecond)} images/s`, rank: 5 },
    { text: `${duration(secondsLeft)} left`, rank: 3 },
  ]);
}

/** A file on its way, and how far it is. */
export interface Downloaded extends DownloadProgress {
  readonly file: string;
}

/** `train-images-idx3-ubyte.gz  3.2 of 9.9 MB`. */
export function downloadText(
  { file, received, total }: Downloaded,
  columns = Number.POSITIVE_INFINITY,
): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const of = total === undefined ? '' : ` of ${megabytes(total)}`;
  return `${file}  ${megabytes(received)}${of} MB`.slice(0, columns);
}

/** `7 s`, `2 min 05 s`, `1 h 02 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (!Number.isFinite(whole)) return '?';
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}
