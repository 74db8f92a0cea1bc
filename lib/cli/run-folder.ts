/**
 * The folder of a run: config.json, machine.json, metrics.jsonl (a line an epoch), checkpoint.safetensors and its
 * previous generation, curves.svg. An epoch is written in the order metrics, checkpoint, curves: what a kill leaves can
 * be cut back to the checkpoint. A run starts with metrics, checkpoint, configuration: what holds neither checkpoint nor
 * configuration has not started.
 */
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readRegularFile, systemErrorText } from '../files.js';
import {
  isTemporary,
  makeFolder,
  removeTemporaries,
  WriteError,
  writeFileAtomic,
  writing,
} from '../formats/atomic-file.js';
import type { Checkpoint } from '../formats/checkpoint.js';
import { saveGeneration } from '../formats/generations.js';
import { type CurvePoint, curvesSvg } from '../plots/curves.js';
import { UsageError } from './exit.js';
import type { Lock } from './lock.js';
import type { RunConfig } from './run-config.js';

/** Where trainings write to, and where the newest run is looked for, in the working folder. */
export const runsFolder = 'runs';
export const checkpointName = 'checkpoint.safetensors';
const metricsName = 'metrics.jsonl';
/** A line takes less than 300 bytes, a warning aside, and a run has at most 100,000 epochs. */
const MAX_METRICS_BYTES = 32 * 2 ** 20;
const MAX_MACHINE_BYTES = 2 ** 20;
const LINE_FEED = 0x0a;

/** A line of metrics.jsonl. Accuracies are shares, losses means per image. */
export interface EpochMetrics extends CurvePoint {
  /** Of the training pass alone. */
  readonly seconds: number;
  /** Of the last step. */
  readonly lr: number;
  readonly imagesPerSecond: number;
  /** As in `EpochRecord`. */
  readonly warning?: string;
}

export class RunFolder {
  readonly path: string;
  #lock: Lock | undefined;

  constructor(path: string) {
    this.path = path;
  }

  get checkpoint(): string {
    return join(this.path, checkpointName);
  }

  /** Removes the temporary files of a process that was killed. From here on nothing is written where `lock` does not hold. */
  take(lock: Lock): void {
    this.#lock = lock;
    removeTemporaries(this.path);
  }

  /** `keep` as in saveGeneration. */
  writeCheckpoint(checkpoint: Checkpoint, { keep }: { keep: boolean }): void {
    this.#checkPlace();
    saveGeneration(this.checkpoint, checkpoint, { keep });
  }

  writeConfig(config: object): void {
    this.#replace('config.json', `${JSON.stringify(config, null, 2)}\n`);
  }

  /** What the run is trained on, and when. */
  writeMachine(machine: object): void {
    this.#replace('machine.json', `${JSON.stringify(machine, null, 2)}\n`);
  }

  /** Undefined where there is none, or none that can be read: it is for people. */
  readMachine(): object | undefined {
    try {
      const path = join(this.path, 'machine.json');
      const bytes = readRegularFile('runs', path, MAX_MACHINE_BYTES, 'remove it');
      const machine: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return typeof machine === 'object' && machine !== null ? machine : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws {WriteError} if that fails; what it leaves of the line is left out by `readMetrics`. */
  appendMetrics(metrics: EpochMetrics): void {
    const path = this.metricsPath;
    this.#checkPlace();
    const line = `${JSON.stringify(metrics)}\n`;
    writing(`write: ${path}`, 'to append a line', () => appendFileSync(path, line));
  }

  /**
   * The metrics of epochs 1 to `epoch`, the last line of each; lines past it, cut by a kill, or damaged are left out.
   * @throws {DataError} if there is something that is no readable file, or one larger than any run's
   */
  readMetrics(epoch: number): EpochMetrics[] {
    if (statsOf(this.metricsPath) === undefined) return [];
    const hint = 'it must be one that "rownet train" wrote';
    const bytes = readRegularFile('metrics', this.metricsPath, MAX_METRICS_BYTES, hint);
    const lines = [...linesOf(bytes)]
      .map(parseMetrics)
      .filter((metrics): metrics is EpochMetrics => metrics !== undefined && metrics.epoch <= epoch);
    return [...new Map(lines.map((metrics) => [metrics.epoch, metrics])).values()].sort(
      (a, b) => a.epoch - b.epoch,
    );
  }

  /** Replaces metrics.jsonl. */
  writeMetrics(metrics: readonly EpochMetrics[]): void {
    this.#replace(metricsName, metrics.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  writeCurves(title: string, metrics: readonly EpochMetrics[]): void {
    this.#replace('curves.svg', curvesSvg(title, metrics));
  }

  get metricsPath(): string {
    return join(this.path, metricsName);
  }

  #replace(name: string, text: string): void {
    this.#checkPlace();
    writeFileAtomic(join(this.path, name), new TextEncoder().encode(text));
  }

  /** @throws {WriteError} when the folder was moved or removed: what stands there now may be another run's. */
  #checkPlace(): void {
    if (this.#lock?.holds() ?? true) return;
    throw new WriteError(
      `write: ${this.path}: expected the folder in which this run was started but it was moved or removed. ` +
        'Hint: leave it where it is until the run has ended; a folder that was moved is continued by --resume',
    );
  }
}

/** What a run's curves and report are headed with. */
export function curvesTitle({ recipe, seed, data }: RunConfig): string {
  return `LeNet-5, recipe ${recipe.name}, ${basename(data.name)}, seed ${seed}`;
}

/** Lines that hold something: a file may be all line breaks. A byte order mark is none of the first one. */
function* linesOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  for (let begin = 0; begin < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, begin);
    const end = found < 0 ? bytes.length : found;
    if (end > begin) yield decoder.decode(bytes.subarray(begin, end));
    begin = end + 1;
  }
}

