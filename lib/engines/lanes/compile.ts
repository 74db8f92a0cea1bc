/** A net as a native plan of fused steps. */
import type { LaneStep } from '../../layers/kind.js';
import type { Runnable } from '../../nets/runner.js';
import { Tensor } from '../../tensor.js';
import { createLanePlan, type LanePlan, type NativeStep } from './native-plan.js';
import { type PlannedStep, planNet } from './plan.js';

export type CompiledNet =
  | { readonly steps: readonly PlannedStep[]; readonly plan: LanePlan }
  /** Why the net cannot be compiled. */
  | { readonly reason: string };

export function compileNet({ layer, inputShape, arena }: Runnable): CompiledNet {
  const plan = planNet(layer, inputShape);
  if ('reason' in plan) return plan;
  const steps = plan.steps.map(({ step }) => withPlaces(step, arena));
  return { steps: plan.steps, plan: createLanePlan(inputShape, steps) };
}

/** Parameters as their places in the arena, in floats. */
function withPlaces(step: LaneStep, arena: Float32Array): NativeStep {
  const fields = Object.entries(step).map(([name, field]) => [
    name,
    typeof field === 'object' && 'value' in field && field.value instanceof Tensor
      ? (field.value.data.byteOffset - arena.byteOffset) / Float32Array.BYTES_PER_ELEMENT
      : field,
  ]);
  return Object.fromEntries(fields) as NativeStep;
}
