/** What both engines check before they touch images. */
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import type { Net } from '../nets/net.js';
import { formatShape, sameShape, typeName } from '../tensor.js';
import type { EngineOptions, ImageSet } from './engine.js';

/** @throws {TypeError | RangeError} naming the option, or what of the net or the images does not fit. */
export function checkEngineOptions(
  net: Net,
  { normalization, train, reduction = 'mean' }: EngineOptions,
): void {
  if (net.outputShape.length !== 1) {
    throw new ShapeError(
      `engine: expected a net with scores [N, classes] but its output is Nx${formatShape(net.outputShape)}`,
    );
  }
  if (reduction !== 'mean' && reduction !== 'sum') {
    throw new ArgumentRangeError(
      `engine: expected reduction 'mean' or 'sum' but received ${JSON.stringify(reduction)}`,
    );
  }
  if (typeof normalization !== 'object' || normalization === null) {
    throw new ArgumentTypeError(
      `engine: expected normalization { scale, shift } but received ${typeName(normalization)}`,
    );
  }
  checkNumber('engine', 'normalization.scale', normalization.scale);
  checkNumber('engine', 'normalization.shift', normalization.shift);
  if (train !== undefined) checkImages(net, train);
}

/** @throws {ShapeError | ArgumentRangeError} unless the images and labels are those of the net. */
export function checkImages(net: Net, { images, labels, count, shape }: ImageSet): void {
  const { inputShape, outputShape } = net;
  if (!sameShape(shape, inputShape)) {
    throw new ShapeError(
      `engine: expected images ${formatShape(inputShape)} (the net's input) but received ${formatShape(shape)}`,
    );
  }
  const pixels = count * shape.reduce((product, length) => product * length, 1);
  if (images.length !== pixels || labels.length !== count) {
    throw new ShapeError(
      `engine: expected ${pixels} pixels and ${count} labels (${count} images ${formatShape(shape)}) ` +
        `but received ${images.length} and ${labels.length}`,
    );
  }
  const outside = labels.findIndex((label) => label >= outputShape[0]);
  if (outside !== -1) {
    throw new ArgumentRangeError(
      `engine: expected labels from 0 to ${outputShape[0] - 1} (the net's classes) ` +
        `but label ${outside} is ${labels[outside]}`,
    );
  }
}
