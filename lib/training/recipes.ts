/** How a net is trained: everything but the data, the net and the seed. */
import type { Normalization } from '../data/normalize.js';
import type { ShuffleMode } from '../data/batches.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { CrossEntropyLoss } from '../losses/cross-entropy.js';
import { type LossKind, lossKinds } from '../losses/kinds.js';
import type { Loss } from '../losses/loss.js';
import {
  checkSettingNames,
  createOptimizer,
  type OptimizerSettings,
  settingNames,
} from '../optimizers/kinds.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { OptimizerTarget } from '../optimizers/rule-optimizer.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName, valueText } from '../tensor.js';
import { checkedSchedule, type RecipeSchedule } from './schedules.js';

/**
 * How a net is trained: everything but the data, the net and the seed. `{ ...recipes.fast, epochs: 5 }` changes one
 * value. What is `auto` or `measured` gets its number when a run starts, from its images and its length: see
 * `recipeForRun`. A number in its place is taken as it is.
 */
export interface Recipe {
  readonly name: 'fast' | 'article';
  /** Passes over the training images. */
  readonly epochs: number;
  /** Images a step. `auto`: 64, fewer in a run that would have few steps. */
  readonly batchSize: number | 'auto';
  /** How 28x28 images become 32x32; for whoever loads the data. */
  readonly resize: 'pad' | 'bilinear';
  /** Pixels reach the net as `pixel * scale + shift`. `measured`: so that those of the training images have mean 0 and
   * deviation 1, each channel, and each feature of a table, by itself. */
  readonly normalization: Normalization | 'measured';
  /** Initial parameters; for whoever makes the net. */
  readonly init: 'he' | 'article';
  /** Whether gradients are of the mean or of the sum of a batch's losses. Losses are reported as means anyway. */
  readonly loss: 'mean' | 'sum';
  /** What the loss is. Default `crossEntropy`; `mse` and `bceWithLogits` are of the data's `values`, or of 1 for the
   * label and 0 for others. */
  readonly criterion?: LossKind;
  /** Of the criterion `crossEntropy`: share of the target that all classes have alike, from 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
  /** `mean`: the gradient of a bias is divided by the rows it was summed over (N*outH*outW for a convolution, N for a
   * linear layer). */
  readonly biasGradient: 'sum' | 'mean';
  readonly shuffle: ShuffleMode;
  /** Whether a last batch of fewer than `batchSize` images is left out. */
  readonly dropLast: boolean;
  /** `sgd` unless it names another kind: `{ kind: 'adam', lr: 1e-3 }`. */
  readonly optimizer: OptimizerSettings<number | 'auto'>;
  /** Of the learning rate: `constant`, `oneCycle`, or another as data, `{ kind: 'step', every: 10 }`. */
  readonly schedule: RecipeSchedule;
  /** Share of all steps in which the rate climbs to its peak, unless the schedule has its own; `constant` as a text has none. */
  readonly warmup: number;
}

/** A recipe of a run: with a number wherever `Recipe` may leave one to the data. */
export interface RunRecipe extends Recipe {
  readonly batchSize: number;
  readonly normalization: Normalization;
  readonly optimizer: OptimizerSettings;
}

