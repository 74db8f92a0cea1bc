/** Pictures whose rows are stored as columns, as those of EMNIST are. */
import type { GreyImage } from '../images/limits.js';

/** With rows and columns exchanged. */
export function transposed(picture: GreyImage): GreyImage {
  const { width, height, grey } = picture;
  const turned = new Uint8Array(grey.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) turned[x * height + y] = grey[y * width + x];
  }
  return { ...picture, width: height, height: width, grey: turned };
}
