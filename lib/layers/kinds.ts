/** The kinds of layers that rownet knows, a line each. */
import { avgPool2dKind } from './avg-pool2d.js';
import { batchNorm1dKind } from './batch-norm1d.js';
import { batchNorm2dKind } from './batch-norm2d.js';
import { conv2dKind } from './conv2d.js';
import { dropoutKind } from './dropout.js';
import { dropout2dKind } from './dropout2d.js';
import { flattenKind } from './flatten.js';
import { globalAvgPool2dKind } from './global-avg-pool2d.js';
import type { LayerKind } from './kind.js';
import type { Layer } from './layer.js';
import { leakyReluKind } from './leaky-relu.js';
import { linearKind } from './linear.js';
import { maxPool2dKind } from './max-pool2d.js';
import { reluKind } from './relu.js';
import { sigmoidKind } from './sigmoid.js';
import { softmaxKind } from './softmax.js';
import { tanhKind } from './tanh.js';

/** By what a description calls them. */
export const layerKinds = {
  conv2d: conv2dKind,
  maxPool2d: maxPool2dKind,
  avgPool2d: avgPool2dKind,
  globalAvgPool2d: globalAvgPool2dKind,
  linear: linearKind,
  relu: reluKind,
  sigmoid: sigmoidKind,
  tanh: tanhKind,
  leakyRelu: leakyReluKind,
  flatten: flattenKind,
  softmax: softmaxKind,
  batchNorm1d: batchNorm1dKind,
  batchNorm2d: batchNorm2dKind,
  dropout: dropoutKind,
  dropout2d: dropout2dKind,
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
