/**
 * The native kernels behind checked arguments, on tensors. TypeErrors for the wrong kind, RangeErrors for the wrong
 * size. Every function takes the tensors to write to, so that a training step allocates nothing.
 */
export { relu, reluBackward } from './kernels/activations.js';
export {
  type ConvolutionOptions,
  conv2d,
  conv2dBackward,
  type GradientOptions,
  type Gradients,
  linear,
  linearBackward,
  type MaxPoolOptions,
  maxPool2d,
  maxPool2dBackward,
} from './kernels/layers.js';
export {
  type FoldOptions,
  im2row,
  type MatmulOptions,
  matmul,
  type OutOption,
  pool2row,
  row2im,
  row2pool,
} from './kernels/rows.js';
export { fmaBurst, type RuntimeInfo, runtimeInfo, setThreads } from './kernels/runtime.js';
export {
  type CrossEntropyOptions,
  type GatherOptions,
  gatherImages,
  type PerChannel,
  softmaxCrossEntropy,
} from './kernels/training.js';
export { type ParameterUpdate, type SgdUpdateOptions, sgdUpdate } from './kernels/updates.js';
export type {
  PaddedPoolOptions,
  PoolOptions,
  Size2,
  SlidingWindow,
  WindowOptions,
} from './kernels/window.js';
export type { IsaLevel } from './native.js';
