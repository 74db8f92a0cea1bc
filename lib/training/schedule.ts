/** The learning rate of each step. */
import { ArgumentRangeError } from '../errors.js';
import { checkInteger, checkNumber, checkObject } from '../kernels/checks.js';
import { valueText } from '../tensor.js';
import type { RunRecipe } from './recipes.js';

/**
 * `constant`: the recipe's learning rate, always. `oneCycle`: a straight climb to it over the first `warmup` of the
 * steps, then half a cosine down, as in Smith & Topin, Super-Convergence (2017), with a cosine in place of the second
 * line.
 * @param step from 0; over all epochs, not within one
 * @param totalSteps of all epochs
 * @throws {ArgumentRangeError} if step is no integer from 0 to totalSteps - 1
 */
export function learningRate(
  recipe: Pick<RunRecipe, 'schedule' | 'warmup' | 'optimizer'>,
  step: number,
  totalSteps: number,
): number {
  checkObject('learningRate', 'a recipe such as recipes.article', recipe);
  checkObject('learningRate', 'a recipe with an optimizer', recipe.optimizer);
  const {
    schedule,
    warmup,
    optimizer: { lr },
  } = recipe;
  checkInteger('learningRate', 'totalSteps', totalSteps, 1, Number.MAX_SAFE_INTEGER);
  checkNumber('learningRate', 'lr', lr);
  checkNumber('learningRate', 'warmup', warmup, 0);
  if (!Number.isInteger(step) || step < 0 || !(step < totalSteps)) {
    throw new ArgumentRangeError(
      `learningRate: expected a step from 0 to ${totalSteps - 1} but received ${valueText(step)}`,
    );
  }
  if (schedule === 'constant') return lr;
  const warmupSteps = Math.round(warmup * totalSteps);
  // No step has rate 0: the first takes one share of the climb, the last is one step away from the end of the cosine.
  if (step < warmupSteps) return lr * ((step + 1) / warmupSteps);
  return (lr * (1 + Math.cos((Math.PI * (step - warmupSteps)) / (totalSteps - warmupSteps)))) / 2;
}
