import { type PaddedPoolOptions, poolWindow, type SlidingWindow } from '../kernels/window.js';
import { checkOptions } from '../options.js';
import { type Shape, sizeOf } from '../tensor.js';
import type { LaneStep, LayerKind } from './kind.js';
import type { Layer, LayerDescription } from './layer.js';
import { lowerAlone, NativeLayer } from './native-layer.js';
import { pooledShape, poolOptionNames, poolPlanes, windowText } from './pool-window.js';

/**
 * The mean under each window: `[N, C, H, W]` -> `[N, C, outH, outW]` with
 * outH = floor((H + 2*padding - kernel) / stride) + 1; the stride is the kernel unless it is given. The zeros of the
 * padding, on each side and at most half of the kernel, count.
 */
export class AvgPool2d extends NativeLayer implements Layer {
  readonly kind = 'avgPool2d';
  readonly window: SlidingWindow;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: PaddedPoolOptions) {
    super();
    checkOptions('avgPool2d', options, poolOptionNames, '{ kernel: 2 }');
    this.window = poolWindow('avgPool2d', options);
  }

  outputShape(inputShape: Shape): Shape {
    return pooledShape('avgPool2d', inputShape, this.window);
  }

  laneStep(): LaneStep {
    return { op: 'avgPool2d', ...this.window };
  }

  describe(): LayerDescription {
    return { kind: this.kind, ...this.window };
  }

  /** `AvgPool2d(2x2)`, `AvgPool2d(3x3, stride 2x2, padding 1x1)`. */
  override toString(): string {
    return `AvgPool2d(${windowText(this.window)})`;
  }
}

export const avgPool2dKind: LayerKind<AvgPool2d> = {
  type: AvgPool2d,
  lower: lowerAlone,
  onnx({ window: { kernel, stride, padding } }) {
    const attributes = { kernel_shape: kernel, strides: stride, pads: [...padding, ...padding] };
    return { operator: 'AveragePool', attributes: { ...attributes, count_include_pad: 1 } };
  },
  flop: ({ window: { kernel } }, output) => sizeOf(output) * sizeOf(kernel),
  reference({ window }, x, from, to) {
    const area = sizeOf(window.kernel);
    return poolPlanes(window, x, from, to, (values) => values.reduce((sum, value) => sum + value, 0) / area);
  },
  picture: 'output',
  explain: null,
};
