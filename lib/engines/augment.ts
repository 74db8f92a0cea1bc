/** Images of a training step that are moved, turned and bent at random, the same for both engines. */
import { ArgumentRangeError, ShapeError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import { augmentScaled, type Scaling } from '../kernels/training.js';
import { TensorBuffer } from '../layers/layer.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, type Tensor } from '../tensor.js';

/**
 * How the images of a training are changed each time they are drawn. What is drawn for an image follows from the seed, the
 * epoch and its place in the set: the same on any number of threads, on both engines, and after a resume. Around a picture
 * that is moved there is black (0).
 */
export interface Augmentation {
  /** At most so many pixels across, and down. Default 0. */
  readonly shift?: number;
  /** At most so many degrees, either way. Default 0. */
  readonly rotate?: number;
  /** At most this share larger or smaller, below 1: 0.1 for 90 to 110 %. Default 0. */
  readonly scale?: number;
  /** At most so many degrees, either way, below 80. Default 0. */
  readonly shear?: number;
  /**
   * Displacements of each pixel: uniform from -1 to 1, smoothed by a Gaussian of `sigma` pixels, times `alpha` (Simard et
   * al., 2003, take 34 and 4 for digits). Default none.
   */
  readonly elastic?: { readonly alpha: number; readonly sigma: number };
  /** Probability of a mirror image, left and right exchanged. Default 0. */
  readonly flip?: number;
}

const names: OptionNames<Augmentation> = {
  shift: true,
  rotate: true,
  scale: true,
  shear: true,
  elastic: true,
  flip: true,
};

/**
 * A copy with a value for each option.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function checkedAugmentation(where: string, augmentation: Augmentation): Required<Augmentation> {
  checkOptions(`${where}: augment`, augmentation, names, '{ shift: 2, rotate: 10 }');
  const { shift = 0, rotate = 0, scale = 0, shear = 0, elastic, flip = 0 } = augmentation;
  if (elastic !== undefined) {
    checkOptions(
      `${where}: augment.elastic`,
      elastic,
      { alpha: true, sigma: true },
      '{ alpha: 34, sigma: 4 }',
    );
  }
  const { alpha, sigma } = elastic ?? { alpha: 0, sigma: 1 };
  const values = { shift, rotate, scale, shear, 'elastic.alpha': alpha, 'elastic.sigma': sigma, flip };
  const most = [1e6, 360, 0.99, 79.9, 1e6, 1000, 1];
  for (const [index, [name, value]] of Object.entries(values).entries()) {
    checkNumber(where, `augment.${name}`, value, 0);
    if (value <= most[index] && (name !== 'elastic.sigma' || value > 0)) continue;
    throw new ArgumentRangeError(
      `${where}: expected augment.${name} ${value === 0 ? 'above' : 'from'} 0 ` +
        `to ${most[index]} but received ${value}`,
    );
  }
  return { shift, rotate, scale, shear, elastic: { alpha, sigma }, flip };
}

/** What images of this shape are changed by; undefined where nothing is to be changed. */
export function augmenterOf(
  where: string,
  augmentation: Augmentation,
  shape: Shape,
  scaling: Scaling,
): Augmenter | undefined {
  const { shift, rotate, scale, shear, elastic, flip } = checkedAugmentation(where, augmentation);
  const { alpha, sigma } = elastic;
  if (shape.length !== 3) {
    throw new ShapeError(
      `${where}: expected images CxHxW for augment but the net takes ${formatShape(shape)}. ` +
        'Hint: rows of features are not moved or turned',
    );
  }
  const moves = [shift, rotate, scale, shear, alpha, flip].some((value) => value > 0);
  return moves ? new Augmenter([shift, rotate, scale, shear, alpha, sigma, flip], scaling) : undefined;
}

/** Gathers batches, into memory of its own. */
export class Augmenter {
  readonly #settings: Float64Array;
  readonly #scaling: Scaling;
  readonly #images = new TensorBuffer();

  constructor(amounts: readonly number[], scaling: Scaling) {
    this.#settings = Float64Array.of(...amounts, 0, 0);
    this.#scaling = scaling;
  }

  /** The images at `indices`, changed and normalized: `[indices.length, C, H, W]`, until the next call. */
  gather({ images, shape }: Images, indices: Uint32Array, { seed, epoch }: Draw): Tensor {
    const out = this.#images.take([indices.length, ...shape]);
    this.#settings.set([seed, epoch], 7);
    augmentScaled(images, shape, {
      indices,
      scaling: this.#scaling,
      settings: this.#settings,
      out: out.data,
    });
    return out;
  }
}

interface Draw {
  readonly seed: number;
  readonly epoch: number;
}

/** What is drawn from. */
interface Images {
  readonly images: Uint8Array | Float32Array;
  readonly shape: Shape;
}
