/**
 * What a training step has to compute and to move, whichever engine does it: the two axes of a roofline.
 *
 * FLOP: multiply-adds of a dense pass, 2 each; twice those of forward in backward, once in the first layer, which needs
 * no input gradient.
 *
 * Bytes: every array that crosses the borders of a row, once, in float32. In forward its input, output and parameters; in
 * backward its input, the gradients of its output and its parameters and, where it has an input gradient, that and the
 * parameters. What stays within a fused step crosses no border. An engine moves more where it stores intermediates, and
 * less from main memory where a cache keeps them.
 */
import { type GraphNode, graphOf, isSum } from '../../../layers/graph.js';
import { isView, kindOf } from '../../../layers/kinds.js';
import type { Net } from '../../../nets/net.js';
import { sizeOf } from '../../../tensor.js';

export interface Work {
  readonly name: string;
  /** As the layer that has the parameters prints itself, else the first; '' for what is no layer. */
  readonly layer: string;
  /** Of a batch; 0 where there are none. */
  readonly forwardFlop: number;
  readonly backwardFlop: number;
  /** Of a batch, forward and backward. */
  readonly bytes: number;
}

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/**
 * A whole step, with what stands around the layers.
 * @param steps as those of `layerWork`
 */
export function stepWork(net: Net, count: number, steps: readonly (readonly string[])[]): Work[] {
  const around = (name: string, bytes: number): Work => ({ ...waitingWork, name, bytes });
  return [
    around('gather', count * sizeOf(net.inputShape) * (Uint8Array.BYTES_PER_ELEMENT + FLOAT)),
    ...layerWork(net, count, steps),
    // Scores in, their gradient out.
    around('loss', 2 * count * sizeOf(net.outputShape) * FLOAT),
    // Parameters and velocities in and out, gradients in.
    around('update', 5 * net.arena.length * FLOAT),
  ];
}

/** What computes nothing. */
export const waitingWork: Work = { name: 'waiting', layer: '', forwardFlop: 0, backwardFlop: 0, bytes: 0 };

/** @param steps names of the layers that make up each row, in order; views between them are left out. */
function layerWork(net: Net, count: number, steps: readonly (readonly string[])[]): Work[] {
  const all = graphOf(net.layer, [count, ...net.inputShape]);
  return steps.map((names) => {
    const parts = names.map((name) => all.find(({ path }) => path === name) as GraphNode);
    const [first] = parts;
    const last = parts[parts.length - 1];
    const parameters = sum(parts.map(countParameters));
    const forwardFlop = sum(parts.map(flopOf));
    const isFirst = first.from.includes(0);
    const [input, output] = [sizeOf(first.input), sizeOf(last.output)];
    const forward = input + output + parameters;
    const backward = input + output + parameters + (isFirst ? 0 : input + parameters);
    return {
      name: names.join('+'),
      layer: (parts.find((part) => countParameters(part) > 0) ?? first).layer.toString(),
      forwardFlop,
      backwardFlop: forwardFlop * (isFirst ? 1 : 2),
      bytes: parts.every(({ layer }) => isView(layer)) ? 0 : FLOAT * (forward + backward),
    };
  });
}

/** FLOP of one image in forward and backward. */
export function flopPerImage(net: Net): number {
  const layers = graphOf(net.layer, [1, ...net.inputShape]).map(({ path }) => [path]);
  return sum(layerWork(net, 1, layers).map(({ forwardFlop, backwardFlop }) => forwardFlop + backwardFlop));
}

function flopOf(node: GraphNode): number {
  const { layer, output } = node;
  return isSum(node) ? sizeOf(output) : (kindOf(layer)?.flop(layer, output) ?? 0);
}

function countParameters(node: GraphNode): number {
  return isSum(node) ? 0 : sum(node.layer.parameters().map(({ value }) => value.size));
}

function sum(values: readonly number[]): number {
  return values.reduce((result, value) => result + value, 0);
}
