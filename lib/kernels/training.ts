/** What a training step needs besides its layers: images, loss, update. */
import { ShapeError } from '../errors.js';
import { native } from '../native.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import {
  checkArray,
  checkBoolean,
  checkNumber,
  checkObject,
  checkShape,
  checkTensor,
  output,
} from './checks.js';
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

/** Rates and velocity of `sgdUpdate`. */
export interface SgdUpdateOptions {
  readonly lr: number;
  /** Kept between steps; null or left out: no momentum. */
  readonly velocity?: Tensor | null;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  /** Factor of the gradient. Default 1. */
  readonly gradScale?: number;
}

const updateNames: OptionNames<SgdUpdateOptions> = {
  lr: true,
  velocity: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  gradScale: true,
};

/**
 * `g = gradScale * grad + weightDecay * param`; without velocity `param -= lr * g`; with it
 * `v = momentum * v + g; param -= lr * (nesterov ? g + momentum * v : v)`.
 * @throws {ShapeError} if `grad` or `velocity` differs in shape from `param`.
 */
export function sgdUpdate(param: Tensor, grad: Tensor, options: SgdUpdateOptions): void {
  const where = 'sgdUpdate';
  checkOptions(where, options, updateNames, '{ lr: 0.1 }');
  const { lr, velocity = null, momentum = 0, nesterov = false, weightDecay = 0, gradScale = 1 } = options;
  checkTensor(where, 'param', param);
  checkShape(where, 'grad', grad, param.shape, 'the shape of param');
  if (velocity !== null) checkShape(where, 'velocity', velocity, param.shape, 'the shape of param');
  for (const [name, value] of Object.entries({ lr, momentum, weightDecay, gradScale })) {
    checkNumber(where, name, value);
  }
  checkBoolean(where, 'nesterov', nesterov);
  native().sgdUpdate(
    param.data,
    grad.data,
    velocity?.data ?? null,
    lr,
    momentum,
    nesterov,
    weightDecay,
    gradScale,
  );
}

/** Parameters in one arena and their gradients in another, at the same places. */
export interface SgdArena {
  readonly params: Float32Array;
  readonly grads: Float32Array;
  /** Null: no momentum. */
  readonly velocities: Float32Array | null;
  /** Offset, count, weightDecay and gradScale of each parameter, in the order of their offsets. */
  readonly segments: Float64Array;
}

/** What of an update is the same for all parameters. */
export type SgdRates = Pick<SgdUpdateOptions, 'lr' | 'momentum' | 'nesterov'>;

/** An update that is still to be made. */
export interface SgdArenaUpdate {
  readonly arena: SgdArena;
  readonly rates: SgdRates;
}

/**
 * What `sgdUpdateArena`, and an engine that makes the update itself, check beforehand.
 * @throws {TypeError | RangeError} naming what is wrong.
 */
export function checkArenaUpdate(where: string, update: SgdArenaUpdate): void {
  checkObject(where, 'an update such as SGD.update() gives', update);
  const { arena, rates } = update;
  checkObject(where, 'an arena { params, grads, velocities, segments }', arena);
  checkOptions(where, rates, { lr: true, momentum: true, nesterov: true }, '{ lr: 0.1 }');
  checkArray(where, 'params', arena.params, Float32Array, 0);
  checkArray(where, 'grads', arena.grads, Float32Array, 0);
  checkArray(where, 'segments', arena.segments, Float64Array, 0);
  checkNumber(where, 'lr', rates.lr);
  checkNumber(where, 'momentum', rates.momentum ?? 0);
}

/**
 * `sgdUpdate` of all parameters of an arena in one call: a tenth of the time of a call each.
 * @throws {RangeError} unless the segments lie inside the arena, in order and apart.
 */
export function sgdUpdateArena(arena: SgdArena, rates: SgdRates): void {
  checkArenaUpdate('sgdUpdateArena', { arena, rates });
  const { params, grads, velocities, segments } = arena;
  const { lr, momentum = 0, nesterov = false } = rates;
  native().sgdUpdateSegments(params, grads, velocities, segments, lr, momentum, nesterov);
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
