/** The recipe of a new run, from its options. */
import { type Recipe, recipes } from '../../../training/recipes.js';
import type { RecipeSchedule } from '../../../training/schedules.js';
import type { OptionsOf } from '../../options/commands.js';

type TrainOptions = OptionsOf<'train'>;

/** The rates of optimizers that are not the recipe's: their own defaults. */
const usualRates = { adam: 1e-3, adamw: 1e-3, rmsprop: 1e-2 } as const;

/** The parts of `step` where none are named: three. */
const stepParts = 3;

export function newRecipe(options: TrainOptions): Recipe {
  const recipe = recipes[options.recipe ?? 'fast'];
  const epochs = options.epochs ?? recipe.epochs;
  return {
    ...recipe,
    epochs,
    batchSize: options.batchSize ?? recipe.batchSize,
    optimizer: newOptimizer(recipe, options),
    schedule: newSchedule(recipe, options, epochs),
    warmup: options.warmup ?? recipe.warmup,
  };
}

function newOptimizer(
  { optimizer }: Recipe,
  { optimizer: kind = 'sgd', lr }: TrainOptions,
): Recipe['optimizer'] {
  if (kind === 'sgd') return { ...optimizer, lr: lr ?? optimizer.lr };
  return { kind, lr: lr ?? usualRates[kind] };
}

function newSchedule(recipe: Recipe, { schedule, warmup }: TrainOptions, epochs: number): RecipeSchedule {
  if (schedule === undefined) {
    // As a text it has no warm-up; as data it has the one that is asked for.
    return warmup !== undefined && recipe.schedule === 'constant' ? { kind: 'constant' } : recipe.schedule;
  }
  if (schedule.kind === 'constant' && warmup === undefined) return 'constant';
  if (schedule.kind === 'oneCycle') return 'oneCycle';
  if (schedule.kind !== 'step') return schedule;
  return { ...schedule, every: schedule.every ?? Math.ceil(epochs / stepParts) };
}
