import { checkBoolean, checkInteger, checkTensor } from '../kernels/checks.js';
import { conv2d, conv2dBackward, conv2dShape } from '../kernels/layers.js';
import {
  checkGroups,
  checkGroupsOf,
  convolutionWindow,
  type Size2,
  type SlidingWindow,
  spanOf,
} from '../kernels/window.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { LayerKind, LoweredStep, LoweringSite } from './kind.js';
import { productParameters } from './linear.js';
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
  /** Distance of the values under the kernel. Default 1. */
  readonly dilation?: Size2;
  /**
   * Input and output channels fall into as many groups, of which each sees its own alone; as many as both channels are a
   * depthwise convolution. Default 1.
   */
  readonly groups?: number;
  /** Whether a number for each output channel is added. Default true. */
  readonly bias?: boolean;
}

const optionNames: OptionNames<Conv2dOptions> = {
  inChannels: true,
  outChannels: true,
  kernel: true,
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  bias: true,
};

/**
 * Convolution (cross-correlation, as everywhere in the field): `[N, inChannels, H, W]` ->
 * `[N, outChannels, outH, outW]` with outH = floor((H + 2*padding - dilation*(kernel - 1) - 1) / stride) + 1.
 *
 * weight `[outChannels, inChannels / groups, kernelH, kernelW]`, bias `[outChannels]`; zeros until they are initialised.
 */
export class Conv2d implements Layer {
  readonly kind = 'conv2d';
  readonly inChannels: number;
  readonly outChannels: number;
  readonly window: SlidingWindow;
  readonly groups: number;
  readonly hasBias: boolean;
  readonly weight: LayerParameter;
  /** Without `bias`, zeros that are not trained. */
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
    const { bias = true } = options;
    const groups = checkGroups('conv2d', options.groups);
    checkGroupsOf('conv2d', groups, this.inChannels, this.outChannels);
    checkBoolean('conv2d', 'bias', bias);
    this.groups = groups;
    this.hasBias = bias;
    const shape = [this.outChannels, this.inChannels / groups, ...this.window.kernel];
    const fanIn = sizeOf(shape.slice(1));
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
    const { groups, window } = this;
    const { stride, padding, dilation = 1 } = window;
    this.#y = conv2d(x, this.weight.value, this.bias.value, { stride, padding, dilation, groups, out });
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
    const { groups, window } = this;
    const { stride, padding, dilation = 1 } = window;
    const options = { stride, padding, dilation, groups, dx, dw: this.weight.grad, db: this.bias.grad };
    conv2dBackward(this.#x as Tensor, this.weight.value, gradOut, options);
    this.weight.rows = n * height * width;
    this.bias.rows = n * height * width;
  }

  parameters(): readonly LayerParameter[] {
    return this.hasBias ? [this.weight, this.bias] : [this.weight];
  }

  describe(): LayerDescription {
    return {
      kind: this.kind,
      inChannels: this.inChannels,
      outChannels: this.outChannels,
      ...this.window,
      // What was not known once is left out where it is as it was then.
      ...(this.groups === 1 ? {} : { groups: this.groups }),
      ...(this.hasBias ? {} : { bias: false }),
    };
  }

  /** `Conv2d(4 -> 6, kernel 5x5, stride 2x2, padding 1x1, dilation 2x2, groups 2, bias false)`; defaults are left out. */
  toString(): string {
    const { kernel, stride, padding, dilation } = this.window;
    const parts = [`${this.inChannels} -> ${this.outChannels}`, `kernel ${formatShape(kernel)}`];
    if (stride.some((step) => step !== 1)) parts.push(`stride ${formatShape(stride)}`);
    if (padding.some((width) => width !== 0)) parts.push(`padding ${formatShape(padding)}`);
    if (dilation !== undefined) parts.push(`dilation ${formatShape(dilation)}`);
    if (this.groups !== 1) parts.push(`groups ${this.groups}`);
    if (!this.hasBias) parts.push('bias false');
    return `Conv2d(${parts.join(', ')})`;
  }
}

