/** What a training step needs besides its layers and the update: images, loss. */
import { ShapeError } from '../errors.js';
import { native } from '../native.js';
import { checkOptions } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor, typedArrayName } from '../tensor.js';
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

/** A number for all channels, or one for each: of images `[C, H, W]` C, of a row of features as many as there are. */
export type PerChannel = number | ArrayLike<number>;

/** Normalization of `gatherImages`: scale 1 and shift 0 unless they are given. */
export interface GatherOptions extends OutOption {
  readonly scale?: PerChannel;
  readonly shift?: PerChannel;
}

/** Scale and shift as native calls take them: two numbers, or two arrays of a number a channel. */
export type Scaling =
  | { readonly scale: number; readonly shift: number }
  | { readonly scale: Float32Array; readonly shift: Float32Array };

/**
 * @param shape of one image, whose first axis is that of its channels.
 * @param prefix of the names in messages.
 * @throws {TypeError | RangeError} naming what is no finite number, or is not one a channel.
 */
export function scalingOf(
  where: string,
  { scale, shift }: { readonly scale: PerChannel; readonly shift: PerChannel },
  shape: Shape,
  prefix = '',
): Scaling {
  if (!isList(scale) && !isList(shift)) {
    checkNumber(where, `${prefix}scale`, scale);
    checkNumber(where, `${prefix}shift`, shift);
    return { scale, shift };
  }
  const channels = shape[0] ?? 1;
  return {
    scale: channelNumbers(where, `${prefix}scale`, scale, channels),
    shift: channelNumbers(where, `${prefix}shift`, shift, channels),
  };
}

function isList(value: PerChannel): value is ArrayLike<number> {
  return Array.isArray(value) || typedArrayName(value) === 'Float32Array';
}

function channelNumbers(where: string, name: string, value: PerChannel, channels: number): Float32Array {
  if (!isList(value)) {
    checkNumber(where, name, value);
    return new Float32Array(channels).fill(value);
  }
  if (value.length !== channels) {
    throw new ShapeError(
      `${where}: expected ${name} to be a number or ${channels} (one a channel) but received ${value.length}`,
    );
  }
  for (let channel = 0; channel < channels; channel += 1) {
    checkNumber(where, `${name}[${channel}]`, value[channel]);
  }
  return Float32Array.from(value);
}

/**
 * `x * scale + shift` of the images that are asked for: `[indices.length, ...imageShape]`.
 * @param images bytes or floats, image after image.
 * @throws {RangeError} for an index without an image.
 */
export function gatherImages(
  images: Uint8Array | Float32Array,
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
  checkImageArray(where, images);
  checkArray(where, 'indices', indices, Uint32Array, 0);
  const scaling = scalingOf(where, { scale, shift }, imageShape);
  const out = output(where, 'out', options.out, [indices.length, ...imageShape]);
  gatherScaled(images, imageShape, indices, scaling, out.data);
  return out;
}

/** @throws {TypeError} for anything but bytes and floats in memory that native code may read. */
export function checkImageArray(
  where: string,
  images: unknown,
  length = 0,
): asserts images is Uint8Array | Float32Array {
  if (typedArrayName(images) === 'Float32Array') checkArray(where, 'images', images, Float32Array, length);
  else checkArray(where, 'images', images, Uint8Array, length);
}

/** `gatherImages` of arguments that are checked. */
export function gatherScaled(
  images: Uint8Array | Float32Array,
  shape: Shape,
  indices: Uint32Array,
  { scale, shift }: Scaling,
  out: Float32Array,
): void {
  const size = sizeOf(shape);
  const bytes = typedArrayName(images) === 'Uint8Array';
  if (bytes && typeof scale === 'number') {
    native().gatherImages(images as Uint8Array, size, indices, scale, shift as number, out);
    return;
  }
  const each = typeof scale === 'number' ? 1 : scale.length;
  const rest = [each, size / each, indices, numbersOf(scale, 1), numbersOf(shift, 1), out] as const;
  if (bytes) native().gatherChannels(images as Uint8Array, ...rest);
  else native().gatherFloats(images as Float32Array, ...rest);
}

function numbersOf(value: number | Float32Array, channels: number): Float32Array {
  return typeof value === 'number' ? new Float32Array(channels).fill(value) : value;
}

/** The same of images `[C, H, W]` that are moved at random; the settings are those of native/core/rows/augment_images.h. */
export function augmentScaled(
  images: Uint8Array | Float32Array,
  [channels, height, width]: Shape,
  call: {
    readonly indices: Uint32Array;
    readonly scaling: Scaling;
    readonly settings: Float64Array;
    readonly out: Float32Array;
  },
): void {
  const { indices, scaling, settings, out } = call;
  const [scale, shift] = [numbersOf(scaling.scale, channels), numbersOf(scaling.shift, channels)];
  const rest = [channels, height, width, indices, scale, shift, settings, out] as const;
  if (typedArrayName(images) === 'Uint8Array') native().augmentImages(images as Uint8Array, ...rest);
  else native().augmentFloats(images as Float32Array, ...rest);
}
