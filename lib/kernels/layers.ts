/** Forward and backward of each layer on tensors; lib/layers adds the state. */
import { ShapeError } from '../errors.js';
import { native } from '../native.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import { checkArray, checkShape, checkTensor, output } from './checks.js';
import type { OutOption } from './rows.js';
import {
  checkGroups,
  checkGroupsOf,
  checkImages,
  convolutionWindow,
  nativeWindow,
  type PaddedPoolOptions,
  poolWindow,
  type SlidingWindow,
  slide,
  type WindowOptions,
} from './window.js';

/** Where a backward writes; what is left out is allocated. */
export interface GradientOptions {
  /** Gradient of the input; null skips it, which the first layer of a net can. */
  readonly dx?: Tensor | null;
  readonly dw?: Tensor;
  readonly db?: Tensor;
}

/** What a backward has written. */
export interface Gradients {
  readonly dx: Tensor | null;
  readonly dw: Tensor;
  readonly db: Tensor;
}

/** Stride, padding, dilation and groups; the kernel's size is that of the weight. */
export interface ConvolutionOptions extends Omit<WindowOptions, 'kernel'> {
  /** Input and output channels fall into as many groups, of which each sees its own alone. Default 1. */
  readonly groups?: number;
}

/** `[N, C, H, W]` -> `[N, outChannels, outH, outW]`. @throws {ShapeError} */
export function conv2dShape(
  where: string,
  shape: Shape,
  window: SlidingWindow,
  inChannels: number,
  outChannels: number,
): Shape {
  checkImages(where, shape, inChannels);
  return [shape[0], outChannels, ...slide(where, window, shape)];
}

