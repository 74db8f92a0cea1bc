/** A net as a list of fused steps: what the lanes engine runs, or why it cannot. */
import { Conv2d } from '../layers/conv2d.js';
import type { Layer } from '../layers/layer.js';
import { Linear } from '../layers/linear.js';
import { MaxPool2d } from '../layers/max-pool2d.js';
import { Sequential } from '../layers/sequential.js';
import { formatShape, type Shape } from '../tensor.js';

/** One fused step. `layers` names what it computes; its parameters are those of `owner`. */
export interface PlannedStep {
  readonly kind: 'conv' | 'pool' | 'relu' | 'linear';
  readonly layers: readonly string[];
  readonly owner: Conv2d | Linear | undefined;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly outChannels: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Outputs that share a bias: outH * outW of a convolution, 1 of a linear layer. */
  readonly pixels: number;
  /** ReLU is fused. */
  readonly relu: boolean;
  /** 2x2 max-pooling of stride 2 is fused. */
  readonly pool: boolean;
}

export type Plan =
  | { readonly steps: readonly PlannedStep[] }
  /** Why the net cannot be expressed. */
  | { readonly reason: string };

interface Flat {
  readonly path: string;
  readonly layer: Layer;
  readonly input: Shape;
  readonly output: Shape;
}

/** Largest window of an unfused pooling: the place of its maximum is kept in a byte. */
const MAX_POOL_AREA = 256;

/**
 * Convolution + ReLU + 2x2 max-pooling, convolution + ReLU and linear + ReLU become one step each, and a convolution
 * whose window is its whole input becomes a linear step. Flatten vanishes: it moves nothing.
 * @param inputShape of one input, without the batch axis.
 */
export function planNet(layer: Sequential, inputShape: Shape): Plan {
  if (inputShape.length !== 3) {
    return { reason: `its input is ${formatShape(inputShape)}, not an image CxHxW` };
  }
  const layers = flatten(layer, '', [1, ...inputShape]).filter((flat) => flat.layer.kind !== 'flatten');
  const steps: PlannedStep[] = [];
  for (let index = 0; index < layers.length; ) {
    const step = planStep(layers, index);
    if (typeof step === 'string') return { reason: step };
    steps.push(step);
    index += step.layers.length;
  }
  if (steps.length === 0) return { reason: 'it has no step that computes' };
  if (layer.outputShape([1, ...inputShape]).length !== 2)
    return { reason: 'its output is not a row of scores' };
  return { steps };
}

function flatten(layer: Sequential, prefix: string, inputShape: Shape): Flat[] {
  let input = inputShape;
  return layer.layers.flatMap(({ name, layer: inner }) => {
    const path = prefix + name;
    const output = inner.outputShape(input);
    const flat =
      inner instanceof Sequential
        ? flatten(inner, `${path}.`, input)
        : [{ path, layer: inner, input, output }];
    input = output;
    return flat;
  });
}

const blank = {
  owner: undefined,
  kernel: [1, 1],
  stride: [1, 1],
  padding: [0, 0],
  outChannels: 1,
  inFeatures: 1,
  outFeatures: 1,
  pixels: 1,
  relu: false,
  pool: false,
} as const;

function planStep(layers: readonly Flat[], index: number): PlannedStep | string {
  const { path, layer, input, output } = layers[index];
  const next = layers[index + 1]?.layer;
  if (isExactly(layer, Linear)) {
    const relu = next?.kind === 'relu';
    const { inFeatures, outFeatures } = layer;
    return {
      ...blank,
      kind: 'linear',
      layers: names(layers, index, relu ? 2 : 1),
      owner: layer,
      inFeatures,
      outFeatures,
      relu,
    };
  }
  if (isExactly(layer, Conv2d)) return planConvolution(layers, index, layer, input, output);
  if (isExactly(layer, MaxPool2d)) {
    const [height, width] = layer.window.kernel;
    if (height * width > MAX_POOL_AREA) {
      return `${path}: a window of ${height}x${width} has more than ${MAX_POOL_AREA} values`;
    }
    return { ...blank, kind: 'pool', layers: [path], kernel: [height, width], stride: layer.window.stride };
  }
  if (layer.kind === 'relu') return { ...blank, kind: 'relu', layers: [path] };
  return `${path}: the layer ${layer.kind} is not known to it`;
}

function planConvolution(
  layers: readonly Flat[],
  index: number,
  layer: Conv2d,
  input: Shape,
  output: Shape,
): PlannedStep | string {
  const { kernel, stride, padding } = layer.window;
  const following = [layers[index + 1]?.layer, layers[index + 2]?.layer];
  const relu = following[0]?.kind === 'relu';
  const behind = layers[index + (relu ? 2 : 1)]?.layer;
  // A linear step writes no margins, which a convolution with padding behind it needs.
  const asLinear =
    !isPadded(layer) && !(behind !== undefined && isExactly(behind, Conv2d) && isPadded(behind));
  if (asLinear && kernel[0] === input[2] && kernel[1] === input[3]) {
    return {
      ...blank,
      kind: 'linear',
      layers: names(layers, index, relu ? 2 : 1),
      owner: layer,
      inFeatures: input[1] * input[2] * input[3],
      outFeatures: layer.outChannels,
      relu,
    };
  }
  if (padding[0] >= kernel[0] || padding[1] >= kernel[1]) {
    return `${layers[index].path}: padding ${formatShape(padding)} is not below the kernel ${formatShape(kernel)}`;
  }
  const pool = relu && isHalving(following[1]) && output[2] >= 2 && output[3] >= 2;
  return {
    ...blank,
    kind: 'conv',
    layers: names(layers, index, pool ? 3 : relu ? 2 : 1),
    owner: layer,
    kernel,
    stride,
    padding,
    outChannels: layer.outChannels,
    pixels: output[2] * output[3],
    relu,
    pool,
  };
}

function isPadded({ window: { padding } }: Conv2d): boolean {
  return padding[0] > 0 || padding[1] > 0;
}

/** A class of its own may compute something else. */
function isExactly<T extends Layer>(layer: Layer, type: new (...options: never[]) => T): layer is T {
  return layer.constructor === type;
}

function isHalving(layer: Layer | undefined): boolean {
  if (layer === undefined || !isExactly(layer, MaxPool2d)) return false;
  const { kernel, stride } = layer.window;
  return [...kernel, ...stride].every((size) => size === 2);
}

function names(layers: readonly Flat[], index: number, count: number): string[] {
  return layers.slice(index, index + count).map(({ path }) => path);
}
