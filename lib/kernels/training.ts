/** What a training step needs besides its layers and the update: images, loss. */
import { ShapeError } from '../errors.js';
import { native } from '../native.js';
import { checkOptions } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import { checkArray, checkNumber, checkShape, checkTensor, output } from './checks.js';
import type { OutOption } from './rows.js';

/** The gradient that `softmaxCrossEntropy` writes. */
export interface CrossEntropyOptions {
  /** Receives `gradScale * (softmax - onehot)`, of the shape of the logits; null or left out: no gradient. */
  readonly grad?: Tensor | null;
  /** Default 1: the gradient of the summed loss. */
  readonly gradScale?: number;
}

/**
 * Summed loss and correct predictions (first maximum is the label) of logits `[N, classes]`; labels in
 * `[0, classes)`.
 * @throws {ShapeError} if the shapes do not fit.
 * @throws {RangeError} for a label outside.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Int32Array,
  options: CrossEntropyOptions = {},
): { loss: number; correct: number } {
  const where = 'softmaxCrossEntropy';
  checkOptions(where, options, { grad: true, gradScale: true }, '{ grad }');
  const { grad = null, gradScale = 1 } = options;
  checkTensor(where, 'logits', logits);
  if (logits.shape.length !== 2 || logits.shape[1] < 1) {
    throw new ShapeError(`${where}: expected logits [N, classes] but received ${formatShape(logits.shape)}`);
  }
  const [n, classes] = logits.shape;
  checkArray(where, 'labels', labels, Int32Array, 0);
  if (labels.length !== n) {
    throw new ShapeError(`${where}: expected ${n} labels (one a row) but received ${labels.length}`);
  }
  checkNumber(where, 'gradScale', gradScale);
  if (grad !== null) checkShape(where, 'grad', grad, logits.shape, 'the shape of the logits');
  return native().softmaxCrossEntropy(n, classes, logits.data, labels, gradScale, grad?.data ?? null);
}

/** Normalization of `gatherImages`: scale 1 and shift 0 unless they are given. */
export interface GatherOptions extends OutOption {
  readonly scale?: number;
  readonly shift?: number;
}

/**
 * `pixel * scale + shift` of the images that are asked for: `[indices.length, ...imageShape]`.
 * @param images u8 pixels, image after image.
 * @throws {RangeError} for an index without an image.
 */
export function gatherImages(
  images: Uint8Array,
  imageShape: Shape,
  indices: Uint32Array,
  options: GatherOptions = {},
): Tensor {
  const where = 'gatherImages';
  checkOptions(where, options, { scale: true, shift: true, out: true }, '{ scale: 1 / 255 }');
  const { scale = 1, shift = 0 } = options;
  const imageSize = sizeOf(imageShape);
  if (imageSize === 0) {
    throw new ShapeError(`${where}: expected images with pixels but received ${formatShape(imageShape)}`);
  }
  checkArray(where, 'images', images, Uint8Array, 0);
  checkArray(where, 'indices', indices, Uint32Array, 0);
  checkNumber(where, 'scale', scale);
  checkNumber(where, 'shift', shift);
  const out = output(where, 'out', options.out, [indices.length, ...imageShape]);
  native().gatherImages(images, imageSize, indices, scale, shift, out.data);
  return out;
}
