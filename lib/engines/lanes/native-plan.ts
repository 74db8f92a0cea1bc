/** The native plan of fused steps, and what steps there can be. */
import { lossKinds } from '../../losses/kinds.js';
import type { Loss } from '../../losses/loss.js';
import { type NativeLanePlan, type NativeStep, native } from '../../native.js';

export type LanePlan = NativeLanePlan;

/** The activation of this name that a step can end with: its gradient follows from what the step stores. */
export function laneActivation(
  name: string,
): { readonly name: string; readonly monotonic: boolean } | undefined {
  return native()
    .tables()
    .activations.find((row) => row.name === name && row.fromOutput);
}

export function hasLaneOperation({ op, activation }: NativeStep): boolean {
  const { operations, activations } = native().tables();
  const known = activation === undefined || activations.some(({ name }) => name === activation);
  return known && operations.includes(op);
}

/** A class of a program's own is none of the table's, whatever kind it says it is. */
export function hasLaneLoss(loss: Loss): boolean {
  const own = Object.entries(lossKinds).find(([, known]) => known === loss?.constructor);
  return own !== undefined && native().tables().losses.includes(own[0]);
}

/**
 * @param loss a name of the addon's table.
 * @throws {RangeError} for steps that do not fit each other or the input.
 */
export function createLanePlan(
  inputShape: readonly number[],
  steps: readonly NativeStep[],
  loss = 'crossEntropy',
): LanePlan {
  const { LanePlan: Plan } = native();
  return new Plan(inputShape, steps, loss);
}
