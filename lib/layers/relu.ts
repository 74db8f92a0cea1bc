import { checkTensor } from '../kernels/checks.js';
import { relu, reluBackward } from '../kernels/layers.js';
import { type Shape, sizeOf, type Tensor } from '../tensor.js';
import { checkGradOut, type Layer, type LayerDescription, TensorBuffer } from './layer.js';

/** max(x, 0), any shape. The gradient at 0 is 0. */
export class ReLU implements Layer {
  readonly kind = 'relu';
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #y: Tensor | undefined;

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    return inputShape;
  }

  forward(x: Tensor): Tensor {
    checkTensor('relu', 'x', x);
    this.#y = relu(x, { out: this.#output.take(x.shape) });
    return this.#y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('relu', gradOut, this.#y);
    return reluBackward(this.#y, gradOut, { out: this.#gradIn.take(gradOut.shape) });
  }

  /** Checks only: there are no parameters. */
  backwardParameters(gradOut: Tensor): void {
    checkGradOut('relu', gradOut, this.#y);
  }

  parameters(): readonly [] {
    return [];
  }

  describe(): LayerDescription {
    return { kind: this.kind };
  }

  toString(): string {
    return 'ReLU()';
  }
}