interface WeightGeometry {
  readonly window: SlidingWindow;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** The kernel's size stands in the weight `[outChannels, inChannels / groups, kernelH, kernelW]`. */
function weightGeometry(where: string, weight: Tensor, options: ConvolutionOptions): WeightGeometry {
  checkTensor(where, 'weight', weight);
  if (weight.shape.length !== 4) {
    throw new ShapeError(
      `${where}: expected a weight [outChannels, inChannels, kernelH, kernelW] but received ` +
        `${weight.shape.length} axes (weight ${formatShape(weight.shape)})`,
    );
  }
  const [outChannels, groupChannels, height, width] = weight.shape;
  if (outChannels < 1 || groupChannels < 1) {
    throw new ShapeError(
      `${where}: expected a weight with channels but received ${formatShape(weight.shape)}`,
    );
  }
  const window = convolutionWindow(where, [height, width], options);
  const groups = checkGroups(where, options.groups);
  const inChannels = groupChannels * groups;
  checkGroupsOf(where, groups, inChannels, outChannels);
  return { window, groups, inChannels, outChannels };
}

/**
 * Cross-correlation: x `[N, C, H, W]`, weight `[outChannels, C / groups, kernelH, kernelW]`, bias `[outChannels]` ->
 * `[N, outChannels, outH, outW]`.
 * @throws {ShapeError} if the shapes do not fit.
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  options: ConvolutionOptions & OutOption = {},
): Tensor {
  const where = 'conv2d';
  const names = { stride: true, padding: true, dilation: true, groups: true, out: true } as const;
  checkOptions(where, options, names, '{ stride: 2 }');
  checkTensor(where, 'x', x);
  const { window, groups, inChannels, outChannels } = weightGeometry(where, weight, options);
  checkShape(where, 'bias', bias, [outChannels], 'one number an output channel');
  const shape = conv2dShape(where, x.shape, window, inChannels, outChannels);
  const y = output(where, 'out', options.out, shape);
  const geometry = nativeWindow(window, x.shape, groups);
  native().conv2dForward(geometry, outChannels, x.data, weight.data, bias.data, y.data);
  return y;
}

/**
 * Gradients of `conv2d` for the gradient `dy` of its result; all are overwritten.
 * @throws {ShapeError} if the shapes do not fit.
 */
export function conv2dBackward(
  x: Tensor,
  weight: Tensor,
  dy: Tensor,
  options: ConvolutionOptions & GradientOptions = {},
): Gradients {
  const where = 'conv2dBackward';
  const names: OptionNames<ConvolutionOptions & GradientOptions> = {
    stride: true,
    padding: true,
    dilation: true,
    groups: true,
    dx: true,
    dw: true,
    db: true,
  };
  checkOptions(where, options, names, '{ stride: 2 }');
  checkTensor(where, 'x', x);
  const { window, groups, inChannels, outChannels } = weightGeometry(where, weight, options);
  const shape = conv2dShape(where, x.shape, window, inChannels, outChannels);
  checkShape(where, 'dy', dy, shape, "the output's shape");
  const gradients = gradientTensors(where, x.shape, weight.shape, options);
  const { dx, dw, db } = gradients;
  const arrays = [x.data, weight.data, dy.data, dx?.data ?? null, dw.data, db.data] as const;
  native().conv2dBackward(nativeWindow(window, x.shape, groups), outChannels, ...arrays);
  return gradients;
}

function gradientTensors(where: string, x: Shape, weight: Shape, options: GradientOptions): Gradients {
  return {
    dx: options.dx === null ? null : output(where, 'dx', options.dx, x),
    dw: output(where, 'dw', options.dw, weight),
    db: output(where, 'db', options.db, [weight[0]]),
  };
}

/** `[N, C, H, W]` -> `[N, C, outH, outW]`. @throws {ShapeError} */
export function pool2dShape(where: string, shape: Shape, window: SlidingWindow): Shape {
  checkImages(where, shape);
  return [shape[0], shape[1], ...slide(where, window, shape)];
}

export interface MaxPoolOptions extends PaddedPoolOptions, OutOption {
  /** Receives, for each output, the index `ky * kernelW + kx` of the first maximum; at least as long as the result. */
  readonly argmax?: Uint16Array;
}

/**
 * The largest value under each window: `[N, C, H, W]` -> `[N, C, outH, outW]`; what lies in the padding is no candidate. Rows
 * and columns that no whole window covers are left out.
 * @throws {ShapeError} if x has not four axes or is smaller than the kernel.
 */
export function maxPool2d(x: Tensor, options: MaxPoolOptions): { y: Tensor; argmax: Uint16Array } {
  const where = 'maxPool2d';
  const names = { kernel: true, stride: true, padding: true, out: true, argmax: true } as const;
  checkOptions(where, options, names, '{ kernel: 2 }');
  checkTensor(where, 'x', x);
  const window = poolWindow(where, options);
  const y = output(where, 'out', options.out, pool2dShape(where, x.shape, window));
  const argmax = options.argmax ?? new Uint16Array(y.size);
  checkArray(where, 'argmax', argmax, Uint16Array, y.size);
  native().maxPool2dForward(nativeWindow(window, x.shape), x.data, y.data, argmax);
  return { y, argmax };
}

/**
 * Each dy added to the pixel that was the maximum.
 * @param argmax as `maxPool2d` gave it.
 * @throws {ShapeError} if dy has not the shape of the output for `inputShape`.
 */
export function maxPool2dBackward(
  dy: Tensor,
  argmax: Uint16Array,
  inputShape: Shape,
  options: PaddedPoolOptions & OutOption,
): Tensor {
  const where = 'maxPool2dBackward';
  const names = { kernel: true, stride: true, padding: true, out: true } as const;
  checkOptions(where, options, names, '{ kernel: 2 }');
  sizeOf(inputShape);
  const window = poolWindow(where, options);
  checkShape(where, 'dy', dy, pool2dShape(where, inputShape, window), "the output's shape");
  checkArray(where, 'argmax', argmax, Uint16Array, dy.size);
  const dx = output(where, 'out', options.out, inputShape);
  native().maxPool2dBackward(nativeWindow(window, inputShape), dy.data, argmax, dx.data);
  return dx;
}

/** `[N, inFeatures]` -> `[N, outFeatures]`. @throws {ShapeError} */
export function linearShape(where: string, shape: Shape, inFeatures: number, outFeatures: number): Shape {
  if (shape.length !== 2) {
    throw new ShapeError(
      `${where}: expected an input [N, ${inFeatures}] but received ${shape.length} axes ` +
        `(input ${formatShape(shape)}). Hint: put a Flatten before it`,
    );
  }
  if (shape[1] !== inFeatures) {
    throw new ShapeError(
      `${where}: expected ${inFeatures} input features (axis 1) but received ${shape[1]} (input ${formatShape(shape)})`,
    );
  }
  return [shape[0], outFeatures];
}

function checkLinearWeight(where: string, weight: Tensor): void {
  checkTensor(where, 'weight', weight);
  if (weight.shape.length !== 2 || weight.size === 0) {
    throw new ShapeError(
      `${where}: expected a weight [outFeatures, inFeatures] but received ${formatShape(weight.shape)}`,
    );
  }
}

/**
 * x * weight^T + bias: x `[N, inFeatures]`, weight `[outFeatures, inFeatures]`, bias `[outFeatures]` ->
 * `[N, outFeatures]`.
 * @throws {ShapeError} if the shapes do not fit.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor, options: OutOption = {}): Tensor {
  const where = 'linear';
  checkOptions(where, options, { out: true }, '{ out }');
  checkTensor(where, 'x', x);
  checkLinearWeight(where, weight);
  const [outFeatures, inFeatures] = weight.shape;
  checkShape(where, 'bias', bias, [outFeatures], 'one number an output feature');
  const y = output(where, 'out', options.out, linearShape(where, x.shape, inFeatures, outFeatures));
  native().linearForward(x.shape[0], inFeatures, outFeatures, x.data, weight.data, bias.data, y.data);
  return y;
}

/**
 * Gradients of `linear` for the gradient `dy` of its result; all are overwritten.
 * @throws {ShapeError} if the shapes do not fit.
 */
export function linearBackward(
  x: Tensor,
  weight: Tensor,
  dy: Tensor,
  options: GradientOptions = {},
): Gradients {
  const where = 'linearBackward';
  checkOptions(where, options, { dx: true, dw: true, db: true }, '{ dx: null }');
  checkTensor(where, 'x', x);
  checkLinearWeight(where, weight);
  const [outFeatures, inFeatures] = weight.shape;
  const shape = linearShape(where, x.shape, inFeatures, outFeatures);
  checkShape(where, 'dy', dy, shape, "the output's shape");
  const gradients = gradientTensors(where, x.shape, weight.shape, options);
  const { dx, dw, db } = gradients;
  const arrays = [x.data, weight.data, dy.data, dx?.data ?? null, dw.data, db.data] as const;
  native().linearBackward(x.shape[0], inFeatures, outFeatures, ...arrays);
  return gradients;
}