function parseMetrics(line: string): EpochMetrics | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && isSound(value as EpochMetrics)
    ? (value as EpochMetrics)
    : undefined;
}

/** Whether all that is shown or computed with is a number, and one that there can be. */
function isSound(metrics: EpochMetrics): boolean {
  const {
    epoch,
    seconds,
    loss,
    trainAccuracy,
    testLoss = 0,
    testAccuracy = 0,
    lr,
    imagesPerSecond = 0,
    warning = '',
  } = metrics;
  return (
    typeof warning === 'string' &&
    Number.isSafeInteger(epoch) &&
    epoch > 0 &&
    [seconds, loss, testLoss, lr, imagesPerSecond].every((value) => Number.isFinite(value) && value >= 0) &&
    [trainAccuracy, testAccuracy].every((share) => Number.isFinite(share) && share >= 0 && share <= 1)
  );
}

/** `runs/fast-20250131-174500`, in local time; a number follows where that exists already. */
export function defaultRunPath(recipe: string, now = new Date()): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}`;
  const time = `${pad(now.getHours())}${pad(now.getMinutes())}${pad(now.getSeconds())}`;
  const path = join(runsFolder, `${recipe}-${day}-${time}`);
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? path : `${path}-${count}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/**
 * Checks, without touching anything, that a new run can be written to `path`.
 * @throws {UsageError} when it is a file, a folder that holds something, or cannot be written.
 */
export function checkNewRun(path: string): void {
  checkFolder('--out', path);
  if (statsOf(path) === undefined) return;
  if (readdirSync(path).some((name) => name !== metricsName && !isTemporary(name))) {
    throw new UsageError(
      `train: --out: expected a new or empty folder but ${path} holds files. ` +
        `Hint: "--resume ${path}" continues a run`,
    );
  }
}

/**
 * Checks, without touching anything, that files can be created in `path`, or that it can be made.
 * @throws {UsageError} that names `option` when it is a file or cannot be written.
 */
export function checkFolder(option: string, path: string): void {
  const stats = statsOf(path);
  if (stats === undefined) {
    if (statsOf(path, lstatSync) !== undefined) {
      throw new UsageError(`train: ${option}: expected a folder but ${path} is a link to nothing`);
    }
    checkWritable(option, nearestFolder(option, path), path);
    return;
  }
  if (!stats.isDirectory()) {
    throw new UsageError(`train: ${option}: expected a folder but ${path} is a file`);
  }
  checkWritable(option, path, path);
}

/**
 * Makes the folder, as checked by `checkNewRun`.
 * @throws {WriteError} when that fails.
 */
export function createRunFolder(path: string): RunFolder {
  if (statsOf(path) === undefined) makeFolder('train: --out', path);
  return new RunFolder(path);
}

/**
 * Makes a folder under the default path, never one that another training makes at the same moment.
 * @throws {WriteError} when that fails.
 */
export function createDefaultRunFolder(recipe: string): RunFolder {
  for (;;) {
    const path = defaultRunPath(recipe);
    makeFolder('train', dirname(path));
    const isNew = writing(`train: ${path}`, 'a folder to write to', () => {
      try {
        mkdirSync(path);
        return true;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
        throw error;
      }
    });
    if (isNew) return new RunFolder(path);
  }
}

/**
 * What is at `path`; undefined when nothing is, and when the system does not let one see it: a folder that may not be
 * searched, links that lead in a circle. Reading or writing there then says why.
 */
export function statsOf(path: string, stat: (path: string) => Stats = statSync): Stats | undefined {
  try {
    return stat(path);
  } catch (error) {
    if (systemErrorText(error) === undefined) throw error;
    return undefined;
  }
}

/** The closest folder above `path` that exists. */
function nearestFolder(option: string, path: string): string {
  const parent = dirname(resolve(path));
  const stats = statsOf(parent);
  if (stats?.isDirectory()) return parent;
  if (stats !== undefined) {
    throw new UsageError(`train: ${option}: expected a folder but ${parent} is a file`);
  }
  return nearestFolder(option, parent);
}

/** @throws {UsageError} when nothing can be created in `folder`, which stands for `path`. */
function checkWritable(option: string, folder: string, path: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new UsageError(
      `train: ${option}: expected ${path} to be writable but ${folder} is not (${reason})`,
      { cause },
    );
  }
}
