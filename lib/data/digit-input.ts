/** One prepared digit as the input of a net. */
import type { Tensor } from '../tensor.js';
import { imagesToTensor, type Normalization } from './normalize.js';
import { createResizer, type ResizeMethod } from './resize.js';

export interface DigitInput {
  /** As the recipe resizes 28x28 images. */
  readonly resize: ResizeMethod;
  readonly normalization: Normalization;
  /** Height and width that the net takes. */
  readonly size: number;
}

/** `[1, 1, size, size]` of 28x28 bytes, white on black. */
export function digitTensor(pixels: Uint8Array, { resize, normalization, size }: DigitInput): Tensor {
  const side = Math.sqrt(pixels.length);
  const resizer = createResizer(resize, { height: side, width: side }, { height: size, width: size });
  const resized = new Uint8Array(size * size);
  resizer(pixels, resized);
  return imagesToTensor(resized, [1, size, size], normalization);
}
