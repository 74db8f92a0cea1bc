import { ShapeError } from '../errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor.js';
import { BatchNorm, batchNormKind, type BatchNormOptions } from './batch-norm.js';
import type { Layer } from './layer.js';

/**
 * Each feature of `[N, features]` with mean 0 and variance 1 over the batch, times its weight, plus its bias; in training
 * and evaluation as `BatchNorm2d`.
 */
export class BatchNorm1d extends BatchNorm implements Layer {
  readonly kind = 'batchNorm1d';

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: BatchNormOptions) {
    super('batchNorm1d', options);
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    if (inputShape.length === 2 && inputShape[1] === this.features) return inputShape;
    throw new ShapeError(
      `batchNorm1d: expected an input [N, ${this.features}] but received ${formatShape(inputShape)}`,
    );
  }
}

export const batchNorm1dKind = batchNormKind(BatchNorm1d);
