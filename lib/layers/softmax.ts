import { ShapeError } from '../errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor.js';
import type { LaneStep, LayerKind } from './kind.js';
import type { Layer, LayerDescription } from './layer.js';
import { lowerAlone, NativeLayer } from './native-layer.js';

/**
 * exp(x) over the sum of all exp(x) of a row of `[N, classes]`, computed on x less its maximum. `CrossEntropyLoss` takes
 * scores without it.
 */
export class Softmax extends NativeLayer implements Layer {
  readonly kind = 'softmax';

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    if (inputShape.length === 2) return inputShape;
    throw new ShapeError(
      `softmax: expected an input [N, classes] but received ${formatShape(inputShape)}. ` +
        'Hint: put a Flatten before it',
    );
  }

  laneStep(): LaneStep {
    return { op: 'softmax' };
  }

  describe(): LayerDescription {
    return { kind: this.kind };
  }

  override toString(): string {
    return 'Softmax()';
  }
}

export const softmaxKind: LayerKind<Softmax> = {
  type: Softmax,
  lower: lowerAlone,
  onnx: () => ({ operator: 'Softmax', attributes: { axis: 1 } }),
  flop: () => 0,
  reference(_, x, [count, classes]) {
    const y = new Float64Array(x.length);
    for (let row = 0; row < count; row += 1) {
      const scores = x.subarray(row * classes, (row + 1) * classes);
      const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
      const sum = powers.reduce((total, power) => total + power, 0);
      y.set(
        powers.map((power) => power / sum),
        row * classes,
      );
    }
    return y;
  },
  picture: 'output',
  explain: null,
};
