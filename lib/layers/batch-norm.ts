/** What batch normalisations have in common; batch-norm2d.ts has one of them. */
import { ArgumentRangeError } from '../errors.js';
import { checkBoolean, checkInteger, checkNumber } from '../kernels/checks.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf } from '../tensor.js';
import type { LaneStep, LayerKind } from './kind.js';
import { FilledBuffer, type LayerBuffer, type LayerDescription, LayerParameter } from './layer.js';
import { NativeLayer } from './native-layer.js';

/** Options of a batch normalisation. */
export interface BatchNormOptions {
  /** Channels, or features, of the input. */
  readonly features: number;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of a batch's statistics in the running ones. Default 0.1. */
  readonly momentum?: number;
  /** Whether a weight and a bias for each channel are trained. Default true. */
  readonly affine?: boolean;
}

const optionNames: OptionNames<BatchNormOptions> = {
  features: true,
  eps: true,
  momentum: true,
  affine: true,
};

export abstract class BatchNorm extends NativeLayer {
  readonly features: number;
  readonly eps: number;
  readonly momentum: number;
  readonly affine: boolean;
  /** `[features]`, ones at first; and zeros. Without `affine` they are not trained. */
  readonly weight: LayerParameter;
  readonly bias: LayerParameter;
  readonly runningMean: LayerBuffer;
  readonly runningVar: LayerBuffer;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(where: string, options: BatchNormOptions) {
    super();
    checkOptions(where, options, optionNames, '{ features: 6 }');
    const { features, eps = 1e-5, momentum = 0.1, affine = true } = options;
    checkInteger(where, 'features', features, 1, 2 ** 31 - 1);
    checkNumber(where, 'eps', eps, 0);
    checkNumber(where, 'momentum', momentum, 0);
    if (momentum > 1) {
      throw new ArgumentRangeError(`${where}: expected momentum of at most 1 but received ${momentum}`);
    }
    checkBoolean(where, 'affine', affine);
    this.features = features;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.weight = new LayerParameter('scale', [features], 1);
    this.bias = new LayerParameter('shift', [features], 1);
    this.runningMean = new FilledBuffer('running_mean', [features], 0);
    this.runningVar = new FilledBuffer('running_var', [features], 1);
  }

  laneStep(): LaneStep {
    const { features, eps, momentum, weight, bias, runningMean, runningVar } = this;
    const parameters = this.affine ? { weight, bias } : {};
    return { op: this.kind, features, eps, momentum, ...parameters, runningMean, runningVar };
  }

  /** @throws {ArgumentRangeError} for a single value a channel, whose variance is none. */
  override checkTraining(inputShape: Shape): void {
    if (sizeOf(inputShape) !== this.features) return;
    throw new ArgumentRangeError(
      `${this.kind}: expected more than one value a channel in training but received 1 ` +
        `(input ${formatShape(inputShape)}), which has no variance. Hint: take batches of 2 or more, of which the ` +
        'last of an epoch is one too; for an evaluation call net.eval() or net.predict(x)',
    );
  }

  override parameters(): readonly LayerParameter[] {
    return this.affine ? [this.weight, this.bias] : [];
  }

  override buffers(): readonly LayerBuffer[] {
    return [this.runningMean, this.runningVar];
  }

  describe(): LayerDescription {
    const { kind, features, eps, momentum, affine } = this;
    return { kind, features, eps, momentum, affine };
  }

  /** `BatchNorm2d(6)`, `BatchNorm2d(6, eps 0.001, momentum 0.01, affine false)`. */
  override toString(): string {
    const parts = [String(this.features)];
    if (this.eps !== 1e-5) parts.push(`eps ${this.eps}`);
    if (this.momentum !== 0.1) parts.push(`momentum ${this.momentum}`);
    if (!this.affine) parts.push('affine false');
    return `${this.constructor.name}(${parts.join(', ')})`;
  }
}

export function batchNormKind<L extends BatchNorm>(type: new (options: BatchNormOptions) => L): LayerKind<L> {
  return {
    type,
    lower(layer, { activation }) {
      const fused = activation(0);
      return { step: { ...layer.laneStep(), ...fused?.fields }, taken: fused === undefined ? 0 : 1 };
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
    reference({ features, eps, weight, bias, runningMean, runningVar }, x, [, , ...pixels]) {
      return x.map((value, at) => {
        const c = Math.floor(at / sizeOf(pixels)) % features;
        const deviation = Math.sqrt(runningVar.value.data[c] + eps);
        return ((value - runningMean.value.data[c]) / deviation) * weight.value.data[c] + bias.value.data[c];
      });
    },
    picture: 'output',
    explain: null,
  };
}
