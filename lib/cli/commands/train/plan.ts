/** Decides, from the options alone, which run is started or continued and where it is written. */
import { dirname, resolve } from 'node:path';
import { type Generation, loadGeneration } from '../../../formats/generations.js';
import { UsageError } from '../../exit.js';
import type { OptionsOf } from '../../options/commands.js';
import { printable, printableMessage } from '../../terminal/printable.js';
import {
  newRunConfig,
  parseRunConfig,
  type RunConfig,
  type RunDraft,
  resumedRunConfig,
} from '../../run-config.js';
import { checkFolder, checkNewRun, defaultRunPath } from '../../run-folder.js';
import { checkpointFile } from '../../run-path.js';

/** What is continued: its newest checkpoint that is whole, and the configuration stored in that. */
export interface ResumedRun extends Generation {
  readonly config: RunConfig;
}

export interface Plan {
  /** The run folder, as the user wrote it. */
  readonly path: string;
  readonly config: RunDraft;
  readonly resumed?: ResumedRun;
}

/**
 * @throws {UsageError} for a run folder that cannot be used, and for options that differ from the continued run.
 * @throws {DataError} for a checkpoint that is missing or corrupt.
 */
export function planTraining(options: OptionsOf<'train'>): Plan {
  if (typeof options.tensorboard === 'string') checkFolder('--tensorboard', options.tensorboard);
  if (options.resume === undefined) {
    const config = newRunConfig(options);
    const path = options.out ?? defaultRunPath(config.recipe.name);
    checkNewRun(path);
    return { path, config };
  }
  const generation = loadGeneration(checkpointFile(resumeSource(options)));
  const { file, checkpoint } = generation;
  const stored = parseRunConfig(checkpoint.config, file);
  const config = resumedRunConfig(stored, options, file);
  const path = options.out ?? dirname(file);
  if (resolve(path) === resolve(dirname(file))) checkFolder('--out', path);
  else checkNewRun(path);
  const { epochs } = config.recipe;
  const reached = checkpoint.epoch + (checkpoint.partialEpoch === undefined ? 0 : 1);
  if (epochs < reached) {
    throw new UsageError(
      `train: --epochs: expected at least ${reached}, the epoch in which ${file} stands, but received ${epochs}`,
    );
  }
  return { path, config, resumed: { ...generation, config: stored } };
}

/** `--resume` alone continues the run in `--out`. */
function resumeSource({ resume, out }: OptionsOf<'train'>): string {
  if (typeof resume === 'string') return resume;
  if (out !== undefined) return out;
  throw new UsageError(
    'train: --resume: expected a run but received none. Hint: "--resume runs/mine", or "--resume --out runs/mine"',
  );
}

/** Why a generation is not the newest, in two lines for a terminal; undefined if it is. */
export function fallbackLine({ file, checkpoint, fallback }: Generation): string | undefined {
  if (fallback === undefined) return undefined;
  return [
    printableMessage(fallback),
    `The generation before is used: ${checkpoint.generation}, in ${printable(file)}`,
  ].join('\n');
}
