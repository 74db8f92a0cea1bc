/** Shows how a training runs, on stderr: a bar on a terminal, plain lines elsewhere, nothing under `--quiet`. */
import { isInteractive } from './color.js';
import { grouped } from './output.js';

export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Steps of this epoch that are done. */
  readonly step: number;
  readonly steps: number;
  /** Running mean over this epoch, per image. */
  readonly loss: number;
  readonly imagesPerSecond: number;
  /** Seconds until the last epoch ends, evaluation not counted. */
  readonly secondsLeft: number;
}

export interface Reporter {
  update(progress: Progress): void;
  /** A line that stays; the bar, if there is one, moves below it. */
  log(line: string): void;
  /** Removes the bar. */
  clear(): void;
}

const barInterval = 100;
const lineInterval = 10_000;
const clearLine = '\r\u001b[K';

export function createReporter(quiet: boolean, stream: NodeJS.WriteStream = process.stderr): Reporter {
  if (quiet) return { update() {}, log() {}, clear() {} };
  return isInteractive(stream) ? barReporter(stream) : lineReporter(stream);
}

function barReporter(stream: NodeJS.WriteStream): Reporter {
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
      stream.write(`${clearLine}${progressLine(progress, (stream.columns || 80) - 1)}`);
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

/** `[=======>      ] epoch 2/5 ...`, at most `columns` wide; the bar takes what the text leaves. */
export function progressLine(progress: Progress, columns: number): string {
  const text = progressText(progress);
  const inside = Math.min(columns - text.length - 3, 30);
  if (inside < 5) return text.slice(0, columns);
  const filled = Math.round((progress.step / progress.steps) * inside);
  return `[${'='.repeat(filled).padEnd(inside)}] ${text}`;
}

export function progressText(progress: Progress): string {
  const { epoch, epochs, step, steps, loss, imagesPerSecond, secondsLeft } = progress;
  return (
    `epoch ${epoch}/${epochs}  step ${String(step).padStart(String(steps).length)}/${steps}  ` +
    `loss ${loss.toFixed(4)}  ${grouped(imagesPerSecond)} images/s  ${duration(secondsLeft)} left`
  );
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
