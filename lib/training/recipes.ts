/** How a net is trained: everything but the data, the net and the seed. */
import type { Normalization } from '../data/normalize.js';
import type { ShuffleMode } from '../data/batches.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName, valueText } from '../tensor.js';

/**
 * How a net is trained: everything but the data, the net and the seed. `{ ...recipes.fast, epochs: 5 }` changes one
 * value.
 */
export interface Recipe {
  readonly name: 'fast' | 'article';
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images a step. */
  readonly batchSize: number;
  /** How 28x28 images become 32x32; for whoever loads the data. */
  readonly resize: 'pad' | 'bilinear';
  /** Pixels reach the net as `pixel * scale + shift`. */
  readonly normalization: Normalization;
  /** Initial parameters; for whoever makes the net. */
  readonly init: 'he' | 'article';
  /** Whether gradients are of the mean or of the sum of a batch's losses. Losses are reported as means anyway. */
  readonly loss: 'mean' | 'sum';
  /** `mean`: the gradient of a bias is divided by the rows it was summed over (N*outH*outW for a convolution, N for a
   * linear layer). */
  readonly biasGradient: 'sum' | 'mean';
  readonly shuffle: ShuffleMode;
  /** Whether a last batch of fewer than `batchSize` images is left out. */
  readonly dropLast: boolean;
  readonly optimizer: {
    /** Learning rate; the peak of it under a schedule. */
    readonly lr: number;
    readonly momentum: number;
    readonly nesterov: boolean;
    /** Added to the gradient as `weightDecay * weight`; biases have none. */
    readonly weightDecay: number;
  };
  readonly schedule: 'constant' | 'oneCycle';
  /** Share of all steps in which `oneCycle` climbs to its peak. */
  readonly warmup: number;
}

/**
 * Mean and standard deviation of the 60,000 MNIST training images padded to 32x32, in units where white is 1: measured
 * 0.1000369 and 0.2752173 (0.1306605 and 0.3081078 before padding).
 */
const padded = { mean: 0.1, deviation: 0.2752 };

/** `fast` is our own, for the fewest seconds; `article` repeats the article's run step by step. */
export const recipes: { readonly fast: Recipe; readonly article: Recipe } = {
  /** Our own: to the article's 99.04 % in as few seconds as possible. benchmarks/schedule found the schedule. */
  fast: {
    name: 'fast',
    epochs: 3,
    batchSize: 64,
    resize: 'pad',
    normalization: { scale: 1 / (255 * padded.deviation), shift: -padded.mean / padded.deviation },
    init: 'he',
    loss: 'mean',
    biasGradient: 'sum',
    shuffle: 'everyEpoch',
    dropLast: false,
    optimizer: { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 2e-3 },
    schedule: 'oneCycle',
    warmup: 0.3,
  },
  /**
   * The article's run: gradients summed over the batch, those of biases divided by their rows,
   * `W -= lr * (dW + reg * W)`, `b -= lr * db`, lr and reg 1e-3, one shuffle for all epochs, 468 whole batches.
   */
  article: {
    name: 'article',
    epochs: 25,
    batchSize: 128,
    resize: 'bilinear',
    normalization: { scale: 1 / 255, shift: -0.5 },
    init: 'article',
    loss: 'sum',
    biasGradient: 'mean',
    shuffle: 'once',
    dropLast: true,
    optimizer: { lr: 1e-3, momentum: 0, nesterov: false, weightDecay: 1e-3 },
    schedule: 'constant',
    warmup: 0,
  },
};

/** What may replace single values of a recipe. */
export interface RecipeOverrides {
  readonly lr?: number | undefined;
  readonly batchSize?: number | undefined;
}

/**
 * A recipe by name, or the given one, with single values replaced.
 * @throws {ArgumentTypeError} if it is neither.
 * @throws {ArgumentRangeError} for an unknown name, and for a value that no training can have.
 */
export function resolveRecipe(
  nameOrRecipe: 'fast' | 'article' | Recipe,
  overrides: RecipeOverrides = {},
): Recipe {
  const base = typeof nameOrRecipe === 'string' ? named(nameOrRecipe) : nameOrRecipe;
  checkNames(base);
  const recipe = pick(recipeNames, base);
  const optimizer = pick(optimizerNames, recipe.optimizer);
  const { lr = optimizer.lr, batchSize = recipe.batchSize } = overrides;
  const resolved: Recipe = {
    ...recipe,
    batchSize,
    normalization: pick(normalizationNames, recipe.normalization),
    optimizer: { ...optimizer, lr },
  };
  check(resolved);
  return resolved;
}

