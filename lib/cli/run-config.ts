/** What a run was started with: stored in its checkpoint and config.json, and held against a `--resume`. */
import { resolve } from 'node:path';
import type { PicturePreparation } from '../data/preparation.js';
import { knownSets } from '../data/registry.js';
import { resizeMethods } from '../data/resize.js';
import type { EngineName } from '../engines/engine.js';
import { ArgumentRangeError, ArgumentTypeError, DataError } from '../errors.js';
import { quoted } from '../formats/safetensors-header.js';
import { type Recipe, recipes, resolveRecipe, type RunRecipe } from '../training/recipes.js';
import { UsageError } from './exit.js';
import type { OptionsOf } from './options/commands.js';
import { packageVersion } from '../version.js';

export interface RunConfig {
  readonly rownet: string;
  readonly net: 'lenet5';
  /** The recipe as it was run: options have been worked in, and what it leaves to the data is settled. */
  readonly recipe: RunRecipe;
  readonly seed: number;
  readonly engine: EngineName;
  /** Instruction set level that the run was started at; rownet 0.1.0 did not store it. */
  readonly isa?: string;
  readonly data: {
    /** `mnist`, `fashion-mnist`, or an absolute path. */
    readonly name: string;
    /** What the data is called by its contents or its files, `emnist-letters`; rownet 0.1.0 did not store it. */
    readonly set?: string;
    readonly limit: number | null;
    /** As in DataSource. */
    readonly sha256: Readonly<Record<string, string>>;
    /** One a label, where they are more than numbers. */
    readonly classNames?: readonly string[];
    /** How the pictures got their size; rownet 0.1.0 did not store it, and did as the recipe says. */
    readonly preparation?: PicturePreparation;
    /** Grey level of the outermost pixels of the training's pictures in the median: dark or light around what they show. */
    readonly background?: number;
    /** As it was asked for; absent where the names of the files decide. */
    readonly transpose?: boolean;
    /** Absent for false. */
    readonly skipEmptyClasses?: boolean;
  };
}

/** A configuration before the data is loaded. */
export interface RunDraft extends Omit<RunConfig, 'recipe'> {
  readonly recipe: Recipe;
}

/** Labels are bytes. */
const MAX_CLASSES = 256;
/** Of a picture. */
const MAX_SIDE = 65_535;
/** No system opens a longer one. */
const MAX_PATH = 4096;

type TrainOptions = OptionsOf<'train'>;

/** A data set's name, or the folder made absolute, so that the run can be continued from anywhere. */
export function dataName(option: string | undefined): string {
  if (option === undefined) return 'mnist';
  return knownSets.some(({ name }) => name === option) ? option : resolve(option);
}

