/**
 * The folder of a run: config.json, machine.json, metrics.jsonl (a line an epoch), checkpoint.safetensors and its
 * previous generation, curves.svg. An epoch is written in the order metrics, checkpoint, curves: what a kill leaves can
 * be cut back to the checkpoint. A run starts with metrics, checkpoint, configuration: what holds neither checkpoint nor
 * configuration has not started.
 */
import { accessSync, appendFileSync, constants, lstatSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '../errors.js';
import { readRegularFile, statsOf } from '../files.js';
import {
  isTemporary,
  makeFolder,
  removeTemporaries,
  WriteError,
  writeFileAtomic,
  writing,
} from '../formats/atomic-file.js';
import { saveGeneration } from '../formats/generations.js';
import { curvesSvg } from '../plots/curves.js';
import type { Lock } from './lock.js';
import { type EpochMetrics, parseMetrics } from './metrics.js';
import { type Checkpoint, saveCheckpoint } from '../formats/checkpoint.js';

/** Where trainings write to, and where the newest run is looked for, in the working folder. */
export const runsFolder = 'runs';
export const checkpointName = 'checkpoint.safetensors';
export const bestName = 'checkpoint-best.safetensors';
const metricsName = 'metrics.jsonl';
/** A line takes less than 300 bytes, a warning aside, and a run has at most 100,000 epochs. */
const MAX_METRICS_BYTES = 32 * 2 ** 20;
const MAX_MACHINE_BYTES = 2 ** 20;

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

  release(): void {
    this.#lock?.release();
  }

  /** `keep` as in saveGeneration. */
  writeCheckpoint(checkpoint: Checkpoint, { keep }: { keep: boolean }): void {
    this.#checkPlace();
    saveGeneration(this.checkpoint, checkpoint, { keep });
  }

  /** The best epoch so far, in place of the one before. */
  writeBest(checkpoint: Checkpoint): void {
    this.#checkPlace();
    saveCheckpoint(join(this.path, bestName), checkpoint);
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
    return parseMetrics(bytes, epoch);
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

/** Whether a folder holds what a new run must not be mixed with; metrics alone are of one that has not started. */
export function holdsFiles(path: string): boolean {
  if (statsOf(path) === undefined) return false;
  return readdirSync(path).some((name) => name !== metricsName && !isTemporary(name));
}

/** Why files cannot be created in `path`, or why it cannot be made; undefined if they can. Nothing is touched. */
export function folderProblem(path: string): string | undefined {
  const stats = statsOf(path);
  if (stats?.isDirectory()) return writeProblem(path, path);
  if (stats !== undefined) return `expected a folder but ${path} is a file`;
  if (statsOf(path, lstatSync) !== undefined) return `expected a folder but ${path} is a link to nothing`;
  let above = dirname(resolve(path));
  while (statsOf(above) === undefined) above = dirname(above);
  if (!statsOf(above)?.isDirectory()) return `expected a folder but ${above} is a file`;
  return writeProblem(above, path);
}

/** Why nothing can be created in `folder`, which stands for `path`. */
function writeProblem(folder: string, path: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return `expected ${path} to be writable but ${folder} is not (${errorCode(error) ?? String(error)})`;
  }
}

/**
 * Makes the folder, in which `folderProblem` has found none.
 * @throws {WriteError} when that fails.
 */
export function createRunFolder(where: string, path: string): RunFolder {
  if (statsOf(path) === undefined) makeFolder(where, path);
  return new RunFolder(path);
}
