/** Decides, from the options alone, which run is started or continued and where it is written. */
import { dirname, join, resolve } from 'node:path';
import { DataError } from '../errors.js';
import { type Checkpoint, loadCheckpoint } from '../formats/checkpoint.js';
import { UsageError } from './exit.js';
import type { OptionsOf } from './options.js';
import { newRunConfig, parseRunConfig, type RunConfig, resumedRunConfig } from './run-config.js';
import { checkNewRun, checkpointName, checkWritable, defaultRunPath, statsOf } from './run-folder.js';

/** What is continued: its checkpoint, and the configuration stored in that. */
export interface ResumedRun {
  readonly file: string;
  readonly checkpoint: Checkpoint;
  readonly config: RunConfig;
}

export interface Plan {
  /** The run folder, as the user wrote it. */
  readonly path: string;
  readonly config: RunConfig;
  readonly resumed?: ResumedRun;
}

/**
 * @throws {UsageError} for a run folder that cannot be used, and for options that differ from the continued run.
 * @throws {DataError} for a checkpoint that is missing or corrupt.
 */
export function planTraining(options: OptionsOf<'train'>): Plan {
  if (options.resume === undefined) {
    const config = newRunConfig(options);
    const path = options.out ?? defaultRunPath(config.recipe.name);
    checkNewRun(path);
    return { path, config };
  }
  const file = checkpointFile(resumeSource(options));
  const checkpoint = loadCheckpoint(file);
  const stored = parseRunConfig(checkpoint.config, file);
  const config = resumedRunConfig(stored, options, file);
  const path = options.out ?? dirname(file);
  if (resolve(path) === resolve(dirname(file))) checkWritable(path, path);
  else checkNewRun(path);
  return { path, config, resumed: { file, checkpoint, config: stored } };
}

/** `--resume` alone continues the run in `--out`. */
function resumeSource({ resume, out }: OptionsOf<'train'>): string {
  if (typeof resume === 'string') return resume;
  if (out !== undefined) return out;
  throw new UsageError(
    'train: --resume: expected a run but received none. Hint: "--resume runs/mine", or "--resume --out runs/mine"',
  );
}

/** The checkpoint that a path means: itself, or the one in the run folder. */
export function checkpointFile(path: string): string {
  const stats = statsOf(path);
  if (stats === undefined) {
    throw new DataError(`checkpoint: expected a run folder or a checkpoint at ${path} but nothing is there`);
  }
  if (!stats.isDirectory()) return path;
  const file = join(path, checkpointName);
  if (statsOf(file) !== undefined) return file;
  throw new DataError(`checkpoint: expected ${checkpointName} in ${path} but there is none`);
}