/** The configuration of a new run; its recipe is settled and `sha256` filled in once the data is loaded. */
export function newRunConfig(options: TrainOptions): RunDraft {
  const recipe = recipes[options.recipe ?? 'fast'];
  return {
    rownet: packageVersion(),
    net: 'lenet5',
    recipe: {
      ...recipe,
      epochs: options.epochs ?? recipe.epochs,
      batchSize: options.batchSize ?? recipe.batchSize,
      optimizer: { ...recipe.optimizer, lr: options.lr ?? recipe.optimizer.lr },
    },
    seed: options.seed ?? 1,
    engine: options.engine ?? 'auto',
    data: {
      name: dataName(options.data),
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
  const { recipe, seed, engine, data } = stored;
  const { resize, size } = data.preparation ?? { resize: recipe.resize, size: [32, 32] };
  const differences = [
    difference('--recipe', recipe.name, options.recipe),
    difference('--batch-size', recipe.batchSize, options.batchSize),
    difference('--lr', recipe.optimizer.lr, options.lr),
    difference('--seed', seed, options.seed),
    difference('--limit', data.limit ?? 'all images', options.limit),
    difference('--size', size.join('x'), options.size?.join('x')),
    difference('--resize', resize, options.resize),
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
    recipe: { ...recipe, epochs: options.epochs ?? recipe.epochs },
    engine: options.engine ?? engine,
    data: { ...data, name: options.data === undefined ? data.name : dataName(options.data) },
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

/**
 * Reads the configuration that a checkpoint holds.
 * @throws {DataError} when it holds none, or one of another form.
 */
export function parseRunConfig(value: unknown, where: string): RunConfig {
  const template: RunConfig = {
    ...newRunConfig({}),
    recipe: recipes.article,
    data: { name: '', limit: null, sha256: {} },
  };
  const path = firstMismatch(template, value, 'config') ?? optionalMismatch(value as RunConfig);
  const problem =
    path === undefined ? impossibleValue(value as RunConfig) : `${path} is missing or of another type`;
  if (problem === undefined) return value as RunConfig;
  throw new DataError(
    `${where}: expected the configuration of a rownet run but ${problem}. ` +
      'Hint: it must be a checkpoint that "rownet train" wrote',
  );
}

/** Of the fields that need not be there. */
function optionalMismatch({ data }: RunConfig): string | undefined {
  const { set, classNames, preparation, background, transpose, skipEmptyClasses } = data;
  if (set !== undefined && !isText(set)) return 'config.data.set';
  const namesFit =
    classNames === undefined ||
    (Array.isArray(classNames) && classNames.length <= MAX_CLASSES && classNames.every(isText));
  if (!namesFit) return 'config.data.classNames';
  if (preparation !== undefined && !isPreparation(preparation)) return 'config.data.preparation';
  if (background !== undefined && !isLevel(background)) return 'config.data.background';
  for (const [name, value] of Object.entries({ transpose, skipEmptyClasses })) {
    if (value !== undefined && typeof value !== 'boolean') return `config.data.${name}`;
  }
  return undefined;
}

function isPreparation(value: unknown): value is PicturePreparation {
  if (typeof value !== 'object' || value === null) return false;
  const { resize, size, from } = value as Partial<PicturePreparation>;
  return (
    resizeMethods.some((method) => method === resize) && isSize(size) && (from === undefined || isSize(from))
  );
}

function isLevel(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
}

function isSize(value: unknown): boolean {
  const isSide = (side: unknown) => Number.isInteger(side) && Number(side) >= 1 && Number(side) <= MAX_SIDE;
  return Array.isArray(value) && value.length === 2 && value.every(isSide);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Which value of the right type no run can have had. */
function impossibleValue({ net, recipe, seed, engine, data }: RunConfig): string | undefined {
  const { limit, sha256 } = data;
  if (net !== 'lenet5') return `config.net is ${quoted(net)}`;
  if (!Object.hasOwn(recipes, recipe.name)) return `config.recipe.name is ${quoted(recipe.name)}`;
  if (data.name.length > MAX_PATH) return `config.data.name is ${quoted(data.name)}`;
  if (!Number.isSafeInteger(seed) || seed < 0) return `config.seed is ${seed}`;
  if (!['auto', 'lanes', 'rows'].includes(engine)) return `config.engine is ${quoted(engine)}`;
  if (limit !== null && !(Number.isSafeInteger(limit) && limit > 0)) {
    return `config.data.limit is ${JSON.stringify(limit).slice(0, 80)}`;
  }
  const wrong = Object.entries(sha256).find(([, hash]) => typeof hash !== 'string');
  if (wrong !== undefined) return `config.data.sha256 of ${quoted(wrong[0])} is no text`;
  try {
    resolveRecipe(recipe);
    return undefined;
  } catch (error) {
    if (error instanceof ArgumentRangeError || error instanceof ArgumentTypeError) return error.message;
    throw error;
  }
}

/** Path of the first field of `template` that `value` lacks or holds as another type; null in it stands for anything. */
function firstMismatch(template: unknown, value: unknown, path: string): string | undefined {
  if (template === null) return value === undefined ? path : undefined;
  if (typeof template !== typeof value || value === null) return path;
  if (typeof template !== 'object') return undefined;
  for (const [key, field] of Object.entries(template)) {
    const mismatch = firstMismatch(field, (value as Record<string, unknown>)[key], `${path}.${key}`);
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}
