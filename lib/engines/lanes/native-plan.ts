/** The native plan of fused steps, and what steps there can be. */
import { type Activation, activationFields } from '../../layers/activation.js';
import type { LaneActivation } from '../../layers/kind.js';
import { lossKinds } from '../../losses/kinds.js';
import type { Loss } from '../../losses/loss.js';
import { type NativeLanePlan, type NativeStep, native } from '../../native.js';

export type LanePlan = NativeLanePlan;

/** The activation as a step can end with it: its gradient follows from what the step stores. */
export function laneActivation(layer: Activation): LaneActivation | undefined {
  const row = native()
    .tables()
    .activations.find(({ name }) => name === layer.kind);
  if (row?.fromOutput !== true || Object.values(layer.numbers).some((number) => number < 0)) return undefined;
  return { fields: activationFields(layer), monotonic: row.monotonic };
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
 * @param inputShape `[C, H, W]`, or `[features]`, which are channels of one pixel there.
 * @param loss whose kind is a name of the addon's table.
 * @throws {RangeError} for steps that do not fit each other or the input.
 */
export function createLanePlan(
  inputShape: readonly number[],
  steps: readonly NativeStep[],
  { kind = 'crossEntropy', labelSmoothing }: Pick<Partial<Loss>, 'kind' | 'labelSmoothing'> = {},
): LanePlan {
  const { LanePlan: Plan } = native();
  return new Plan(inputShape.length === 1 ? [inputShape[0], 1, 1] : inputShape, steps, kind, labelSmoothing);
}
