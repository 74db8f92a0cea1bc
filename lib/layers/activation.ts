/** An activation: a function of each value alone. A further one is its class, as in relu.ts, and its line in kinds.ts. */
import { activate, activateBackward } from '../kernels/activations.js';
import { checkTensor } from '../kernels/checks.js';
import { type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { ExplainedActivation, LayerKind } from './kind.js';
import { checkGradOut, type LayerDescription, TensorBuffer, UntrainedLayer } from './layer.js';

export abstract class Activation extends UntrainedLayer {
  /** Its name in the native tables too. */
  abstract override readonly kind: string;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #x: Tensor | undefined;

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    return inputShape;
  }

  forward(x: Tensor): Tensor {
    checkTensor(this.kind, 'x', x);
    this.#x = x;
    this.y = activate(this.kind, x, this.#output.take(x.shape));
    return this.y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut(this.kind, gradOut, this.y);
    const dx = this.#gradIn.take(gradOut.shape);
    return activateBackward(this.kind, this.#x as Tensor, this.y, gradOut, dx);
  }

  describe(): LayerDescription {
    return { kind: this.kind };
  }

  override toString(): string {
    return `${this.constructor.name}()`;
  }
}

/** What differs between activations. */
export interface ActivationFacts extends Omit<ExplainedActivation, 'role'> {
  readonly onnx: string;
  /** In double precision. */
  value(x: number): number;
}

export function activationKind<L extends Activation>(
  type: new () => L,
  { onnx, value, formula, backward }: ActivationFacts,
): LayerKind<L> {
  return {
    type,
    lower: ({ kind }) => ({ step: { op: 'activation', activation: kind }, taken: 0 }),
    onnx: () => ({ operator: onnx }),
    flop: () => 0,
    reference: (_, x) => x.map(value),
    picture: 'maps',
    explain: { role: 'activation', formula, backward },
  };
}
