/** Pictures as the input of a net: the one way of `predict`, `serve` and `explain`. */

import { asColour, asGrey, type Picture, withPlanes } from '../images/colour.js';
import { type DigitNote, digitSize, prepareDigit } from '../images/digit.js';
import type { Tensor } from '../tensor.js';
import { imagesToTensor, type Normalization } from './normalize.js';
import { channelsOf, type PicturePreparation, preparePicture } from './preparation.js';

/** `digit`: found on its paper, scaled and centred as MNIST was. `none`: only resized, as the training's pictures were. */
export type Prepare = 'digit' | 'none';

/** How pictures become the input of a net. */
export interface InputPreparation {
  readonly prepare: Prepare;
  readonly picture: PicturePreparation;
  readonly normalization: Normalization;
  /** Grey level around what the training's pictures show, 0 black to 255 white. */
  readonly background: number;
  /** What a picture shows may be several shapes, as the signs of KMNIST are. */
  readonly severalShapes: boolean;
}

export interface NetInput {
  /** `[1, C, H, W]` */
  readonly tensor: Tensor;
  /** What is left of the picture, before it gets the size that the net takes. */
  readonly seen: Picture;
  /** A digit was dark on light. */
  readonly inverted: boolean;
  /** There is no digit on it. */
  readonly empty: boolean;
  readonly notes: readonly DigitNote[];
}

/**
 * @param where for messages: `images: path`
 * @param image colours become grey for a net of grey pictures, and grey three equal channels for one of colours
 * @throws {DataError} for a picture that cannot be brought to the size of the net
 */
export function prepareInput(where: string, image: Picture, preparation: InputPreparation): NetInput {
  const { prepare, picture, normalization } = preparation;
  if (prepare === 'none') {
    const taken = picture.colour ? asColour(image) : asGrey(image);
    const pixels = preparePicture(where, taken, picture);
    const [height, width] = picture.size;
    const seen = withPlanes(taken, { height, width, planes: pixels });
    const tensor = imagesToTensor(pixels, [channelsOf(picture), height, width], normalization);
    return { tensor, seen, inverted: false, empty: false, notes: [] };
  }
  const { pixels, inverted, empty, notes } = prepareDigit(asGrey(image));
  // Digits are light on dark, unless the net knows them dark on light.
  const grey = isLight(preparation) ? pixels.map((level) => 255 - level) : pixels;
  const seen = { height: digitSize, width: digitSize, grey };
  const [height, width] = picture.size;
  const tensor = imagesToTensor(preparePicture(where, seen, picture), [1, height, width], normalization);
  const told = notes.filter((note) => note !== 'more than one shape' || !preparation.severalShapes);
  return { tensor, seen, inverted, empty, notes: told };
}

/** Whether the training's pictures are dark on light. */
export function isLight({ background }: Pick<InputPreparation, 'background'>): boolean {
  return background >= 128;
}

/** The grey level that the outermost pixels of pictures have in the median, over all of them. */
export function backgroundLevel(images: Uint8Array, height: number, width: number): number {
  const counts = new Float64Array(256);
  const area = height * width;
  for (let start = 0; start + area <= images.length; start += area) {
    for (let i = 0; i < area; i += 1) {
      const x = i % width;
      const y = (i - x) / width;
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) counts[images[start + i]] += 1;
    }
  }
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let below = 0;
  return Math.max(
    0,
    counts.findIndex((count) => {
      below += count;
      return below > half;
    }),
  );
}
