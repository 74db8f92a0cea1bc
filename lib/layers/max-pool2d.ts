import { checkTensor } from '../kernels/checks.js';
import { maxPool2d, maxPool2dBackward, maxPool2dShape } from '../kernels/layers.js';
import { type PoolOptions, poolWindow, type SlidingWindow } from '../kernels/window.js';
import { checkOptions } from '../options.js';
import { formatShape, type Shape, sameShape, sizeOf, type Tensor } from '../tensor.js';
import type { LayerKind } from './kind.js';
import { checkGradOut, type Layer, type LayerDescription, TensorBuffer, UntrainedLayer } from './layer.js';

/**
 * The largest value under each window: `[N, C, H, W]` -> `[N, C, outH, outW]` with
 * outH = floor((H - kernel) / stride) + 1; the stride is the kernel unless it is given. Among equal values the first
 * gets the gradient.
 */
export class MaxPool2d extends UntrainedLayer implements Layer {
  readonly kind = 'maxPool2d';
  readonly window: SlidingWindow;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #argmax = new Uint16Array(0);
  #inputShape: Shape = [];

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: PoolOptions) {
    super();
    checkOptions('maxPool2d', options, { kernel: true, stride: true }, '{ kernel: 2 }');
    this.window = poolWindow('maxPool2d', options);
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    return maxPool2dShape('maxPool2d', inputShape, this.window);
  }

  forward(x: Tensor): Tensor {
    checkTensor('maxPool2d', 'x', x);
    const out = this.#output.take(this.outputShape(x.shape));
    if (this.#argmax.length < out.size) this.#argmax = new Uint16Array(out.size);
    const { kernel, stride } = this.window;
    this.#inputShape = x.shape;
    this.y = maxPool2d(x, { kernel, stride, out, argmax: this.#argmax }).y;
    return this.y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('maxPool2d', gradOut, this.y);
    const { kernel, stride } = this.window;
    const out = this.#gradIn.take(this.#inputShape);
    return maxPool2dBackward(gradOut, this.#argmax, this.#inputShape, { kernel, stride, out });
  }

  describe(): LayerDescription {
    return { kind: this.kind, kernel: this.window.kernel, stride: this.window.stride };
  }

  /** `MaxPool2d(2x2)`, `MaxPool2d(3x3, stride 2x2)`. */
  override toString(): string {
    const { kernel, stride } = this.window;
    const step = sameShape(kernel, stride) ? '' : `, stride ${formatShape(stride)}`;
    return `MaxPool2d(${formatShape(kernel)}${step})`;
  }
}

/** Largest window of a step: the place of its maximum is kept in a byte. */
const MAX_LANE_AREA = 256;

export const maxPool2dKind: LayerKind<MaxPool2d> = {
  type: MaxPool2d,
  lower({ window: { kernel, stride } }) {
    if (kernel[0] * kernel[1] > MAX_LANE_AREA) {
      return `a window of ${formatShape(kernel)} has more than ${MAX_LANE_AREA} values`;
    }
    return { step: { op: 'maxPool2d', kernel, stride }, taken: 0 };
  },
  onnx({ window: { kernel, stride } }) {
    return { operator: 'MaxPool', attributes: { kernel_shape: kernel, strides: stride } };
  },
  flop: () => 0,
  reference({ window: { kernel, stride } }, x, [, , height, width], to) {
    const [, , outH, outW] = to;
    const y = new Float64Array(sizeOf(to)).fill(Number.NEGATIVE_INFINITY);
    for (let at = 0; at < y.length; at += 1) {
      const [plane, oy, ox] = [Math.floor(at / (outH * outW)), Math.floor(at / outW) % outH, at % outW];
      for (let ky = 0; ky < kernel[0]; ky += 1) {
        const row = (plane * height + oy * stride[0] + ky) * width + ox * stride[1];
        for (let kx = 0; kx < kernel[1]; kx += 1) y[at] = Math.max(y[at], x[row + kx]);
      }
    }
    return y;
  },
  picture: 'output',
  explain: { role: 'maximum', window: ({ window }) => window },
};

/** Whether it is max-pooling of 2x2 windows side by side. */
export function isHalving(layer: Layer | undefined): boolean {
  if (layer?.constructor !== MaxPool2d) return false;
  const { kernel, stride } = (layer as MaxPool2d).window;
  return [...kernel, ...stride].every((size) => size === 2);
}
