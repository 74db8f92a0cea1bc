/** An activation: a function of each value alone. A further one is its class, as in relu.ts, and its line in kinds.ts. */
import { activate, activateBackward, type NamedActivation } from '../kernels/activations.js';
import { checkTensor } from '../kernels/checks.js';
import { type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { ActivationFields, ExplainedActivation, LayerKind, OnnxOperation } from './kind.js';
import { checkGradOut, type LayerDescription, TensorBuffer, UntrainedLayer } from './layer.js';

export abstract class Activation extends UntrainedLayer {
  /** Its name in the native tables too. */
  abstract override readonly kind: string;
  /** What the native function takes besides x, at most one number, such as a slope, under its name there. */
  readonly numbers: Readonly<Record<string, number>> = {};
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
    this.y = activate(this.#native(), x, this.#output.take(x.shape));
    return this.y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut(this.kind, gradOut, this.y);
    const dx = this.#gradIn.take(gradOut.shape);
    return activateBackward(this.#native(), this.#x as Tensor, this.y, gradOut, dx);
  }

  #native(): NamedActivation {
    const [number = 0] = Object.values(this.numbers);
    return { kind: this.kind, number };
  }

  describe(): LayerDescription {
    return { kind: this.kind, ...this.numbers };
  }

  /** `ReLU()`, `LeakyReLU(0.01)`. */
  override toString(): string {
    return `${this.constructor.name}(${Object.values(this.numbers).join(', ')})`;
  }
}

/** The fields of a step of the lanes engine that computes it. */
export function activationFields({ kind, numbers }: Activation): ActivationFields {
  return { activation: kind, ...numbers };
}

/** What differs between activations. */
export interface ActivationFacts<L extends Activation> extends Omit<ExplainedActivation<L>, 'role'> {
  readonly onnx: string | ((layer: L) => OnnxOperation);
  /** In double precision. */
  value(x: number, layer: L): number;
}

export function activationKind<L extends Activation>(
  type: LayerKind<L>['type'],
  { onnx, value, ...explained }: ActivationFacts<L>,
): LayerKind<L> {
  return {
    type,
    lower: (layer) => ({ step: { op: 'activation', ...activationFields(layer) }, taken: 0 }),
    onnx: typeof onnx === 'string' ? () => ({ operator: onnx }) : onnx,
    flop: () => 0,
    reference: (layer, x) => x.map((each) => value(each, layer)),
    picture: 'maps',
    explain: { role: 'activation', ...explained },
  };
}