export const conv2dKind: LayerKind<Conv2d> = {
  type: Conv2d,
  lower,
  onnx({ window: { kernel, stride, padding, dilation }, groups, hasBias }) {
    const attributes = {
      kernel_shape: kernel,
      strides: stride,
      pads: [...padding, ...padding],
      ...(dilation === undefined ? {} : { dilations: dilation }),
      ...(groups === 1 ? {} : { group: groups }),
    };
    return { operator: 'Conv', inputs: hasBias ? ['weight', 'bias'] : ['weight'], attributes };
  },
  flop: ({ weight: { value } }, [count, , height, width]) => 2 * count * height * width * value.size,
  reference,
  picture: 'output',
  explain: {
    role: 'products',
    isPlain: ({ window, groups }) => window.dilation === undefined && groups === 1,
    window: ({ window }) => window,
  },
};

/** With an activation and 2x2 max-pooling behind it; as a linear step where the window is the whole input. */
function lower(
  layer: Conv2d,
  { input, output, behind, reader, activation }: LoweringSite,
): LoweredStep | string {
  const { window, outChannels, groups } = layer;
  const { kernel, padding } = window;
  const fused = activation(0);
  const taken = fused === undefined ? 0 : 1;
  const parts = { ...fused?.fields, ...productParameters(layer) };
  // A linear step writes no margins, which a convolution with padding needs around what it reads.
  const asLinear = groups === 1 && !isPadded(layer) && !isPadded(reader(taken));
  if (asLinear && kernel[0] === input[2] && kernel[1] === input[3]) {
    const inFeatures = sizeOf(input.slice(1));
    return { step: { op: 'linear', inFeatures, outFeatures: outChannels, ...parts }, taken };
  }
  const span = [spanOf(window, 0), spanOf(window, 1)];
  if (padding[0] >= span[0] || padding[1] >= span[1]) {
    return `padding ${formatShape(padding)} is not below the kernel ${formatShape(span)}`;
  }
  const pool = fused?.monotonic === true && isHalving(behind[1]) && output[2] >= 2 && output[3] >= 2;
  const inGroups = groups === 1 ? {} : { groups };
  const step = { op: 'conv2d', outChannels, ...window, ...inGroups, pool, ...parts };
  return { step, taken: pool ? 2 : taken };
}

function isPadded(layer: Layer | undefined): boolean {
  return layer?.constructor === Conv2d && (layer as Conv2d).window.padding.some((width) => width > 0);
}

function reference(layer: Conv2d, x: Float64Array, from: Shape, to: Shape): Float64Array {
  const [, channels, height, width] = from;
  const [count, outChannels, outH, outW] = to;
  const { kernel, stride, padding, dilation = [1, 1] } = layer.window;
  const weight = layer.weight.value.data;
  const perGroup = channels / layer.groups;
  const y = new Float64Array(sizeOf(to));
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    for (let oc = 0; oc < outChannels; oc += 1) {
      for (let oy = 0; oy < outH; oy += 1) {
        for (let ox = 0; ox < outW; ox += 1) {
          let sum = layer.bias.value.data[oc];
          const first = Math.floor((oc * layer.groups) / outChannels) * perGroup;
          for (let c = 0; c < perGroup; c += 1) {
            for (let ky = 0; ky < kernel[0]; ky += 1) {
              const iy = oy * stride[0] + ky * dilation[0] - padding[0];
              if (iy < 0 || iy >= height) continue;
              for (let kx = 0; kx < kernel[1]; kx += 1) {
                const ix = ox * stride[1] + kx * dilation[1] - padding[1];
                if (ix < 0 || ix >= width) continue;
                const w = weight[((oc * perGroup + c) * kernel[0] + ky) * kernel[1] + kx];
                sum += w * x[((n * channels + first + c) * height + iy) * width + ix];
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
