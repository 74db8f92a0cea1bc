/** A net as a list of fused steps: what the lanes engine runs, or why it cannot. */
import type { Activation } from '../../layers/activation.js';
import type { LaneStep } from '../../layers/kind.js';
import { isView, kindOf } from '../../layers/kinds.js';
import type { Parameter } from '../../layers/layer.js';
import { type Leaf, leaves, type Sequential } from '../../layers/sequential.js';
import type { Loss } from '../../losses/loss.js';
import { formatShape, type Shape, sizeOf, valueText } from '../../tensor.js';
import { hasLaneLoss, hasLaneOperation, laneActivation } from './native-plan.js';

/** One fused step. `layers` names what it computes; its parameters are those of the first of them. */
export interface PlannedStep {
  readonly step: LaneStep;
  readonly layers: readonly string[];
  readonly parameters: readonly Parameter[];
  /** Outputs that share a bias: outH * outW of a convolution, 1 of a linear layer. */
  readonly pixels: number;
  /** @throws {ArgumentRangeError} for a number of images that it cannot be trained on. */
  checkTraining(count: number): void;
}

export type Plan =
  | { readonly steps: readonly PlannedStep[] }
  /** Why the net cannot be expressed. */
  | { readonly reason: string };

/**
 * Each layer lowers itself, and may take those behind it along. Views vanish: they move nothing.
 * @param inputShape of one input, without the batch axis.
 * @param loss that training goes down. Default: cross entropy.
 */
export function planNet(layer: Sequential, inputShape: Shape, loss?: Loss): Plan {
  if (loss !== undefined && !hasLaneLoss(loss)) {
    return { reason: `the class of the loss ${valueText(loss?.kind)} is not known to it` };
  }
  if ((loss?.labelSmoothing ?? 0) > 0) return { reason: 'its losses have no label smoothing' };
  if (inputShape.length !== 3 && inputShape.length !== 1) {
    return {
      reason: `its input is ${formatShape(inputShape)}, neither an image CxHxW nor a row of features`,
    };
  }
  const layers = leaves(layer, [1, ...inputShape]).filter((leaf) => !isView(leaf.layer));
  const steps: PlannedStep[] = [];
  for (let index = 0; index < layers.length; ) {
    const step = planStep(layers, index);
    if ('reason' in step) return step;
    steps.push(step);
    index += step.layers.length;
  }
  if (steps.length === 0) return { reason: 'it has no step that computes' };
  if (layer.outputShape([1, ...inputShape]).length !== 2)
    return { reason: 'its output is not a row of scores' };
  return { steps };
}

/** `conv1+relu1+pool1, fc1`. */
export function stepNames(steps: readonly PlannedStep[]): string {
  return steps.map(({ layers }) => layers.join('+')).join(', ');
}

function planStep(layers: readonly Leaf[], index: number): PlannedStep | { readonly reason: string } {
  const { path, layer, input, output } = layers[index];
  const behind = layers.slice(index + 1).map((leaf) => leaf.layer);
  const activation = (at: number) =>
    behind[at] !== undefined && kindOf(behind[at])?.explain?.role === 'activation'
      ? laneActivation(behind[at] as Activation)
      : undefined;
  const lowered = kindOf(layer)?.lower?.(layer, { input, output, behind, activation });
  if (typeof lowered === 'string') return { reason: `${path}: ${lowered}` };
  if (lowered === undefined || !hasLaneOperation(lowered.step)) {
    return { reason: `${path}: the layer ${layer.kind} is not known to it` };
  }
  return {
    step: lowered.step,
    layers: layers.slice(index, index + 1 + lowered.taken).map((leaf) => leaf.path),
    parameters: layer.parameters(),
    pixels: sizeOf(output.slice(2)),
    checkTraining: (count) => layer.checkTraining?.([count, ...input.slice(1)]),
  };
}
