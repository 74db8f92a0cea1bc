/** The data of a run: what is kept of it, and how it is loaded again as its training did. */
import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { type DataSource, type Dataset, type LoadOptions, loadDatasetFitting } from '../data/datasets.js';
import { backgroundLevel } from '../data/net-input.js';
import type { HeightWidth, PicturePreparation } from '../data/preparation.js';
import { knownSets } from '../data/known-sets.js';
import type { ResizeMethod } from '../data/resize.js';
import { DataError } from '../errors.js';
import { digitSize } from '../images/digit.js';
import type { Recipe } from '../training/recipes.js';
import type { RunConfig, RunDraft } from './config.js';

/**
 * What a run is trained on: what `loadDataset` gave, which can be loaded again, or images or rows of a program's own: then
 * `train` alone.
 */
export interface RunData extends Partial<Pick<DataSource, 'origin' | 'sha256' | 'preparation'>> {
  readonly train: Dataset;
}

/** What a run keeps of its data. */
export function describeData({ train, origin, sha256, preparation }: RunData): RunConfig['data'] {
  const [channels, height, width] = train.shape;
  const floats = train.images instanceof Float32Array;
  const pictures = train.shape.length === 3 && !floats;
  const inColour = channels === 3 ? { colour: true } : {};
  const { name, limit = null, transpose, skipEmptyClasses } = origin ?? { name: train.name };
  return {
    name,
    limit,
    sha256: sha256 ?? hashesOf(train),
    ...(transpose === undefined ? {} : { transpose }),
    ...(skipEmptyClasses ? { skipEmptyClasses } : {}),
    set: train.name,
    ...(floats ? { floats } : {}),
    // Rows of features and floats are no pictures that others could be prepared like.
    ...(pictures
      ? { preparation: preparation ?? { resize: 'fit', size: [height, width], ...inColour } }
      : {}),
    ...(pictures && channels === 1
      ? { background: backgroundLevel(train.images as Uint8Array, height, width) }
      : {}),
    ...(train.classNames === undefined ? {} : { classNames: train.classNames }),
  };
}

/** Of images that have no files: a run goes on with the same alone. */
function hashesOf({ images, labels, values }: RunData['train']): Record<string, string> {
  const hash = (data: Uint8Array | Float32Array) => createHash('sha256').update(data).digest('hex');
  return Object.fromEntries(
    Object.entries({ images, labels, values }).flatMap(([name, data]) =>
      data === undefined ? [] : [[name, hash(data)]],
    ),
  );
}

/** What of the options of `train` is of no account for a run that is continued. */
interface NewDataOptions {
  readonly offline: boolean;
  readonly size?: HeightWidth;
  readonly resize?: ResizeMethod;
  readonly colour?: boolean;
}

/** Loads what a new run is to be trained on. */
export function loadNewData({ data, recipe }: RunDraft, options: NewDataOptions): DataSource {
  const { offline, size, resize, colour } = options;
  return loadDatasetFitting(data.name, recipe.resize, {
    offline,
    ...(size === undefined ? {} : { size }),
    ...(resize === undefined ? {} : { resize }),
    ...(colour === undefined ? {} : { colour }),
    ...storedOptions(data),
  });
}

/**
 * Loads what a run was trained on: its own folder, limit, and way of preparing pictures.
 * @throws {DataError} for images that only the program had which trained the net
 */
export function loadRunData({ data, recipe }: RunDraft, options: LoadOptions = {}): DataSource {
  const { name, preparation } = data;
  if (!isAbsolute(name) && !knownSets.some((set) => set.name === name)) {
    throw new DataError(
      `data: expected a run whose data can be loaded but this one was trained on "${name}", images that its program ` +
        'made or read by itself. Hint: name other data with --data, or continue it in that program',
    );
  }
  return loadDatasetFitting(name, recipe.resize, {
    ...(preparation === undefined ? { resize: recipe.resize } : { preparation }),
    ...storedOptions(data),
    ...options,
  });
}

function storedOptions({ limit, transpose, skipEmptyClasses }: RunConfig['data']): LoadOptions {
  return {
    ...(limit === null ? {} : { limit }),
    ...(transpose === undefined ? {} : { transpose }),
    ...(skipEmptyClasses === undefined ? {} : { skipEmptyClasses }),
  };
}

/** How pictures are prepared for a net of which nothing is stored: as the recipe does with those of MNIST. */
export function recipePreparation(
  { resize }: Pick<Recipe, 'resize'>,
  [channels, height, width]: readonly number[],
): PicturePreparation {
  const size: HeightWidth = [height, width];
  return { resize, size, from: [digitSize, digitSize], ...(channels === 3 ? { colour: true } : {}) };
}