/** `fast` is our own, for the fewest seconds; `article` repeats the article's run step by step. */
export const recipes: { readonly fast: Recipe; readonly article: RunRecipe } = {
  /**
   * Our own: to the article's 99.04 % on MNIST in as few seconds as possible, and without a collapse on anything else.
   * benchmarks/schedule found schedule and rules.
   */
  fast: {
    name: 'fast',
    epochs: 3,
    batchSize: 'auto',
    resize: 'pad',
    normalization: 'measured',
    init: 'he',
    loss: 'mean',
    biasGradient: 'sum',
    shuffle: 'everyEpoch',
    dropLast: false,
    optimizer: { lr: 'auto', momentum: 0.9, nesterov: true, weightDecay: 2e-3 },
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

/** What may replace single values of a recipe; they are taken as they are. */
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
  const optimizer = pick(settingNames(recipe.optimizer.kind), recipe.optimizer);
  const { normalization } = recipe;
  const { lr = optimizer.lr, batchSize = recipe.batchSize } = overrides;
  const resolved: Recipe = {
    ...recipe,
    batchSize,
    normalization: normalization === 'measured' ? normalization : pick(normalizationNames, normalization),
    optimizer: { ...optimizer, lr },
  };
  check(resolved);
  return { ...resolved, schedule: checkedSchedule('recipe: schedule', recipe.schedule, lr) };
}

const recipeNames: OptionNames<Recipe> = {
  name: true,
  epochs: true,
  batchSize: true,
  resize: true,
  normalization: true,
  init: true,
  loss: true,
  criterion: true,
  labelSmoothing: true,
  biasGradient: true,
  shuffle: true,
  dropLast: true,
  optimizer: true,
  schedule: true,
  warmup: true,
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
  checkSettingNames('recipe: optimizer', optimizer);
  if (normalization === 'measured') return;
  checkOptions('recipe: normalization', normalization, normalizationNames, "'measured' or { scale, shift }");
}

/** The loss of a recipe. */
export function recipeLoss({
  criterion = 'crossEntropy',
  labelSmoothing = 0,
  loss: reduction,
}: Recipe): Loss {
  if (criterion === 'crossEntropy') return new CrossEntropyLoss({ reduction, labelSmoothing });
  return new lossKinds[criterion]({ reduction });
}

/** The optimizer of a recipe. Each step has its own rate, from the recipe of the run. */
export function recipeOptimizer(
  target: OptimizerTarget,
  { optimizer, biasGradient }: Recipe,
  freeze: readonly string[] = [],
): Optimizer {
  const lr = optimizer.lr === 'auto' ? 1 : optimizer.lr;
  return createOptimizer(target, { ...optimizer, lr }, biasGradient, freeze);
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
  const { lr } = optimizer;
  if (recipe.batchSize !== 'auto') integer('batchSize', recipe.batchSize, "an integer from 1, or 'auto',");
  const isSgd = (optimizer.kind ?? 'sgd') === 'sgd';
  demand(
    'lr',
    lr === 'auto' ? isSgd : Number.isFinite(lr) && lr > 0,
    `a finite number above 0, such as ${isSgd ? "0.1, or 'auto'" : '0.001'},`,
    lr,
  );
  oneOf('dropLast', recipe.dropLast, [true, false]);
  const { warmup } = recipe;
  demand('warmup', Number.isFinite(warmup) && warmup >= 0 && warmup <= 1, 'a share from 0 to 1', warmup);
  if (normalization !== 'measured') {
    for (const [part, value] of Object.entries(normalization)) {
      const each: unknown[] = Array.isArray(value) ? value : [value];
      const fits = each.length > 0 && each.every(Number.isFinite);
      demand(`normalization.${part}`, fits, 'a finite number, or one a channel', value);
    }
  }
  oneOf('loss', recipe.loss, ['mean', 'sum']);
  demand('lr', lr !== 'auto' || recipe.loss === 'mean', "a number where loss is 'sum'", lr);
  const { criterion = 'crossEntropy' } = recipe;
  oneOf('criterion', criterion, Object.keys(lossKinds));
  const { labelSmoothing = 0 } = recipe;
  const isShare = Number.isFinite(labelSmoothing) && labelSmoothing >= 0 && labelSmoothing <= 1;
  demand('labelSmoothing', isShare, 'a share from 0 to 1', labelSmoothing);
  const smooths = labelSmoothing === 0 || criterion === 'crossEntropy';
  demand('labelSmoothing', smooths, `none for criterion ${valueText(criterion)}`, labelSmoothing);
  oneOf('biasGradient', recipe.biasGradient, ['sum', 'mean']);
  oneOf('shuffle', recipe.shuffle, ['everyEpoch', 'once', 'none']);
  recipeOptimizer([], recipe);
  const rated = optimizer.groups?.some((group) => group.lr !== undefined) ?? false;
  demand('lr', lr !== 'auto' || !rated, 'a number beside groups with an lr', lr);
}

function integer(name: string, value: number, expected = 'an integer from 1'): void {
  demand(name, Number.isSafeInteger(value) && value >= 1, expected, value);
}

function oneOf<T extends string | boolean>(name: string, value: T, allowed: readonly T[]): void {
  const texts = allowed.map((one) => (typeof one === 'string' ? `'${one}'` : one));
  demand(name, allowed.includes(value), texts.join(' or '), value);
}

function demand(name: string, fits: boolean, expected: string, received: unknown): void {
  if (fits) return;
  throw new ArgumentRangeError(`recipe: ${name}: expected ${expected} but received ${valueText(received)}`);
}
