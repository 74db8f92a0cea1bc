/** What both engines check before they touch images. */
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { checkArray, checkInteger, checkObject, checkTensor } from '../kernels/checks.js';
import { checkImageArray, type Scaling, scalingOf } from '../kernels/training.js';
import { checkUpdate } from '../kernels/updates.js';
import { CrossEntropyLoss } from '../losses/cross-entropy.js';
import type { Loss } from '../losses/loss.js';
import { Net } from '../nets/net.js';
import { checkOptions } from '../options.js';
import { formatShape, sameShape, sizeOf, typedArrayName, typeName, valueText } from '../tensor.js';
import { type Augmenter, augmenterOf } from './augment.js';
import type { EngineOptions, ImageSet, StepOptions } from './engine.js';

/** @throws {ArgumentTypeError} for anything that is no net. */
export function checkNet(net: unknown): asserts net is Net {
  if (net instanceof Net) return;
  throw new ArgumentTypeError(`engine: expected a Net but received ${typeName(net)}`);
}

/** What of the options is worked out once. */
export interface CheckedEngineOptions {
  readonly loss: Loss;
  readonly scaling: Scaling;
  readonly augmenter: Augmenter | undefined;
}

/** @throws {TypeError | RangeError} naming the option, or what of the net or the images does not fit. */
export function checkEngineOptions(net: Net, options: EngineOptions): CheckedEngineOptions {
  const names = { normalization: true, augment: true, train: true, loss: true, reduction: true } as const;
  checkOptions('engine', options, names, '{ normalization: { scale: 1 / 255, shift: 0 } }');
  const { normalization, train, loss, reduction = loss?.reduction ?? 'mean' } = options;
  if (net.outputShape.length !== 1) {
    throw new ShapeError(
      `engine: expected a net with scores [N, classes] but its output is Nx${formatShape(net.outputShape)}`,
    );
  }
  checkParameterMemory(net);
  if (reduction !== 'mean' && reduction !== 'sum') {
    throw new ArgumentRangeError(
      `engine: expected reduction 'mean' or 'sum' but received ${valueText(reduction)}`,
    );
  }
  if (loss !== undefined) checkLoss(loss, reduction);
  checkOptions(
    'engine: normalization',
    normalization,
    { scale: true, shift: true },
    'trainer.normalization, or measureNormalization(train.images)',
  );
  const scaling = scalingOf('engine', normalization, net.inputShape, 'normalization.');
  const chosen = loss ?? new CrossEntropyLoss({ reduction });
  if (train !== undefined) checkImages('engine', net, train, chosen);
  const { augment } = options;
  const augmenter =
    augment === undefined ? undefined : augmenterOf('engine', augment, net.inputShape, scaling);
  return { loss: chosen, scaling, augmenter };
}

function checkLoss(loss: Loss, reduction: 'mean' | 'sum'): void {
  if (typeof loss?.measure !== 'function' || typeof loss.terms !== 'function') {
    throw new ArgumentTypeError(
      `engine: expected loss to be one such as new CrossEntropyLoss() but received ${typeName(loss)}`,
    );
  }
  if (loss.targets !== 'labels' && loss.targets !== 'values') {
    throw new ArgumentRangeError(
      `engine: expected loss.targets to be 'labels' or 'values' but received ${valueText(loss.targets)}`,
    );
  }
  if (loss.reduction === reduction) return;
  throw new ArgumentRangeError(
    `engine: expected the reduction of the loss, ${valueText(loss.reduction)}, but received ${valueText(reduction)}. ` +
      'Hint: leave it out',
  );
}

/** @throws {ArgumentTypeError} for parameters or gradients whose memory was transferred. */
export function checkParameterMemory(net: Net): void {
  for (const { name, value, grad } of net.parameters()) {
    checkTensor('engine', name, value);
    checkTensor('engine', `the gradient of ${name}`, grad);
  }
}

/**
 * `where` stands in front of messages. What the loss does not ask for is not looked at.
 * @throws {TypeError} for what is no set of images, or is in memory that native code must not touch.
 * @throws {ShapeError | ArgumentRangeError} unless the images, and what the loss asks for, are those of the net.
 */
