import { ArgumentRangeError, ShapeError } from '../errors.js';
import { checkBoolean, checkInteger, checkNumber, checkTensor } from '../kernels/checks.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import { normalize, normalizeBackward, type Statistics } from './batch-statistics.js';
import type { LayerKind } from './kind.js';
import {
  checkGradOut,
  evaluation,
  FilledBuffer,
  type ForwardContext,
  type Layer,
  type LayerBuffer,
  type LayerDescription,
  LayerParameter,
  TensorBuffer,
} from './layer.js';

/** Options of `BatchNorm2d`. */
export interface BatchNorm2dOptions {
  /** Channels of the input. */
  readonly features: number;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of a batch's statistics in the running ones. Default 0.1. */
  readonly momentum?: number;
  /** Whether a weight and a bias for each channel are trained. Default true. */
  readonly affine?: boolean;
}

const optionNames: OptionNames<BatchNorm2dOptions> = {
  features: true,
  eps: true,
  momentum: true,
  affine: true,
};

/**
 * Each channel of `[N, features, H, W]` with mean 0 and variance 1 over batch and pixels, times its weight, plus its
 * bias. In training by the statistics of the batch, which also go into the running ones (the variance there divided by
 * one less than the values that it is of, as far as there are two); in evaluation by the running ones.
 * Source: Ioffe and Szegedy, Batch Normalization (2015), in PyTorch's form.
 */
export class BatchNorm2d implements Layer {
  readonly kind = 'batchNorm2d';
  readonly features: number;
  readonly eps: number;
  readonly momentum: number;
  readonly affine: boolean;
  /** `[features]`, ones at first; and zeros. Without `affine` they are not trained. */
  readonly weight: LayerParameter;
  readonly bias: LayerParameter;
  readonly runningMean: LayerBuffer;
  readonly runningVar: LayerBuffer;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #x: Tensor | undefined;
  #y: Tensor | undefined;
  #statistics: Statistics | undefined;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: BatchNorm2dOptions) {
    checkOptions('batchNorm2d', options, optionNames, '{ features: 6 }');
    const { features, eps = 1e-5, momentum = 0.1, affine = true } = options;
    checkInteger('batchNorm2d', 'features', features, 1, 2 ** 31 - 1);
    checkNumber('batchNorm2d', 'eps', eps, 0);
    checkNumber('batchNorm2d', 'momentum', momentum, 0);
    if (momentum > 1) {
      throw new ArgumentRangeError(`batchNorm2d: expected momentum of at most 1 but received ${momentum}`);
    }
    checkBoolean('batchNorm2d', 'affine', affine);
    this.features = features;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.weight = new LayerParameter('scale', [features], 1);
    this.bias = new LayerParameter('shift', [features], 1);
    this.runningMean = new FilledBuffer('running_mean', [features], 0);
    this.runningVar = new FilledBuffer('running_var', [features], 1);
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    if (inputShape.length !== 4 || inputShape[1] !== this.features) {
      throw new ShapeError(
        `batchNorm2d: expected an input [N, ${this.features}, H, W] but received ${formatShape(inputShape)}`,
      );
    }
    return inputShape;
  }

  forward(x: Tensor, { training }: ForwardContext = evaluation): Tensor {
    checkTensor('batchNorm2d', 'x', x);
    const y = this.#output.take(this.outputShape(x.shape));
    this.#statistics = normalize(this, x, y, training);
    this.#x = x;
    this.#y = y;
    return y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('batchNorm2d', gradOut, this.#y);
    const dx = this.#gradIn.take(gradOut.shape);
    this.#backward(gradOut, dx);
    return dx;
  }

  backwardParameters(gradOut: Tensor): void {
    checkGradOut('batchNorm2d', gradOut, this.#y);
    this.#backward(gradOut, null);
  }

  #backward(gradOut: Tensor, dx: Tensor | null): void {
    normalizeBackward(this, this.#x as Tensor, gradOut, this.#statistics as Statistics, dx);
    const [n, , height, width] = gradOut.shape;
    for (const parameter of [this.weight, this.bias]) parameter.rows = n * height * width;
  }

  parameters(): readonly LayerParameter[] {
    return this.affine ? [this.weight, this.bias] : [];
  }

  buffers(): readonly LayerBuffer[] {
    return [this.runningMean, this.runningVar];
  }

  describe(): LayerDescription {
    const { kind, features, eps, momentum, affine } = this;
    return { kind, features, eps, momentum, affine };
  }

  /** `BatchNorm2d(6)`, `BatchNorm2d(6, eps 0.001, momentum 0.01, affine false)`. */
  toString(): string {
    const parts = [String(this.features)];
    if (this.eps !== 1e-5) parts.push(`eps ${this.eps}`);
    if (this.momentum !== 0.1) parts.push(`momentum ${this.momentum}`);
    if (!this.affine) parts.push('affine false');
    return `BatchNorm2d(${parts.join(', ')})`;
  }
}

export const batchNorm2dKind: LayerKind<BatchNorm2d> = {
  type: BatchNorm2d,
  lower({ features, eps, momentum, affine, weight, bias, runningMean, runningVar }) {
    const parameters = affine ? { weight, bias } : {};
    return {
      step: { op: 'batchNorm2d', features, eps, momentum, ...parameters, runningMean, runningVar },
      taken: 0,
    };
  },
  onnx({ eps, affine, weight, bias }) {
    return {
      operator: 'BatchNormalization',
      inputs: ['weight', 'bias', 'running_mean', 'running_var'],
      attributes: { epsilon: { float: eps } },
      ...(affine ? {} : { constants: { weight: weight.value, bias: bias.value } }),
    };
  },
  flop: (_, output) => 2 * sizeOf(output),
  reference({ features, eps, weight, bias, runningMean, runningVar }, x, [, , height, width]) {
    return x.map((value, at) => {
      const c = Math.floor(at / (height * width)) % features;
      const deviation = Math.sqrt(runningVar.value.data[c] + eps);
      return ((value - runningMean.value.data[c]) / deviation) * weight.value.data[c] + bias.value.data[c];
    });
  },
  picture: 'output',
  explain: null,
};
