/** What runs a folder holds and how far they are, from their files alone. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DataError } from '../errors.js';
import { checkPath, readRegularFile, statsOf, systemErrorText } from '../files.js';
import { isLocked } from './lock.js';
import { parseRunConfig, type RunConfig } from './config.js';
import { RunFolder } from './folder.js';
import type { EpochMetrics } from './metrics.js';
import { recipeChanges } from './recipe-changes.js';
import { median } from './statistics.js';

/** Hundreds of times what "rownet train" writes. */
const MAX_CONFIG_BYTES = 2 ** 20;

/** A run, by the files of its folder. Names and paths are as the file system has them. */
export interface RunSummary {
  /** Of the run's folder. */
  readonly name: string;
  readonly path: string;
  readonly recipe: string;
  /** What of it the run changed, such as `adam` and `step:10:0.1`. */
  readonly changes: readonly string[];
  /** `lenet5`, `fc`; the file of the module that made it, or `custom`. */
  readonly net: string;
  readonly seed: number;
  /** `mnist`, `fashion-mnist`, or an absolute path. */
  readonly data: string;
  /** Completed. */
  readonly epochs: number;
  readonly plannedEpochs: number;
  /** Shares from 0 to 1; null before the first epoch is evaluated, and where none is right or wrong. */
  readonly bestTestAccuracy: number | null;
  readonly lastTestAccuracy: number | null;
  /** Median of the training passes; null before the first. */
  readonly secondsPerEpoch: number | null;
  /** That the run ended at the loss of guessing, and what to try. */
  readonly warning: string | null;
  /** When the run was last written to, in ISO 8601. */
  readonly date: string;
  /** `stopped` is a run that can be continued. */
  readonly state: 'finished' | 'stopped' | 'running';
  /** A line an epoch; those that are damaged are left out. */
  readonly metrics: readonly EpochMetrics[];
}

/** What a folder of runs holds. */
export interface RunList {
  /** The newest first. */
  readonly runs: readonly RunSummary[];
  /** What is wrong with each folder that holds no run, or one that is damaged. */
  readonly skipped: readonly string[];
}

/**
 * The runs in a folder, as `rownet runs --json` shows them; nothing of a run is loaded.
 *
 * ```js
 * const { runs } = await listRuns('runs');
 * const best = runs.sort((a, b) => b.bestTestAccuracy - a.bestTestAccuracy)[0];
 * ```
 * @throws {DataError} when `folder` is not there or cannot be read
 */
export async function listRuns(folder: string): Promise<RunList> {
  checkPath('listRuns', folder);
  const runs: RunSummary[] = [];
  const skipped: string[] = [];
  for (const name of folderNames(folder)) {
    try {
      runs.push(await readRun(folder, name));
    } catch (error) {
      if (!(error instanceof DataError) && systemErrorText(error) === undefined) throw error;
      skipped.push((error as Error).message);
    }
  }
  const newestFirst = (a: RunSummary, b: RunSummary) =>
    a.date === b.date ? compare(a.name, b.name) : compare(b.date, a.date);
  return { runs: runs.sort(newestFirst), skipped };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Sorted, so that what is skipped is told in the same order everywhere. */
function folderNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => statsOf(join(folder, name))?.isDirectory())
      .sort();
  } catch (cause) {
    const text = systemErrorText(cause);
    if (text === undefined) throw cause;
    throw new DataError(
      `runs: ${folder}: expected a folder of runs but received ${text}. Hint: "rownet train" writes to runs`,
      { cause },
    );
  }
}

async function readRun(folder: string, name: string): Promise<RunSummary> {
  const path = join(folder, name);
  const run = new RunFolder(path);
  const config = readConfig(join(path, 'config.json'));
  const { recipe, seed, data, net, netFile } = config;
  const stats = statsOf(run.metricsPath);
  if (stats === undefined || !stats.isFile()) {
    throw new DataError(`runs: ${run.metricsPath}: expected a file. Hint: the run folder is not complete`);
  }
  const metrics = run.readMetrics(recipe.epochs);
  const accuracies = metrics.flatMap(({ testAccuracy }) => (testAccuracy === undefined ? [] : testAccuracy));
  const epochs = metrics.at(-1)?.epoch ?? 0;
  const ended = epochs >= recipe.epochs || metrics.at(-1)?.earlyStop !== undefined;
  return {
    name,
    path,
    recipe: recipe.name,
    changes: recipeChanges(config),
    net: net === 'custom' && netFile !== undefined ? basename(netFile) : net,
    seed,
    data: data.name,
    epochs,
    plannedEpochs: recipe.epochs,
    bestTestAccuracy: accuracies.length === 0 ? null : accuracies.reduce((a, b) => Math.max(a, b)),
    lastTestAccuracy: accuracies.at(-1) ?? null,
    secondsPerEpoch: median(metrics.map(({ seconds }) => seconds)),
    warning: metrics.at(-1)?.warning ?? null,
    date: stats.mtime.toISOString(),
    state: (await isLocked(path)) ? 'running' : ended ? 'finished' : 'stopped',
    metrics,
  };
}

function readConfig(path: string): RunConfig {
  const hint = 'it must be one that "rownet train" wrote';
  const text = new TextDecoder().decode(readRegularFile('runs', path, MAX_CONFIG_BYTES, hint));
  try {
    return parseRunConfig(JSON.parse(text), `runs: ${path}`);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new DataError(`runs: ${path}: expected JSON but received ${cause.message}`, { cause });
  }
}