const recipeNames: OptionNames<Recipe> = {
  name: true,
  epochs: true,
  batchSize: true,
  resize: true,
  normalization: true,
  init: true,
  loss: true,
  biasGradient: true,
  shuffle: true,
  dropLast: true,
  optimizer: true,
  schedule: true,
  warmup: true,
};
const optimizerNames: OptionNames<Recipe['optimizer']> = {
  lr: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
};
const normalizationNames: OptionNames<Normalization> = { scale: true, shift: true };

function checkNames(recipe: Recipe): void {
  if (typeof recipe !== 'object' || recipe === null) {
    throw new ArgumentTypeError(
      `recipe: expected 'fast', 'article' or a whole recipe but received ${typeName(recipe)}. ` +
        'Hint: { ...recipes.fast, epochs: 3 } changes a single value',
    );
  }
  checkOptions('recipe', recipe, recipeNames, '{ ...recipes.fast, epochs: 3 }');
  const { optimizer, normalization } = recipe;
  checkOptions('recipe: optimizer', optimizer, optimizerNames, '{ ...recipes.fast.optimizer, lr: 0.05 }');
  checkOptions('recipe: normalization', normalization, normalizationNames, 'recipes.fast.normalization');
}

/** A copy that has as its own what `from` has or inherits. */
function pick<Options extends object>(names: OptionNames<Options>, from: Options): Options {
  const entries = (Object.keys(names) as (keyof Options)[]).map((name) => [name, from[name]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as unknown as Options;
}

function named(name: string): Recipe {
  if (name === 'fast' || name === 'article') return recipes[name];
  throw new ArgumentRangeError(`recipe: expected 'fast' or 'article' but received ${valueText(name)}`);
}

function check(recipe: Recipe): void {
  const { optimizer, normalization } = recipe;
  integer('epochs', recipe.epochs);
  integer('batchSize', recipe.batchSize);
  demand(
    'lr',
    Number.isFinite(optimizer.lr) && optimizer.lr > 0,
    'a finite number above 0, such as 0.1',
    optimizer.lr,
  );
  demand(
    'momentum',
    Number.isFinite(optimizer.momentum) && optimizer.momentum >= 0 && optimizer.momentum < 1,
    'a number from 0 up to, not including, 1',
    optimizer.momentum,
  );
  demand(
    'weightDecay',
    Number.isFinite(optimizer.weightDecay) && optimizer.weightDecay >= 0,
    'a finite number from 0',
    optimizer.weightDecay,
  );
  oneOf('nesterov', optimizer.nesterov, [true, false]);
  oneOf('dropLast', recipe.dropLast, [true, false]);
  demand(
    'nesterov',
    !optimizer.nesterov || optimizer.momentum > 0,
    'false without momentum',
    optimizer.nesterov,
  );
  const { warmup } = recipe;
  demand('warmup', Number.isFinite(warmup) && warmup >= 0 && warmup <= 1, 'a share from 0 to 1', warmup);
  demand('normalization.scale', Number.isFinite(normalization.scale), 'a finite number', normalization.scale);
  demand('normalization.shift', Number.isFinite(normalization.shift), 'a finite number', normalization.shift);
  oneOf('schedule', recipe.schedule, ['constant', 'oneCycle']);
  oneOf('loss', recipe.loss, ['mean', 'sum']);
  oneOf('biasGradient', recipe.biasGradient, ['sum', 'mean']);
  oneOf('shuffle', recipe.shuffle, ['everyEpoch', 'once', 'none']);
}

function integer(name: string, value: number): void {
  demand(name, Number.isSafeInteger(value) && value >= 1, 'an integer from 1', value);
}

function oneOf<T extends string | boolean>(name: string, value: T, allowed: readonly T[]): void {
  const texts = allowed.map((one) => (typeof one === 'string' ? `'${one}'` : one));
  demand(name, allowed.includes(value), texts.join(' or '), value);
}

function demand(name: string, fits: boolean, expected: string, received: unknown): void {
  if (fits) return;
  throw new ArgumentRangeError(`recipe: ${name}: expected ${expected} but received ${valueText(received)}`);
}
