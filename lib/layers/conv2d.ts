import { checkInteger, checkTensor } from '../kernels/checks.js';
import { conv2d, conv2dBackward, conv2dShape } from '../kernels/layers.js';
import { convolutionWindow, type Size2, type SlidingWindow } from '../kernels/window.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import { checkGradOut, type Layer, type LayerDescription, LayerParameter, TensorBuffer } from './layer.js';

/** Channels and window of a `Conv2d`. */
export interface Conv2dOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** One number, or `[height, width]`; stride and padding likewise. */
  readonly kernel: Size2;
  /** Default 1. */
  readonly stride?: Size2;
  /** Zeros around the input, on each side. Default 0. */
  readonly padding?: Size2;
}

const optionNames: OptionNames<Conv2dOptions> = {
  inChannels: true,
  outChannels: true,
  kernel: true,
  stride: true,
  padding: true,
};

/**
 * Convolution (cross-correlation, as everywhere in the field): `[N, inChannels, H, W]` ->
 * `[N, outChannels, outH, outW]` with outH = floor((H + 2*padding - kernel) / stride) + 1.
 *
 * weight `[outChannels, inChannels, kernelH, kernelW]`, bias `[outChannels]`; zeros until they are initialised.
 */
export class Conv2d implements Layer {
  readonly kind = 'conv2d';
  readonly inChannels: number;
  readonly outChannels: number;
  readonly window: SlidingWindow;
  readonly weight: LayerParameter;
  readonly bias: LayerParameter;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #x: Tensor | undefined;
  #y: Tensor | undefined;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: Conv2dOptions) {
    checkOptions('conv2d', options, optionNames, '{ inChannels: 1, outChannels: 6, kernel: 5 }');
    this.window = convolutionWindow('conv2d', options.kernel, options);
    for (const name of ['inChannels', 'outChannels'] as const) {
      checkInteger('conv2d', name, options[name], 1, 2 ** 31 - 1);
    }
    this.inChannels = options.inChannels;
    this.outChannels = options.outChannels;
    const shape = [this.outChannels, this.inChannels, ...this.window.kernel];
    const fanIn = this.inChannels * this.window.kernel[0] * this.window.kernel[1];
    this.weight = new LayerParameter('weight', shape, fanIn);
    this.bias = new LayerParameter('bias', [this.outChannels], fanIn);
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    return conv2dShape('conv2d', inputShape, this.window, this.inChannels, this.outChannels);
  }

  forward(x: Tensor): Tensor {
    checkTensor('conv2d', 'x', x);
    const out = this.#output.take(this.outputShape(x.shape));
    const { stride, padding } = this.window;
    this.#y = conv2d(x, this.weight.value, this.bias.value, { stride, padding, out });
    this.#x = x;
    return this.#y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('conv2d', gradOut, this.#y);
    const dx = this.#gradIn.take((this.#x as Tensor).shape);
    this.#backward(gradOut, dx);
    return dx;
  }

  backwardParameters(gradOut: Tensor): void {
    checkGradOut('conv2d', gradOut, this.#y);
    this.#backward(gradOut, null);
  }

  #backward(gradOut: Tensor, dx: Tensor | null): void {
    const [n, , height, width] = gradOut.shape;
    const { stride, padding } = this.window;
    const options = { stride, padding, dx, dw: this.weight.grad, db: this.bias.grad };
    conv2dBackward(this.#x as Tensor, this.weight.value, gradOut, options);
    this.weight.rows = n * height * width;
    this.bias.rows = n * height * width;
  }

  parameters(): readonly LayerParameter[] {
    return [this.weight, this.bias];
  }

  describe(): LayerDescription {
    return {
      kind: this.kind,
      inChannels: this.inChannels,
      outChannels: this.outChannels,
      ...this.window,
    };
  }

  /** `Conv2d(1 -> 6, kernel 5x5, stride 1x1, padding 0x0)`; stride 1 and padding 0 are left out. */
  toString(): string {
    const { kernel, stride, padding } = this.window;
    const parts = [`${this.inChannels} -> ${this.outChannels}`, `kernel ${formatShape(kernel)}`];
    if (stride.some((step) => step !== 1)) parts.push(`stride ${formatShape(stride)}`);
    if (padding.some((width) => width !== 0)) parts.push(`padding ${formatShape(padding)}`);
    return `Conv2d(${parts.join(', ')})`;
  }
}
