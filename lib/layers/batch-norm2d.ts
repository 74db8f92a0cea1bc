import { ShapeError } from '../errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor.js';
import { BatchNorm, batchNormKind, type BatchNormOptions } from './batch-norm.js';
import type { Layer } from './layer.js';

/**
 * Each channel of `[N, features, H, W]` with mean 0 and variance 1 over batch and pixels, times its weight, plus its
 * bias. In training by the statistics of the batch, which also go into the running ones (the variance there divided by
 * one less than the values that it is of); in evaluation by the running ones.
 * Source: Ioffe and Szegedy, Batch Normalization (2015), in PyTorch's form.
 */
export class BatchNorm2d extends BatchNorm implements Layer {
  readonly kind = 'batchNorm2d';

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: BatchNormOptions) {
    super('batchNorm2d', options);
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
}

export const batchNorm2dKind = batchNormKind(BatchNorm2d);
