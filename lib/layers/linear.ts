import { checkBoolean, checkInteger, checkTensor } from '../kernels/checks.js';
import { linear, linearBackward, linearShape } from '../kernels/layers.js';
import { checkOptions } from '../options.js';
import { type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { LayerKind } from './kind.js';
import { checkGradOut, type Layer, type LayerDescription, LayerParameter, TensorBuffer } from './layer.js';

/** Sizes of a `Linear`. */
export interface LinearOptions {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whether a number for each output is added. Default true. */
  readonly bias?: boolean;
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
  readonly hasBias: boolean;
  readonly weight: LayerParameter;
  /** Without `bias`, zeros that are not trained. */
  readonly bias: LayerParameter;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #x: Tensor | undefined;
  #y: Tensor | undefined;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: LinearOptions) {
    const names = { inFeatures: true, outFeatures: true, bias: true } as const;
    checkOptions('linear', options, names, '{ inFeatures: 120, outFeatures: 84 }');
    for (const name of ['inFeatures', 'outFeatures'] as const) {
      checkInteger('linear', name, options[name], 1, 2 ** 31 - 1);
    }
    this.inFeatures = options.inFeatures;
    this.outFeatures = options.outFeatures;
    const { bias = true } = options;
    checkBoolean('linear', 'bias', bias);
    this.hasBias = bias;
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
    return this.hasBias ? [this.weight, this.bias] : [this.weight];
  }

  describe(): LayerDescription {
    const { kind, inFeatures, outFeatures } = this;
    return { kind, inFeatures, outFeatures, ...(this.hasBias ? {} : { bias: false }) };
  }

  /** `Linear(120 -> 84)`, `Linear(120 -> 84, bias false)`. */
  toString(): string {
    return `Linear(${this.inFeatures} -> ${this.outFeatures}${this.hasBias ? '' : ', bias false'})`;
  }
}

/** Those of a step that computes the layer. */
export function productParameters({
  weight,
  bias,
  hasBias,
}: {
  readonly weight: LayerParameter;
  readonly bias: LayerParameter;
  readonly hasBias: boolean;
}): { readonly weight: LayerParameter; readonly bias?: LayerParameter } {
  return hasBias ? { weight, bias } : { weight };
}

export const linearKind: LayerKind<Linear> = {
  type: Linear,
  lower(layer, { activation }) {
    const fused = activation(0);
    const { inFeatures, outFeatures } = layer;
    const step = { op: 'linear', inFeatures, outFeatures, ...fused?.fields, ...productParameters(layer) };
    return { step, taken: fused === undefined ? 0 : 1 };
  },
  onnx: ({ hasBias }) => ({
    operator: 'Gemm',
    inputs: hasBias ? ['weight', 'bias'] : ['weight'],
    attributes: { transB: 1 },
  }),
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
  explain: { role: 'products', isPlain: () => true, window: () => undefined },
};
