/** Pictures whose rows are stored as columns, as those of EMNIST are. */
import type { ImageSize } from './scale.js';

/** The planes of a picture, one after another, with rows and columns of each exchanged. */
export function transposed(planes: Uint8Array, { width, height }: ImageSize): Uint8Array {
  const turned = new Uint8Array(planes.length);
  for (let plane = 0; plane < planes.length; plane += width * height) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) turned[plane + x * height + y] = planes[plane + y * width + x];
    }
  }
  return turned;
}
