/**
 * The native kernels behind checked arguments, on tensors. TypeErrors for the wrong kind, RangeErrors for the wrong
 * size. Every function takes the tensors to write to, so that a training step allocates nothing.
 */
export { relu, reluBackward } from './kernels/activations.js';
export {
  conv2d,
  conv2dBackward,
  type ConvolutionOptions,
  type GradientOptions,
  type Gradients,
  linear,
  linearBackward,
  maxPool2d,
  maxPool2dBackward,
  type MaxPoolOptions,
} from './kernels/layers.js';
export {
  type FoldOptions,
  im2row,
  matmul,
  type MatmulOptions,
  type OutOption,
  pool2row,
  row2im,
  row2pool,
} from './kernels/rows.js';
export { fmaBurst, runtimeInfo, type RuntimeInfo, setThreads } from './kernels/runtime.js';
export {
  type CrossEntropyOptions,
  gatherImages,
  type GatherOptions,
  type PerChannel,
  softmaxCrossEntropy,
} from './kernels/training.js';
export { type ParameterUpdate, sgdUpdate, type SgdUpdateOptions } from './kernels/updates.js';
export type {
  PaddedPoolOptions,
  PoolOptions,
  Size2,
  SlidingWindow,
  WindowOptions,
} from './kernels/window.js';
export type { IsaLevel } from './native.js';
