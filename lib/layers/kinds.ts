/** The kinds of layers that rownet knows, a line each. */
import { batchNorm2dKind } from './batch-norm2d.js';
import { conv2dKind } from './conv2d.js';
import { dropoutKind } from './dropout.js';
import { flattenKind } from './flatten.js';
import type { LayerKind } from './kind.js';
import type { Layer } from './layer.js';
import { leakyReluKind } from './leaky-relu.js';
import { linearKind } from './linear.js';
import { maxPool2dKind } from './max-pool2d.js';
import { reluKind } from './relu.js';
import { sigmoidKind } from './sigmoid.js';
import { tanhKind } from './tanh.js';

/** By what a description calls them. */
export const layerKinds = {
  conv2d: conv2dKind,
  maxPool2d: maxPool2dKind,
  linear: linearKind,
  relu: reluKind,
  sigmoid: sigmoidKind,
  tanh: tanhKind,
  leakyRelu: leakyReluKind,
  flatten: flattenKind,
  batchNorm2d: batchNorm2dKind,
  dropout: dropoutKind,
} as const satisfies Readonly<Record<string, LayerKind>>;

const byType = new Map<unknown, LayerKind>(Object.values(layerKinds).map((kind) => [kind.type, kind]));

/** Undefined for a class of one's own, and for a subclass, which may compute something else. */
export function kindOf(layer: Layer): LayerKind | undefined {
  return byType.get(layer.constructor);
}

/** Whether the layer's output is its input under another shape. */
export function isView(layer: Layer): boolean {
  return kindOf(layer)?.lower === null;
}
