/** The configuration of a new run, from its options, and what they may say of a run that is continued. */
import { resolve } from 'node:path';
import { absoluteName } from '../../../data/registry.js';
import { checkedAugmentation } from '../../../engines/augment.js';
import { isNetName } from '../../../nets/names.js';
import type { RunConfig, RunDraft } from '../../../runs/config.js';
import { augmentText, scheduleName } from '../../../runs/recipe-changes.js';
import type { BestMeasure } from '../../../training/best.js';
import type { RecipeSchedule } from '../../../training/schedules.js';
import type { TrainingSettings } from '../../../training/settings.js';
import { packageVersion } from '../../../version.js';
import { UsageError } from '../../exit.js';
import type { OptionsOf } from '../../options/commands.js';
import { newRecipe } from './recipe.js';

type TrainOptions = OptionsOf<'train'>;

/** The configuration of a new run; its recipe is settled and `sha256` filled in once the data is loaded. */
export function newRunConfig(options: TrainOptions): RunDraft {
  return {
    rownet: packageVersion(),
    ...netConfig(options),
    recipe: newRecipe(options),
    ...newSettings(options),
    seed: options.seed ?? 1,
    engine: options.engine ?? 'auto',
    data: {
      name: absoluteName(options.data ?? 'mnist'),
      limit: options.limit ?? null,
      sha256: {},
      ...(options.transpose === undefined ? {} : { transpose: isYes(options.transpose) }),
      ...(options.skipEmptyClasses === undefined ? {} : { skipEmptyClasses: true }),
    },
  };
}

/**
 * The configuration of a continued run: the stored one, with `--epochs` as the new end and `--engine` from here on.
 * `--data` may name another place for the same files.
 * @throws {UsageError} that lists every other option that differs from the run.
 */
export function resumedRunConfig(stored: RunConfig, options: TrainOptions, where: string): RunConfig {
  const { recipe, seed, engine, data, settings = {} } = stored;
  const usual = { resize: recipe.resize, size: [32, 32], colour: false };
  const { resize, size, colour } = data.preparation ?? usual;
  const differences = [
    // Of a module what it makes counts, which is held against the checkpoint.
    difference('--net', stored.net, isNetName(options.net) ? options.net : undefined),
    difference('--dropout', stored.netOptions?.dropout ?? 'as the net does', options.dropout),
    difference('--recipe', recipe.name, options.recipe),
    difference('--batch-size', recipe.batchSize, options.batchSize),
    difference('--lr', recipe.optimizer.lr, options.lr),
    difference('--optimizer', recipe.optimizer.kind ?? 'sgd', options.optimizer),
    difference('--schedule', scheduleName(recipe.schedule), askedSchedule(recipe.schedule, options.schedule)),
    difference('--warmup', recipe.warmup, options.warmup),
    difference(
      '--keep-best',
      settings.keepBest ?? 'off',
      options.keepBest === undefined ? undefined : figureName(options.keepBest),
    ),
    difference('--patience', settings.patience ?? 'off', options.patience),
    difference('--averaging', settings.averaging?.decay ?? 'off', options.averaging),
    difference(
      '--augment',
      augmentText(settings.augment) ?? 'off',
      options.augment && augmentText(changesOf(options.augment)),
    ),
    difference('--freeze', settings.freeze?.join(',') ?? 'off', options.freeze?.join(',')),
    difference('--seed', seed, options.seed),
    difference('--limit', data.limit ?? 'all images', options.limit),
    difference('--size', size.join('x'), options.size?.join('x')),
    difference('--resize', resize, options.resize),
    difference('--colour', colour ? 'yes' : 'no', options.colour && 'yes'),
    difference(
      '--transpose',
      transposeText(data.transpose),
      options.transpose && transposeText(isYes(options.transpose)),
    ),
    difference(
      '--skip-empty-classes',
      data.skipEmptyClasses ? 'yes' : 'no',
      options.skipEmptyClasses && 'yes',
    ),
  ].filter((line) => line !== undefined);
  refuseDifferences(where, differences);
  return {
    ...stored,
    rownet: packageVersion(),
    ...(options.net === undefined || isNetName(options.net) ? {} : { netFile: resolve(options.net) }),
    recipe: { ...recipe, epochs: options.epochs ?? recipe.epochs },
    engine: options.engine ?? engine,
    data: { ...data, name: options.data === undefined ? data.name : absoluteName(options.data) },
  };
}

/** A patience needs a figure to wait for. */
function newSettings(options: TrainOptions): Pick<RunDraft, 'settings'> {
  const { keepBest, patience, averaging, augment, freeze } = options;
  const figure = keepBest ?? (patience === undefined ? undefined : true);
  const settings: TrainingSettings = {
    ...(figure === undefined ? {} : { keepBest: figureName(figure) }),
    ...(patience === undefined ? {} : { patience }),
    ...(averaging === undefined ? {} : { averaging: { decay: averaging } }),
    ...(augment === undefined ? {} : { augment: changesOf(augment) }),
    ...(freeze === undefined ? {} : { freeze }),
  };
  return Object.keys(settings).length === 0 ? {} : { settings };
}

/** @throws {UsageError} for a number that is none of the change. */
function changesOf(augment: NonNullable<TrainOptions['augment']>): NonNullable<TrainingSettings['augment']> {
  try {
    return checkedAugmentation('train: --augment', augment);
  } catch (cause) {
    if (cause instanceof RangeError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}

/** `--keep-best` alone is the accuracy. */
function figureName(figure: NonNullable<TrainOptions['keepBest']>): BestMeasure {
  return figure === true ? 'testAccuracy' : figure;
}

/** What of it the option says: `step` alone is any. */
function askedSchedule(stored: RecipeSchedule, asked: TrainOptions['schedule']): string | undefined {
  if (asked === undefined) return undefined;
  return scheduleName({
    ...(typeof stored === 'object' && stored.kind === asked.kind ? stored : {}),
    ...asked,
  } as RecipeSchedule);
}

/** A path where it is no name. */
function netConfig({
  net = 'lenet5',
  dropout,
}: TrainOptions): Pick<RunDraft, 'net' | 'netFile' | 'netOptions'> {
  return {
    ...(isNetName(net) ? { net } : { net: 'custom', netFile: resolve(net) }),
    ...(dropout === undefined ? {} : { netOptions: { dropout } }),
  };
}

/** `--transpose` alone is yes. */
export function isYes(option: 'yes' | 'no' | true): boolean {
  return option !== 'no';
}

function transposeText(transpose: boolean | undefined): string {
  if (transpose === undefined) return 'as the files are called';
  return transpose ? 'yes' : 'no';
}

/** @throws {UsageError} when the files are not those that the run was started on. */
export function checkSameData(
  stored: RunConfig,
  sha256: Readonly<Record<string, string>>,
  where: string,
): void {
  const names = new Set([...Object.keys(stored.data.sha256), ...Object.keys(sha256)]);
  const differences = [...names]
    .map((name) =>
      difference(`SHA-256 of ${name}`, stored.data.sha256[name] ?? 'none', sha256[name] ?? 'none'),
    )
    .filter((line) => line !== undefined);
  refuseDifferences(where, differences);
}

function difference(
  name: string,
  stored: string | number,
  given: string | number | undefined,
): string | undefined {
  return given === undefined || given === stored
    ? undefined
    : `  ${name}: ${stored} in the run, ${given} here`;
}

function refuseDifferences(where: string, differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new UsageError(
    [
      `train: --resume: expected the configuration of ${where} but received other values:`,
      ...differences,
      'Hint: leave these options out to continue the run, or start a new one without --resume',
    ].join('\n'),
  );
}
