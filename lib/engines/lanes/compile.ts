/** A net as a native plan of fused steps. */
import { withPlaces } from '../../layers/kind.js';
import type { Loss } from '../../losses/loss.js';
import type { Runnable } from '../../nets/runner.js';
import { createLanePlan, type LanePlan } from './native-plan.js';
import { type PlannedStep, planNet } from './plan.js';

export type CompiledNet =
  | { readonly steps: readonly PlannedStep[]; readonly plan: LanePlan }
  /** Why the net cannot be compiled. */
  | { readonly reason: string };

export function compileNet({ layer, inputShape, arena, bufferArena }: Runnable, loss?: Loss): CompiledNet {
  const plan = planNet(layer, inputShape, loss);
  if ('reason' in plan) return plan;
  const steps = plan.steps.map(({ step }) =>
    withPlaces(step, ({ value }) => placeOf(value.data, [arena, bufferArena])),
  );
  return { steps: plan.steps, plan: createLanePlan(inputShape, steps, loss) };
}

/** In its arena, in floats. */
function placeOf({ buffer, byteOffset }: Float32Array, arenas: readonly Float32Array[]): number {
  const arena = arenas.find((one) => one.buffer === buffer) as Float32Array;
  return (byteOffset - arena.byteOffset) / Float32Array.BYTES_PER_ELEMENT;
}
