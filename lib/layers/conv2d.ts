import { checkInteger, checkTensor } from '../kernels/checks.js';
import { conv2d, conv2dBackward, conv2dShape } from '../kernels/layers.js';
import { convolutionWindow, type Size2, type SlidingWindow } from '../kernels/window.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { LayerKind, LoweredStep, LoweringSite } from './kind.js';
import { checkGradOut, type Layer, type LayerDescription, LayerParameter, TensorBuffer } from './layer.js';
import { isHalving } from './max-pool2d.js';

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

export const conv2dKind: LayerKind<Conv2d> = {
  type: Conv2d,
  lower,
  onnx({ window: { kernel, stride, padding } }) {
    const attributes = { kernel_shape: kernel, strides: stride, pads: [...padding, ...padding] };
    return { operator: 'Conv', inputs: ['weight', 'bias'], attributes };
  },
  flop: ({ weight: { value } }, [count, , height, width]) => 2 * count * height * width * value.size,
  reference,
  picture: 'output',
  explain: { role: 'products', window: ({ window }) => window },
};

/** With an activation and 2x2 max-pooling behind it; as a linear step where the window is the whole input. */
function lower(layer: Conv2d, { input, output, behind, activation }: LoweringSite): LoweredStep | string {
  const { window, outChannels, weight, bias } = layer;
  const { kernel, padding } = window;
  const fused = activation(0);
  const taken = fused === undefined ? 0 : 1;
  const parts = { ...fused?.fields, weight, bias };
  // A linear step writes no margins, which a convolution with padding behind it needs.
  const asLinear = !isPadded(layer) && !isPadded(behind[taken]);
  if (asLinear && kernel[0] === input[2] && kernel[1] === input[3]) {
    const inFeatures = sizeOf(input.slice(1));
    return { step: { op: 'linear', inFeatures, outFeatures: outChannels, ...parts }, taken };
  }
  if (padding[0] >= kernel[0] || padding[1] >= kernel[1]) {
    return `padding ${formatShape(padding)} is not below the kernel ${formatShape(kernel)}`;
  }
  const pool = fused?.monotonic === true && isHalving(behind[1]) && output[2] >= 2 && output[3] >= 2;
  return { step: { op: 'conv2d', outChannels, ...window, pool, ...parts }, taken: pool ? 2 : taken };
}

function isPadded(layer: Layer | undefined): boolean {
  return layer?.constructor === Conv2d && (layer as Conv2d).window.padding.some((width) => width > 0);
}

function reference(layer: Conv2d, x: Float64Array, from: Shape, to: Shape): Float64Array {
  const [, channels, height, width] = from;
  const [count, outChannels, outH, outW] = to;
  const { kernel, stride, padding } = layer.window;
  const weight = layer.weight.value.data;
  const y = new Float64Array(sizeOf(to));
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    for (let oc = 0; oc < outChannels; oc += 1) {
      for (let oy = 0; oy < outH; oy += 1) {
        for (let ox = 0; ox < outW; ox += 1) {
          let sum = layer.bias.value.data[oc];
          for (let c = 0; c < channels; c += 1) {
            for (let ky = 0; ky < kernel[0]; ky += 1) {
              const iy = oy * stride[0] + ky - padding[0];
              if (iy < 0 || iy >= height) continue;
              for (let kx = 0; kx < kernel[1]; kx += 1) {
                const ix = ox * stride[1] + kx - padding[1];
                if (ix < 0 || ix >= width) continue;
                const w = weight[((oc * channels + c) * kernel[0] + ky) * kernel[1] + kx];
                sum += w * x[((n * channels + c) * height + iy) * width + ix];
              }
            }
          }
          y[at] = sum;
          at += 1;
        }
      }
    }
  }
  return y;
}
