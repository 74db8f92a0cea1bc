/** The native plan of a net's fused steps; nets/compiled.ts makes one from a net. */
import { type NativeLanePlan, native } from '../native.js';

export type LanePlan = NativeLanePlan;

/**
 * @param steps the numbers of each step in the order of native/core/lanes/plan.h.
 * @throws {RangeError} for steps that do not fit each other or the input.
 */
export function createLanePlan(
  [channels, height, width]: readonly number[],
  steps: readonly (readonly number[])[],
): LanePlan {
  const { LanePlan: Plan } = native();
  return new Plan(channels, height, width, steps);
}
