/** Image files as the input of a net that was trained on images of its own kind. */
import { basename } from 'node:path';
import { digitTensor } from '../data/digit-input.js';
import { imagesToTensor } from '../data/normalize.js';
import { resizerFor } from '../data/preparation.js';
import { softmax } from '../engines/mistakes.js';
import { DivergedError } from '../errors.js';
import { readImage } from '../images/decode.js';
import { type DigitNote, digitSize, prepareDigit } from '../images/digit.js';
import type { Tensor } from '../tensor.js';
import type { SavedNet } from './saved-net.js';

/** `digit`: found on its paper, scaled and centred as MNIST was. `none`: only resized. */
export type Preparation = 'digit' | 'none';

export interface PreparedInput {
  readonly tensor: Tensor;
  /** The image was dark on light. */
  readonly inverted: boolean;
  /** There is no digit on it. */
  readonly empty: boolean;
  readonly notes: readonly DigitNote[];
}

export interface Recognition extends PreparedInput {
  /** The class of the largest probability. */
  readonly label: number;
  readonly probabilities: readonly number[];
}

/** Digits for nets that were trained on MNIST or KMNIST, and where nothing is known. */
export function defaultPreparation({ config }: Pick<SavedNet, 'config'>): Preparation {
  const name = config === undefined ? 'mnist' : basename(config.data.name);
  return name === 'mnist' || name === 'kmnist' ? 'digit' : 'none';
}

/** @throws {DataError} if the file is no image, or has a side that is too long to be resized. */
export function readInput(
  path: string,
  saved: Pick<SavedNet, 'recipe' | 'net'>,
  preparation: Preparation,
): PreparedInput {
  const image = readImage(path);
  const { recipe, net } = saved;
  const { resize, normalization } = recipe;
  const size = net.inputShape[1];
  if (preparation === 'digit') {
    const { pixels, inverted, empty, notes } = prepareDigit(image);
    return { tensor: digitTensor(pixels, { resize, normalization, size }), inverted, empty, notes };
  }
  const { width, height, grey } = image;
  const fits = width === digitSize && height === digitSize;
  const where = `images: ${path}: an image of ${height}x${width}`;
  const to = { height: size, width: size };
  const resizer = resizerFor(where, fits ? resize : 'bilinear', { height, width }, to);
  const resized = new Uint8Array(size * size);
  resizer(grey, resized);
  return {
    tensor: imagesToTensor(resized, [1, size, size], normalization),
    inverted: false,
    empty: false,
    notes: [],
  };
}

/**
 * @throws {DataError} if the file is no image.
 * @throws {DivergedError} if the net's scores for it are not finite.
 */
export function recognise(path: string, saved: SavedNet, preparation: Preparation): Recognition {
  const input = readInput(path, saved, preparation);
  const probabilities = softmax(saved.net.predict(input.tensor).data);
  if (!probabilities.every(Number.isFinite)) {
    throw new DivergedError(
      `predict: ${path}: expected finite scores but those of ${saved.file} are not. ` +
        'Hint: its training diverged; "rownet eval" names the layer. Train again with a lower --lr',
    );
  }
  return { ...input, label: probabilities.indexOf(Math.max(...probabilities)), probabilities };
}
