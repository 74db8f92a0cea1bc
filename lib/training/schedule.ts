/** The learning rate of each step. */
import { ArgumentRangeError, ArgumentTypeError, StateError } from '../errors.js';
import { checkInteger, checkNumber, checkObject } from '../kernels/checks.js';
import { typeName, valueText } from '../tensor.js';
import type { RunRecipe } from './recipes.js';
import { checkedSchedule, type RateFunction, scheduledRate } from './schedules.js';

/**
 * By the recipe's `schedule`: see `Schedule`, whose kinds `constant` and `oneCycle` may be given as texts.
 * @param recipe of its `epochs` the kind `step` has need alone.
 * @param step from 0; over all epochs, not within one
 * @param totalSteps of all epochs
 * @throws {ArgumentRangeError} if step is no integer from 0 to totalSteps - 1, or the schedule is none
 * @throws {StateError} for a schedule that is a function of a trainer
 */
export function learningRate(
  recipe: Pick<RunRecipe, 'schedule' | 'warmup' | 'optimizer'> & Partial<Pick<RunRecipe, 'epochs'>>,
  step: number,
  totalSteps: number,
): number {
  checkObject('learningRate', 'a recipe such as recipes.article', recipe);
  checkObject('learningRate', 'a recipe with an optimizer', recipe.optimizer);
  const {
    warmup,
    optimizer: { lr },
    epochs = 0,
  } = recipe;
  checkInteger('learningRate', 'totalSteps', totalSteps, 1, Number.MAX_SAFE_INTEGER);
  checkNumber('learningRate', 'lr', lr);
  checkNumber('learningRate', 'warmup', warmup, 0);
  const schedule = checkedSchedule('learningRate: schedule', recipe.schedule, lr);
  if (!Number.isInteger(step) || step < 0 || !(step < totalSteps)) {
    throw new ArgumentRangeError(
      `learningRate: expected a step from 0 to ${totalSteps - 1} but received ${valueText(step)}`,
    );
  }
  if (schedule === 'function') {
    throw new StateError(
      "learningRate: expected a schedule as data but received 'function', which stands for that of a trainer",
    );
  }
  return scheduledRate(schedule, warmup, { lr, step, steps: totalSteps, epochs });
}

/**
 * The rate of a step by a function of one's own.
 * @throws {TypeError | RangeError} naming the step, for what is no rate.
 */
export function ownRate(schedule: RateFunction, step: number, totalSteps: number): number {
  const lr: unknown = schedule(step, totalSteps);
  const expected = `expected a finite number from 0 of step ${step} of ${totalSteps} but received`;
  if (typeof lr !== 'number') {
    throw new ArgumentTypeError(`Trainer: schedule: ${expected} ${typeName(lr)}`);
  }
  if (Number.isFinite(Math.fround(lr)) && lr >= 0) return lr;
  throw new ArgumentRangeError(
    `Trainer: schedule: ${expected} ${lr}. Hint: steps count from 0, over all epochs`,
  );
}
