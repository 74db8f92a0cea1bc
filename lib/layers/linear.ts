import { checkInteger, checkTensor } from '../kernels/checks.js';
import { linear, linearBackward, linearShape } from '../kernels/layers.js';
import { checkOptions } from '../options.js';
import { type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { LayerKind } from './kind.js';
import { checkGradOut, type Layer, type LayerDescription, LayerParameter, TensorBuffer } from './layer.js';

/** Sizes of a `Linear`. */
export interface LinearOptions {
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/**
 * x * weight^T + bias (a fully connected layer): `[N, inFeatures]` -> `[N, outFeatures]`.
 *
 * weight `[outFeatures, inFeatures]`, bias `[outFeatures]`; zeros until they are initialised.
 */
export class Linear implements Layer {
  readonly kind = 'linear';
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly weight: LayerParameter;
  readonly bias: LayerParameter;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #x: Tensor | undefined;
  #y: Tensor | undefined;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: LinearOptions) {
    const names = { inFeatures: true, outFeatures: true } as const;
    checkOptions('linear', options, names, '{ inFeatures: 120, outFeatures: 84 }');
    for (const name of ['inFeatures', 'outFeatures'] as const) {
      checkInteger('linear', name, options[name], 1, 2 ** 31 - 1);
    }
    this.inFeatures = options.inFeatures;
    this.outFeatures = options.outFeatures;
    this.weight = new LayerParameter('weight', [this.outFeatures, this.inFeatures], this.inFeatures);
    this.bias = new LayerParameter('bias', [this.outFeatures], this.inFeatures);
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    return linearShape('linear', inputShape, this.inFeatures, this.outFeatures);
  }

  forward(x: Tensor): Tensor {
    checkTensor('linear', 'x', x);
    const out = this.#output.take(this.outputShape(x.shape));
    this.#y = linear(x, this.weight.value, this.bias.value, { out });
    this.#x = x;
    return this.#y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('linear', gradOut, this.#y);
    const dx = this.#gradIn.take((this.#x as Tensor).shape);
    this.#backward(gradOut, dx);
    return dx;
  }

  backwardParameters(gradOut: Tensor): void {
    checkGradOut('linear', gradOut, this.#y);
    this.#backward(gradOut, null);
  }

  #backward(gradOut: Tensor, dx: Tensor | null): void {
    const options = { dx, dw: this.weight.grad, db: this.bias.grad };
    linearBackward(this.#x as Tensor, this.weight.value, gradOut, options);
    this.weight.rows = gradOut.shape[0];
    this.bias.rows = gradOut.shape[0];
  }

  parameters(): readonly LayerParameter[] {
    return [this.weight, this.bias];
  }

  describe(): LayerDescription {
    return { kind: this.kind, inFeatures: this.inFeatures, outFeatures: this.outFeatures };
  }

  /** `Linear(120 -> 84)`. */
  toString(): string {
    return `Linear(${this.inFeatures} -> ${this.outFeatures})`;
  }
}

export const linearKind: LayerKind<Linear> = {
  type: Linear,
  lower({ inFeatures, outFeatures, weight, bias }, { activation }) {
    const fused = activation(0);
    const step = { op: 'linear', inFeatures, outFeatures, ...fused?.fields, weight, bias };
    return { step, taken: fused === undefined ? 0 : 1 };
  },
  onnx: () => ({ operator: 'Gemm', inputs: ['weight', 'bias'], attributes: { transB: 1 } }),
  flop: ({ weight: { value } }, [count]) => 2 * count * value.size,
  reference({ inFeatures, outFeatures, weight, bias }, x, [count]) {
    const y = new Float64Array(count * outFeatures);
    for (let at = 0; at < y.length; at += 1) {
      const [n, o] = [Math.floor(at / outFeatures), at % outFeatures];
      y[at] = bias.value.data[o];
      for (let i = 0; i < inFeatures; i += 1) {
        y[at] += weight.value.data[o * inFeatures + i] * x[n * inFeatures + i];
      }
    }
    return y;
  },
  picture: 'output',
  explain: { role: 'products', window: () => undefined },
};
