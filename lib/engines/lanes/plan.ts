/** A net as a list of fused steps: what the lanes engine runs, or why it cannot. */
import type { Activation } from '../../layers/activation.js';
import { type GraphNode, graphOf, isSum, withoutViews } from '../../layers/graph.js';
import type { ActivationFields, LaneStep, LoweredStep } from '../../layers/kind.js';
import { kindOf } from '../../layers/kinds.js';
import type { Layer, Parameter } from '../../layers/layer.js';
import type { Sequential } from '../../layers/sequential.js';
import type { Loss } from '../../losses/loss.js';
import { formatShape, type Shape, sizeOf, valueText } from '../../tensor.js';
import { hasLaneLoss, hasLaneOperation, laneActivation } from './native-plan.js';

/** One fused step. `layers` names what it computes, nothing for a branch; its parameters are those of the first of them. */
export interface PlannedStep {
  readonly step: LaneStep;
  readonly layers: readonly string[];
  /** With the batch axis. */
  readonly input: Shape;
  readonly output: Shape;
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
 * Each layer lowers itself, and may take those behind it along. Views vanish: they move nothing. Of several steps that
 * read a tensor the last one reads it in place, those before it by a branch.
 * @param inputShape of one input, without the batch axis.
 * @param loss that training goes down. Default: cross entropy.
 */
export function planNet(layer: Sequential, inputShape: Shape, loss?: Loss): Plan {
  if (loss !== undefined && !hasLaneLoss(loss)) {
    return { reason: `the class of the loss ${valueText(loss?.kind)} is not known to it` };
  }
  if (inputShape.length !== 3 && inputShape.length !== 1) {
    return {
      reason: `its input is ${formatShape(inputShape)}, neither an image CxHxW nor a row of features`,
    };
  }
  const nodes = withoutViews(graphOf(layer, [1, ...inputShape]));
  const readers = readersOf(nodes);
  const unread = readers.map(({ length }) => length);
  const steps: PlannedStep[] = [];
  /** Where the plan has each value: 0 is its input, n the output of its nth step. */
  const tensors = [0];
  for (let index = 0; index < nodes.length; ) {
    const planned = planStep(nodes, index, readers);
    if ('reason' in planned) return planned;
    const [from, other] = nodes[index].from.map((value) => {
      unread[value] -= 1;
      if (unread[value] === 0) return tensors[value];
      return steps.push(branchFrom(tensors[value], steps.length, planned.input));
    });
    const step = {
      ...planned.step,
      ...readFrom(from, steps.length),
      ...(isSum(nodes[index]) && { with: other }),
    };
    index += planned.layers.length;
    tensors[index] = steps.push({ ...planned, step });
  }
  if (steps.length === 0) return { reason: 'it has no step that computes' };
  if (layer.outputShape([1, ...inputShape]).length !== 2)
    return { reason: 'its output is not a row of scores' };
  return { steps };
}

/** `conv1+relu1+pool1, branch, fc1`. */
export function stepNames(steps: readonly PlannedStep[]): string {
  return steps.map(({ step, layers }) => layers.join('+') || step.op).join(', ');
}

/** Of each value, the nodes that read it, in order; a sum of one value twice is there twice. */
function readersOf(nodes: readonly GraphNode[]): GraphNode[][] {
  const readers: GraphNode[][] = [[], ...nodes.map(() => [])];
  for (const node of nodes) for (const value of node.from) readers[value].push(node);
  return readers;
}

/** The step before is what a step reads if it does not say. */
function readFrom(tensor: number, index: number): { readonly from?: number } {
  return tensor === index ? {} : { from: tensor };
}

function branchFrom(tensor: number, index: number, shape: Shape): PlannedStep {
  const step = { op: 'branch', ...readFrom(tensor, index) };
  return { step, layers: [], input: shape, output: shape, parameters: [], pixels: 0, checkTraining() {} };
}

function planStep(
  nodes: readonly GraphNode[],
  index: number,
  readers: readonly (readonly GraphNode[])[],
): PlannedStep | { readonly reason: string } {
  const node = nodes[index];
  const { path, layer, input, output } = node;
  /** Node n gives value n + 1. */
  const reader = (at: number): Layer | undefined => readers[index + at + 1]?.at(-1)?.layer;
  const behind = alone(nodes, index, readers);
  const activation = (at: number) =>
    behind[at] !== undefined && kindOf(behind[at])?.explain?.role === 'activation'
      ? laneActivation(behind[at] as Activation)
      : undefined;
  const lowered = isSum(node)
    ? lowerSum(activation(0)?.fields)
    : kindOf(layer)?.lower?.(layer, { input, output, behind, reader, activation });
  if (typeof lowered === 'string') return { reason: `${path}: ${lowered}` };
  if (lowered === undefined || !hasLaneOperation(lowered.step)) {
    return { reason: `${path}: the layer ${layer.kind} is not known to it` };
  }
  const parts = nodes.slice(index, index + 1 + lowered.taken);
  return {
    step: lowered.step,
    layers: parts.map((part) => part.path),
    input,
    output: parts[parts.length - 1].output,
    parameters: isSum(node) ? [] : layer.parameters(),
    pixels: sizeOf(output.slice(2)),
    checkTraining: (count) => layer.checkTraining?.([count, ...input.slice(1)]),
  };
}

/** The layers behind a node, up to where ways part or meet: those that may be taken along. */
function alone(
  nodes: readonly GraphNode[],
  index: number,
  readers: readonly (readonly GraphNode[])[],
): Layer[] {
  let end = index + 1;
  while (readers[end].length === 1 && readers[end][0] === nodes[end] && !isSum(nodes[end])) end += 1;
  return nodes.slice(index + 1, end).map(({ layer }) => layer);
}

function lowerSum(activation: ActivationFields | undefined): LoweredStep {
  return { step: { op: 'add', ...activation }, taken: activation === undefined ? 0 : 1 };
}
