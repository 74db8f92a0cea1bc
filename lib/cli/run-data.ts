/** The data of a run, loaded as its training did. */
import { type DataSource, loadDatasetFitting, type LoadOptions } from '../data/datasets.js';
import type { HeightWidth, PicturePreparation } from '../data/preparation.js';
import type { ResizeMethod } from '../data/resize.js';
import { digitSize } from '../images/digit.js';
import type { Recipe } from '../training/recipes.js';
import type { RunConfig, RunDraft } from './run-config.js';

/** What of the options of `train` is of no account for a run that is continued. */
interface NewDataOptions {
  readonly offline: boolean;
  readonly size?: HeightWidth;
  readonly resize?: ResizeMethod;
}

/** Loads what a new run is to be trained on. */
export function loadNewData({ data, recipe }: RunDraft, options: NewDataOptions): DataSource {
  const { offline, size, resize } = options;
  return loadDatasetFitting(data.name, recipe.resize, {
    offline,
    ...(size === undefined ? {} : { size }),
    ...(resize === undefined ? {} : { resize }),
    ...storedOptions(data),
  });
}

/** Loads what a run was trained on: its own folder, limit, and way of preparing pictures. */
export function loadRunData({ data, recipe }: RunDraft, options: LoadOptions = {}): DataSource {
  const { name, preparation } = data;
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
  [, height, width]: readonly number[],
): PicturePreparation {
  return { resize, size: [height, width], from: [digitSize, digitSize] };
}
