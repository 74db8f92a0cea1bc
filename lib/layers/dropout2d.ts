import { checkImages } from '../kernels/window.js';
import { type Shape, sizeOf } from '../tensor.js';
import { DropoutBase, dropoutKindOf, type DropoutOptions } from './dropout.js';
import type { Layer } from './layer.js';

/**
 * `Dropout` of whole channels of `[N, C, H, W]`: neighbouring pixels say nearly the same, so that one channel of an image
 * is dropped or kept.
 * Source: Tompson et al., Efficient Object Localization Using Convolutional Networks (2015).
 */
export class Dropout2d extends DropoutBase implements Layer {
  readonly kind = 'dropout2d';

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: DropoutOptions = {}) {
    super('dropout2d', options);
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    checkImages('dropout2d', inputShape);
    return inputShape;
  }
}

export const dropout2dKind = dropoutKindOf(Dropout2d);
