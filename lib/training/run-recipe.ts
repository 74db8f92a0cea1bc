/** What a recipe leaves to the data, settled when a run starts. */
import type { Dataset } from '../data/datasets.js';
import { measureNormalization } from '../data/normalize.js';
import { DataError } from '../errors.js';
import type { Checkpoint } from '../formats/checkpoint.js';
import { checkInteger, checkObject } from '../kernels/checks.js';
import { type Recipe, type RunRecipe, resolveRecipe } from './recipes.js';

/** The run that `auto` starts from: `fast` on MNIST, whose rate and batches benchmarks/schedule/search.mjs found. */
const reference = { lr: 0.1, batchSize: 64, steps: 3 * 938 };
/** A run that would have fewer steps takes smaller batches, */
const ENOUGH_STEPS = 500;
/** down to as many images as the engine lanes computes side by side. */
const SMALLEST_BATCH = 16;

/**
 * The recipe with a number for all that is `auto` or `measured`; what is a number stays. The result is what a trainer
 * keeps, stores in `state()`, and goes on with after a resume.
 * @param train the images of the run; without their shape they have one channel.
 * @throws {TypeError | RangeError} for what is no recipe, and for what are no images.
 */
export function recipeForRun(
  given: Recipe,
  train: Pick<Dataset, 'images' | 'count'> & Partial<Pick<Dataset, 'shape'>>,
): RunRecipe {
  const recipe = resolveRecipe(given);
  checkObject('recipeForRun', 'a data set { images, labels, count, shape }', train);
  checkInteger('recipeForRun', 'count', train.count, 1, 2 ** 32 - 1);
  const batchSize = recipe.batchSize === 'auto' ? autoBatchSize(recipe, train.count) : recipe.batchSize;
  const { lr } = recipe.optimizer;
  const steps = recipe.epochs * stepsOfEpoch(recipe, train.count, batchSize);
  return {
    ...recipe,
    batchSize,
    normalization:
      recipe.normalization === 'measured'
        ? measureNormalization(train.images, train.shape)
        : recipe.normalization,
    optimizer: { ...recipe.optimizer, lr: lr === 'auto' ? autoRate(batchSize, steps) : lr },
  };
}

/** 64, halved until the run has enough steps. */
function autoBatchSize(recipe: Recipe, count: number): number {
  let { batchSize } = reference;
  while (
    batchSize > SMALLEST_BATCH &&
    recipe.epochs * stepsOfEpoch(recipe, count, batchSize) < ENOUGH_STEPS
  ) {
    batchSize /= 2;
  }
  return Math.max(1, Math.min(batchSize, count));
}

/**
 * The lower of two limits; nothing raises the rate. In proportion to the batch, as Goyal et al. (2017, arXiv:1706.02677)
 * scale it: with fewer images a step is noisier. And as the root of the number of steps: the fewer steps a warm-up has,
 * the lower the rate that it leads to without killing the ReLUs (Gilmer et al., 2021, arXiv:2110.04369, on why a warm-up
 * allows a higher one); the root is measured. benchmarks/schedule/small-search.mjs: on nets of one to six layers, 300 to
 * 10,000 images and batches of 1 to 64, training dies from about twice this rate on, and is best near it.
 */
function autoRate(batchSize: number, steps: number): number {
  const share = Math.min(1, batchSize / reference.batchSize, Math.sqrt(steps / reference.steps));
  return Number((reference.lr * share).toPrecision(3));
}

function stepsOfEpoch({ dropLast }: Recipe, count: number, batchSize: number): number {
  return dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
}

/**
 * The recipe that the checkpoint of a run holds: `resize` and `normalization` say how images are prepared for its
 * parameters.
 * @throws {DataError} for a checkpoint without one, such as a file of parameters alone.
 */
export function recipeOf(checkpoint: Pick<Checkpoint, 'config'>): RunRecipe {
  checkObject('recipeOf', 'a checkpoint', checkpoint);
  checkObject('recipeOf', 'a checkpoint with a config', checkpoint.config);
  const { recipe } = checkpoint.config as { readonly recipe?: Recipe };
  try {
    const known = resolveRecipe(recipe as Recipe);
    if (isSettled(known)) return known;
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    throw new DataError(
      `recipeOf: expected a checkpoint that holds the recipe of a run but ${cause.message}`,
      { cause },
    );
  }
  throw new DataError(
    'recipeOf: expected a recipe with numbers but received one of a run that has not begun',
  );
}

/** Whether nothing in it is left to the data. */
export function isSettled(recipe: Recipe): recipe is RunRecipe {
  const { batchSize, normalization, optimizer } = recipe;
  return batchSize !== 'auto' && normalization !== 'measured' && optimizer.lr !== 'auto';
}
