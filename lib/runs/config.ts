/** What a run was started with: stored in its checkpoint and config.json, and held against a `--resume`. */
import { basename } from 'node:path';
import type { PicturePreparation } from '../data/preparation.js';
import { resizeMethods } from '../data/resize.js';
import type { EngineName } from '../engines/engine.js';
import { ArgumentRangeError, ArgumentTypeError, DataError } from '../errors.js';
import { quoted } from '../formats/safetensors-header.js';
import { netKinds } from '../nets/kinds.js';
import { isNetName, type NetName } from '../nets/names.js';
import { type Recipe, type RunRecipe, recipes, resolveRecipe } from '../training/recipes.js';
import { checkStoredSettings, type TrainingSettings } from '../training/settings.js';

/** What a run was started with, as its checkpoint and config.json hold it. */
export interface RunConfig {
  readonly rownet: string;
  /** `custom`: another net of a program or a module. What it is made of says the checkpoint's architecture. */
  readonly net: NetName | 'custom';
  /** The module that made it for `rownet train --net`, an absolute path. */
  readonly netFile?: string;
  /** What the net was made for, where the architecture does not say it. */
  readonly netOptions?: { readonly classes?: number; readonly dropout?: number };
  /** The recipe as it was run: options have been worked in, and what it leaves to the data is settled. */
  readonly recipe: RunRecipe;
  readonly seed: number;
  readonly engine: EngineName;
  /** What is kept of the trainer's options; absent: none. */
  readonly settings?: TrainingSettings;
  /** Instruction set level that the run was started at; rownet 0.1.0 did not store it. */
  readonly isa?: string;
  readonly data: {
    /** A known set, such as `mnist`, an absolute path, or what a program calls images that only it has. */
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
    /** Floats, which no file of a picture holds; absent for bytes. */
    readonly floats?: boolean;
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

/** What every configuration has: null stands for a value of any type. What optimizer and schedule need, `resolveRecipe` knows. */
const template: RunConfig = {
  rownet: '',
  net: 'lenet5',
  recipe: {
    ...recipes.article,
    normalization: { scale: null, shift: null } as unknown as RunRecipe['normalization'],
    optimizer: { lr: 1 } as RunRecipe['optimizer'],
    schedule: null as unknown as RunRecipe['schedule'],
  },
  seed: 1,
  engine: 'auto',
  data: { name: '', limit: null, sha256: {} },
};
/** Labels are bytes. */
export const MAX_CLASSES = 256;
/** Of a picture. */
export const MAX_SIDE = 65_535;
/** No system opens a longer one. */
const MAX_PATH = 4096;

/**
 * Reads the configuration that a checkpoint holds.
 * @throws {DataError} when it holds none, or one of another form.
 */
export function parseRunConfig(value: unknown, where: string): RunConfig {
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
function optionalMismatch({ data, netFile, netOptions }: RunConfig): string | undefined {
  if (netFile !== undefined && !isText(netFile)) return 'config.netFile';
  if (netOptions !== undefined && !areNumbers(netOptions)) return 'config.netOptions';
  const { set, classNames, preparation, background, floats, transpose, skipEmptyClasses } = data;
  if (set !== undefined && !isText(set)) return 'config.data.set';
  const namesFit =
    classNames === undefined ||
    (Array.isArray(classNames) && classNames.length <= MAX_CLASSES && classNames.every(isText));
  if (!namesFit) return 'config.data.classNames';
  if (preparation !== undefined && !isPreparation(preparation)) return 'config.data.preparation';
  if (background !== undefined && !isLevel(background)) return 'config.data.background';
  for (const [name, value] of Object.entries({ floats, transpose, skipEmptyClasses })) {
    if (value !== undefined && typeof value !== 'boolean') return `config.data.${name}`;
  }
  return undefined;
}

function areNumbers(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(Number.isFinite);
}

function isPreparation(value: unknown): value is PicturePreparation {
  if (typeof value !== 'object' || value === null) return false;
  const { resize, size, from, colour } = value as Partial<PicturePreparation>;
  return (
    resizeMethods.some((method) => method === resize) &&
    isSize(size) &&
    (from === undefined || isSize(from)) &&
    (colour === undefined || typeof colour === 'boolean')
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
function impossibleValue({ net, recipe, seed, engine, data, settings }: RunConfig): string | undefined {
  const { limit, sha256 } = data;
  if (net !== 'custom' && !isNetName(net)) return `config.net is ${quoted(net)}`;
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
    if (settings !== undefined) checkStoredSettings('config.settings', settings);
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

/** What a run's curves and report are headed with. */
export function runTitle(config: RunConfig): string {
  const { recipe, seed, data } = config;
  return `${netTitle(config)}, recipe ${recipe.name}, ${basename(data.name)}, seed ${seed}`;
}

/** `LeNet-5`; of a module its file. */
export function netTitle({ net, netFile }: Pick<RunConfig, 'net' | 'netFile'>): string {
  if (net !== 'custom') return netKinds[net].title;
  return netFile === undefined ? 'Net' : basename(netFile);
}
