import { ShapeError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import { formatShape, type Shape, sameShape, sizeOf, type Tensor } from '../tensor.js';
import type { LayerKind } from './kind.js';
import { checkGradOut, type Layer, type LayerDescription, UntrainedLayer } from './layer.js';

/** `[N, ...]` -> `[N, features]`, the same memory: its output changes with its input. */
export class Flatten extends UntrainedLayer implements Layer {
  readonly kind = 'flatten';
  #x: Tensor | undefined;
  #gradOut: Tensor | undefined;
  #gradIn: Tensor | undefined;

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    if (inputShape.length === 0) {
      throw new ShapeError(`flatten: expected a batch axis but received a ${formatShape(inputShape)}`);
    }
    return [inputShape[0], sizeOf(inputShape.slice(1))];
  }

  forward(x: Tensor): Tensor {
    checkTensor('flatten', 'x', x);
    // The layer before lends out the same tensor in every step, so its view is made once.
    if (x !== this.#x || this.y === undefined) {
      this.y = x.reshape(this.outputShape(x.shape));
      this.#x = x;
    }
    return this.y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('flatten', gradOut, this.y);
    const { shape } = this.#x as Tensor;
    if (gradOut !== this.#gradOut || !this.#gradIn || !sameShape(this.#gradIn.shape, shape)) {
      this.#gradIn = gradOut.reshape(shape);
      this.#gradOut = gradOut;
    }
    return this.#gradIn;
  }

  describe(): LayerDescription {
    return { kind: this.kind };
  }

  override toString(): string {
    return 'Flatten()';
  }
}

export const flattenKind: LayerKind<Flatten> = {
  type: Flatten,
  lower: null,
  onnx: () => ({ operator: 'Flatten', attributes: { axis: 1 } }),
  flop: () => 0,
  reference: (_, x) => x,
  picture: 'none',
  explain: null,
};
