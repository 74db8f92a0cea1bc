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
import type { Layer } from '../../../layers/layer.js';
import type { Net } from '../../../nets/net.js';

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

/** What stands around the layers. `waiting` computes nothing. */
export function gatherWork({ inputShape }: Net, count: number): Work {
  return around('gather', count * product(inputShape) * (Uint8Array.BYTES_PER_ELEMENT + FLOAT));
}

/** Scores in, their gradient out. */
export function lossWork({ outputShape }: Net, count: number): Work {
  return around('loss', 2 * count * product(outputShape) * FLOAT);
}

/** Parameters and velocities in and out, gradients in. */
export function updateWork({ arena }: Net): Work {
  return around('update', 5 * arena.length * FLOAT);
}

export function waitingWork(): Work {
  return around('waiting', 0);
}

function around(name: string, bytes: number): Work {
  return { name, layer: '', forwardFlop: 0, backwardFlop: 0, bytes };
}

/** @param steps names of the layers that make up each row, in order; layers between them (flatten) are left out. */
export function layerWork(net: Net, count: number, steps: readonly (readonly string[])[]): Work[] {
  const all = extents(net, count);
  return steps.map((names) => {
    const parts = names.map((name) => all.find((part) => part.name === name) as Extent);
    const [first] = parts;
    const last = parts[parts.length - 1];
    const parameters = sum(parts.map((part) => part.parameters));
    const forwardFlop = sum(parts.map((part) => part.flop));
    const isFirst = first === all[0];
    const forward = first.input + last.output + parameters;
    const backward = first.input + last.output + parameters + (isFirst ? 0 : first.input + parameters);
    return {
      name: names.join('+'),
      layer: (parts.find((part) => part.parameters > 0) ?? first).layer.toString(),
      forwardFlop,
      backwardFlop: forwardFlop * (isFirst ? 1 : 2),
      // A flatten moves nothing.
      bytes: parts.every(({ layer }) => layer.kind === 'flatten') ? 0 : FLOAT * (forward + backward),
    };
  });
}

/** FLOP of one image in forward and backward. */
export function flopPerImage(net: Net): number {
  const layers = net.layer.layers.map(({ name }) => [name]);
  return sum(layerWork(net, 1, layers).map(({ forwardFlop, backwardFlop }) => forwardFlop + backwardFlop));
}

/** A layer with the numbers of its arrays, and the FLOP of its forward. */
interface Extent {
  readonly name: string;
  readonly layer: Layer;
  readonly input: number;
  readonly output: number;
  readonly parameters: number;
  readonly flop: number;
}

function extents(net: Net, count: number): Extent[] {
  let shape: readonly number[] = [count, ...net.inputShape];
  return net.layer.layers.map(({ name, layer }) => {
    const input = product(shape);
    shape = layer.outputShape(shape);
    const output = product(shape);
    const weight = layer.parameters().find(({ kind }) => kind === 'weight')?.value;
    // Each weight takes part in one product for every row: N*outH*outW of them in a convolution, N in a linear layer.
    const flop = weight === undefined ? 0 : 2 * (output / weight.shape[0]) * weight.size;
    return { name, layer, input, output, parameters: sum(layer.parameters().map((p) => p.value.size)), flop };
  });
}

function product(shape: readonly number[]): number {
  return shape.reduce((result, length) => result * length, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((result, value) => result + value, 0);
}
