import { checkTensor } from '../kernels/checks.js';
import { maxPool2d, maxPool2dBackward } from '../kernels/layers.js';
import { type PaddedPoolOptions, poolWindow, type SlidingWindow } from '../kernels/window.js';
import { checkOptions } from '../options.js';
import { formatShape, type Shape, type Tensor } from '../tensor.js';
import type { LayerKind } from './kind.js';
import { checkGradOut, type Layer, type LayerDescription, TensorBuffer, UntrainedLayer } from './layer.js';
import { isPadded, pooledShape, poolOptionNames, poolPlanes, windowText } from './pool-window.js';

/**
 * The largest value under each window: `[N, C, H, W]` -> `[N, C, outH, outW]` with
 * outH = floor((H + 2*padding - kernel) / stride) + 1; the stride is the kernel unless it is given. The padding, on each
 * side and at most half of the kernel, holds no value. Among equal values the first gets the gradient.
 */
export class MaxPool2d extends UntrainedLayer implements Layer {
  readonly kind = 'maxPool2d';
  readonly window: SlidingWindow;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #argmax = new Uint16Array(0);
  #inputShape: Shape = [];

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: PaddedPoolOptions) {
    super();
    checkOptions('maxPool2d', options, poolOptionNames, '{ kernel: 2 }');
    this.window = poolWindow('maxPool2d', options);
  }

  outputShape(inputShape: Shape): Shape {
    return pooledShape('maxPool2d', inputShape, this.window);
  }

  forward(x: Tensor): Tensor {
    checkTensor('maxPool2d', 'x', x);
    const out = this.#output.take(this.outputShape(x.shape));
    if (this.#argmax.length < out.size) this.#argmax = new Uint16Array(out.size);
    this.#inputShape = x.shape;
    this.y = maxPool2d(x, { ...this.window, out, argmax: this.#argmax }).y;
    return this.y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('maxPool2d', gradOut, this.y);
    const out = this.#gradIn.take(this.#inputShape);
    return maxPool2dBackward(gradOut, this.#argmax, this.#inputShape, { ...this.window, out });
  }

  describe(): LayerDescription {
    const { kernel, stride, padding } = this.window;
    return { kind: this.kind, kernel, stride, ...(isPadded(this.window) ? { padding } : {}) };
  }

  /** `MaxPool2d(2x2)`, `MaxPool2d(3x3, stride 2x2, padding 1x1)`. */
  override toString(): string {
    return `MaxPool2d(${windowText(this.window)})`;
  }
}

/** Largest window of a step: the place of its maximum is kept in a byte. */
const MAX_LANE_AREA = 256;

export const maxPool2dKind: LayerKind<MaxPool2d> = {
  type: MaxPool2d,
  lower({ window }) {
    const { kernel } = window;
    if (kernel[0] * kernel[1] > MAX_LANE_AREA) {
      return `a window of ${formatShape(kernel)} has more than ${MAX_LANE_AREA} values`;
    }
    return { step: { op: 'maxPool2d', ...window }, taken: 0 };
  },
  onnx({ window }) {
    const { kernel, stride, padding } = window;
    const pads = isPadded(window) ? { pads: [...padding, ...padding] } : {};
    return { operator: 'MaxPool', attributes: { kernel_shape: kernel, strides: stride, ...pads } };
  },
  flop: () => 0,
  reference: ({ window }, x, from, to) => poolPlanes(window, x, from, to, (values) => Math.max(...values)),
  picture: 'output',
  explain: { role: 'maximum', window: ({ window }) => window },
};

/** Whether it is max-pooling of 2x2 windows side by side. */
export function isHalving(layer: Layer | undefined): boolean {
  if (layer?.constructor !== MaxPool2d) return false;
  const { window } = layer as MaxPool2d;
  return !isPadded(window) && [...window.kernel, ...window.stride].every((size) => size === 2);
}
