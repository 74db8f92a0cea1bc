/** Decides, from the options alone, which run is started or continued and where it is written. */
import { dirname, resolve } from 'node:path';
import { type Generation, loadGeneration } from '../../../formats/generations.js';
import { UsageError } from '../../exit.js';
import type { OptionsOf } from '../../options/commands.js';
import { printable, printableMessage } from '../../terminal/printable.js';
import { parseRunConfig, type RunConfig, type RunDraft } from '../../../runs/config.js';
import { newRunConfig, resumedRunConfig } from './config.js';
import { checkFolder, checkNewRun, defaultRunPath } from './out-folder.js';
import { checkpointFile } from '../../../runs/path.js';

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

/** Where a run is written, and what it goes on from; nothing has been read yet. */
export interface Target {
  readonly path: string;
  /** The checkpoint that is continued. */
  readonly file?: string;
  /** The checkpoint's own folder: nobody else may train there while it is read. */
  readonly inPlace: boolean;
}

/** @throws {UsageError} for a run folder that cannot be used. */
export function findTarget(options: OptionsOf<'train'>): Target {
  const { out, recipe = 'fast', resume, tensorboard } = options;
  if (typeof tensorboard === 'string') checkFolder('--tensorboard', tensorboard);
  if (resume === undefined) {
    const path = out ?? defaultRunPath(recipe);
    checkNewRun(path);
    return { path, inPlace: false };
  }
  const file = checkpointFile(resumeSource(options));
  const path = out ?? dirname(file);
  const inPlace = resolve(path) === resolve(dirname(file));
  if (inPlace) checkFolder('--out', path);
  else checkNewRun(path);
  return { path, file, inPlace };
}

/**
 * Reads what is continued.
 * @throws {UsageError} for options that differ from the continued run.
 * @throws {DataError} for a checkpoint that is missing or corrupt.
 */
export function planTraining(options: OptionsOf<'train'>, { path, file }: Target): Plan {
  if (file === undefined) return { path, config: newRunConfig(options) };
  const generation = loadGeneration(file);
  const { checkpoint } = generation;
  const stored = parseRunConfig(checkpoint.config, generation.file);
  const config = resumedRunConfig(stored, options, generation.file);
  const { epochs } = config.recipe;
  const reached = checkpoint.epoch + (checkpoint.partialEpoch === undefined ? 0 : 1);
  if (epochs < reached) {
    throw new UsageError(
      `train: --epochs: expected at least ${reached}, the epoch in which ${generation.file} stands, but received ${epochs}`,
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
