/** A net as a native plan of fused steps. */
import { createLanePlan, type LanePlan } from '../kernels/lane-plan.js';
import type { LayerParameter } from '../layers/layer.js';
import type { Sequential } from '../layers/sequential.js';
import type { Shape } from '../tensor.js';
import { type PlannedStep, planNet } from './plan.js';

const KINDS = { conv: 0, pool: 1, relu: 2, linear: 3 } as const;

/** What of a net a plan is made of. */
export interface Compilable {
  readonly layer: Sequential;
  readonly inputShape: Shape;
  readonly arena: Float32Array;
}

export type CompiledNet =
  | { readonly steps: readonly PlannedStep[]; readonly plan: LanePlan }
  /** Why the net cannot be compiled. */
  | { readonly reason: string };

export function compileNet(net: Compilable): CompiledNet {
  const plan = planNet(net.layer, net.inputShape);
  if ('reason' in plan) return plan;
  const steps = plan.steps.map((step) => encode(net.arena, step));
  return { steps: plan.steps, plan: createLanePlan(net.inputShape, steps) };
}

/** The numbers of a step in the order of native/core/lanes/plan.h. */
function encode(arena: Float32Array, step: PlannedStep): number[] {
  const { kind, outChannels, kernel, stride, padding, inFeatures, outFeatures, relu, pool, owner } = step;
  const offset = (parameter: LayerParameter | undefined) =>
    parameter === undefined
      ? 0
      : (parameter.value.data.byteOffset - arena.byteOffset) / Float32Array.BYTES_PER_ELEMENT;
  return [
    KINDS[kind],
    outChannels,
    ...kernel,
    ...stride,
    ...padding,
    inFeatures,
    outFeatures,
    Number(relu),
    Number(pool),
    offset(owner?.weight),
    offset(owner?.bias),
  ];
}
