/** Image files as the input of a net that was trained on images of its own kind. */
import { basename } from 'node:path';
import { type InputPreparation, type NetInput, type Prepare, prepareInput } from '../data/net-input.js';
import { softmax } from '../engines/mistakes.js';
import { DivergedError } from '../errors.js';
import { readImage } from '../images/decode.js';
import type { SavedNet } from './saved-net.js';

export interface Recognition extends NetInput {
  /** The class of the largest probability. */
  readonly label: number;
  readonly probabilities: readonly number[];
}

/** How pictures are prepared for a net; digits for one that was trained on such sets, and where nothing is known. */
export function inputPreparation(
  { config, recipe, preparation }: Pick<SavedNet, 'config' | 'recipe' | 'preparation'>,
  prepare?: Prepare,
): InputPreparation {
  // Without what the set itself is called: a folder, or a file such as mnist.npz or emnist-letters-train.csv.
  const name = config === undefined ? 'mnist' : (config.data.set ?? basename(config.data.name));
  return {
    prepare: prepare ?? (/^(mnist|kmnist|emnist)([-_.].*)?$/i.test(name) ? 'digit' : 'none'),
    picture: preparation,
    normalization: recipe.normalization,
    background: config?.data.background ?? 0,
    severalShapes: /^kmnist/i.test(name),
  };
}

/** @throws {DataError} if the file is no image, or has a side that is too long to be resized. */
export function readInput(path: string, preparation: InputPreparation): NetInput {
  return prepareInput(`images: ${path}`, readImage(path), preparation);
}

/**
 * @throws {DataError} if the file is no image.
 * @throws {DivergedError} if the net's scores for it are not finite.
 */
export function recognise(path: string, saved: SavedNet, preparation: InputPreparation): Recognition {
  const input = readInput(path, preparation);
  const probabilities = softmax(saved.net.predict(input.tensor).data);
  if (!probabilities.every(Number.isFinite)) {
    throw new DivergedError(
      `predict: ${path}: expected finite scores but those of ${saved.file} are not. ` +
        'Hint: its training diverged; "rownet eval" names the layer. Train again with a lower --lr',
    );
  }
  return { ...input, label: probabilities.indexOf(Math.max(...probabilities)), probabilities };
}
