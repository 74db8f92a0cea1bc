import { checkImages } from '../kernels/window.js';
import { type Shape, sizeOf } from '../tensor.js';
import type { LaneStep, LayerKind } from './kind.js';
import type { Layer, LayerDescription } from './layer.js';
import { lowerAlone, NativeLayer } from './native-layer.js';

/** The mean of each channel: `[N, C, H, W]` -> `[N, C]`. Source: Lin et al., Network In Network (2014). */
export class GlobalAvgPool2d extends NativeLayer implements Layer {
  readonly kind = 'globalAvgPool2d';

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    checkImages('globalAvgPool2d', inputShape);
    return inputShape.slice(0, 2);
  }

  laneStep(): LaneStep {
    return { op: 'globalAvgPool2d' };
  }

  describe(): LayerDescription {
    return { kind: this.kind };
  }

  override toString(): string {
    return 'GlobalAvgPool2d()';
  }
}

export const globalAvgPool2dKind: LayerKind<GlobalAvgPool2d> = {
  type: GlobalAvgPool2d,
  lower: lowerAlone,
  onnx: () => ({ operator: 'ReduceMean', attributes: { axes: [2, 3], keepdims: 0 } }),
  flop: (_, output) => sizeOf(output),
  reference(_, x, [, , height, width], to) {
    const pixels = height * width;
    return new Float64Array(sizeOf(to)).map((_, plane) => {
      const values = x.subarray(plane * pixels, (plane + 1) * pixels);
      return values.reduce((sum, value) => sum + value, 0) / pixels;
    });
  },
  picture: 'output',
  explain: null,
};