export function checkImages(where: string, net: Net, set: ImageSet, loss: Loss): void {
  checkObject(where, 'a data set { images, labels, count, shape }', set);
  const { images, labels, values, count, shape } = set;
  const { inputShape } = net;
  if (!Array.isArray(shape) || !sameShape(shape, inputShape)) {
    const received = Array.isArray(shape) ? formatShape(shape) : typeName(shape);
    throw new ShapeError(
      `${where}: expected images ${formatShape(inputShape)} (the net's input) but received ${received}`,
    );
  }
  checkInteger(where, 'count', count, 0, 2 ** 32 - 1);
  checkImageArray(where, images);
  if (labels !== undefined) checkArray(where, 'labels', labels, Uint8Array, 0);
  if (values !== undefined) checkArray(where, 'values', values, Float32Array, 0);
  const pixels = count * sizeOf(shape);
  if (images.length !== pixels || (labels !== undefined && labels.length !== count)) {
    throw new ShapeError(
      `${where}: expected ${pixels} pixels and ${count} labels (${count} images ${formatShape(shape)}) ` +
        `but received ${images.length} and ${labels?.length ?? 'no labels'}`,
    );
  }
  checkFinite(where, 'images', images, sizeOf(shape));
  checkTargets(where, net, set, loss);
}

function checkFinite(where: string, name: string, numbers: Uint8Array | Float32Array, each: number): void {
  if (typedArrayName(numbers) === 'Uint8Array') return;
  for (let index = 0; index < numbers.length; index += 1) {
    if (Number.isFinite(numbers[index])) continue;
    throw new ArgumentRangeError(
      `${where}: expected finite ${name} but number ${index % each} of image ${Math.floor(index / each)} ` +
        `is ${numbers[index]}. Hint: fill in or leave out what is missing`,
    );
  }
}

function checkTargets(where: string, net: Net, { labels, values, count }: ImageSet, loss: Loss): void {
  const [outputs] = net.outputShape;
  if (loss.targets === 'values' && values !== undefined) {
    if (values.length !== count * outputs) {
      throw new ShapeError(
        `${where}: expected ${count * outputs} values (${outputs} an image) but received ${values.length}`,
      );
    }
    checkFinite(where, 'values', values, outputs);
    return;
  }
  if (labels === undefined) {
    const [wanted, hint] =
      loss.targets === 'labels'
        ? [
            'labels, a class an image,',
            "give it labels: Uint8Array, or train by a loss of values, criterion: 'mse'",
          ]
        : [`values, ${outputs} an image, or labels,`, 'give it values: Float32Array'];
    throw new ArgumentTypeError(
      `${where}: expected ${wanted} which the loss ${valueText(loss.kind)} needs, but the data has ` +
        `${values === undefined ? 'neither labels nor values' : 'values alone'}. Hint: ${hint}`,
    );
  }
  const outside = labels.findIndex((label) => label >= outputs);
  if (outside === -1) return;
  throw new ArgumentRangeError(
    `${where}: expected labels from 0 to ${outputs - 1} (the net's classes) ` +
      `but label ${outside} is ${labels[outside]}`,
  );
}

/** @throws {TypeError | RangeError} naming what of a step's arguments is wrong. */
export function checkStep(indices: Uint32Array, options: StepOptions): void {
  checkArray('engine', 'indices', indices, Uint32Array, 0);
  if (indices.length === 0) {
    throw new ArgumentRangeError('engine: expected at least one index but received none');
  }
  const names = { update: true, seed: true, step: true, epoch: true } as const;
  checkOptions('engine', options, names, '{ update: optimizer.update() }');
  const { update, seed = 0, step = 0, epoch = 0 } = options;
  if (update !== undefined) checkUpdate('engine', update);
  checkInteger('engine', 'seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('engine', 'step', step, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('engine', 'epoch', epoch, 0, Number.MAX_SAFE_INTEGER);
}

/** What gradients are multiplied by for a batch of so many images. */
export function gradScaleOf(loss: Loss, net: Net, images: number): number {
  return loss.reduction === 'mean' ? 1 / loss.terms(images, net.outputShape[0]) : 1;
}
