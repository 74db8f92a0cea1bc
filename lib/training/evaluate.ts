/** How good a net is: loss, accuracy and confusion over a data set. */
import type { Normalization } from '../data/normalize.js';
import { createEngine } from '../engines/create.js';
import type { Engine, EngineName, ImageSet } from '../engines/engine.js';
import { countedLabels } from '../engines/targets.js';
import { ArgumentRangeError } from '../errors.js';
import { checkArray, checkInteger, checkObject } from '../kernels/checks.js';
import { checkImageArray } from '../kernels/training.js';
import type { Loss } from '../losses/loss.js';
import type { Net } from '../nets/net.js';
import { checkOptions } from '../options.js';
import { valueText } from '../tensor.js';
import { EventLoopBreaks } from './event-loop.js';

/** Images at a time. */
const DEFAULT_BATCH = 256;

/** What `computeAccuracy` says of a net on a data set. */
export interface Accuracy {
  readonly images: number;
  /** Mean per image, of the loss that was asked for. NaN or infinite for a net that has diverged. */
  readonly loss: number;
  /**
   * Share of the images whose largest score is their label's, from 0 to 1; without labels of those that the loss counts.
   * Absent where it counts none: `MSELoss` of values.
   */
  readonly accuracy?: number;
  /** `confusion[label][predicted]`: how many images. Empty without labels. */
  readonly confusion: readonly (readonly number[])[];
  /** The class that each image is taken for. */
  readonly predictions: Int32Array;
}

/** Options of `computeAccuracy`. */
export interface AccuracyOptions {
  /** That of the training: `trainer.normalization`. */
  readonly normalization: Normalization;
  /** That of the training, such as `new MSELoss()`. Default `CrossEntropyLoss`. */
  readonly loss?: Loss;
  /** Default `auto`. */
  readonly engine?: EngineName;
  /** Images at a time. Default 256; the result does not depend on it beyond rounding. */
  readonly batchSize?: number;
}

/**
 * Loss, accuracy and confusion of a net over a data set. Parameters and gradients stay as they are.
 * @throws {ArgumentRangeError} for a data set without images.
 * @throws {ShapeError} for images that are not of the net's input shape.
 */
export function computeAccuracy(net: Net, dataset: ImageSet, options: AccuracyOptions): Accuracy {
  const names = { normalization: true, loss: true, engine: true, batchSize: true } as const;
  checkOptions('computeAccuracy', options, names, '{ normalization: trainer.normalization }');
  const { normalization, loss, engine = 'auto', batchSize = DEFAULT_BATCH } = options;
  checkNotEmpty(dataset);
  const runner = createEngine(engine, net, { normalization, ...(loss === undefined ? {} : { loss }) });
  const { images, loss: sum, correct, confusion, predictions } = runner.evaluate(dataset, batchSize);
  return { images, loss: sum / images, ...shareOf(correct, images), confusion, predictions };
}

/**
 * The same in slices between which the event loop runs; the net must not be trained meanwhile.
 * @param outputs scores of the engine's net.
 * @throws as `computeAccuracy`.
 */
export async function computeAccuracyInSlices(
  { engine, outputs }: { readonly engine: Pick<Engine, 'evaluate'>; readonly outputs: number },
  dataset: ImageSet,
  batchSize = DEFAULT_BATCH,
): Promise<Accuracy> {
  checkNotEmpty(dataset);
  const pixels = dataset.images.length / dataset.count;
  const { values } = dataset;
  const each = (values?.length ?? 0) / dataset.count;
  // A slice alone may have only those labels that could be outputs.
  const labels = countedLabels(dataset, outputs);
  const breaks = new EventLoopBreaks();
  const confusion: number[][] = [];
  const predictions = new Int32Array(dataset.count);
  let loss = 0;
  let correct: number | undefined;
  for (let first = 0; first < dataset.count; first += batchSize) {
    const end = Math.min(first + batchSize, dataset.count);
    // The memory may have been transferred to a worker while the event loop ran.
    checkImageArray('computeAccuracy', dataset.images, end * pixels);
    if (labels !== undefined) checkArray('computeAccuracy', 'labels', labels, Uint8Array, end);
    const slice: ImageSet = {
      images: dataset.images.subarray(first * pixels, end * pixels),
      count: end - first,
      shape: dataset.shape,
      ...(labels === undefined ? {} : { labels: labels.subarray(first, end) }),
      ...(values === undefined ? {} : { values: values.subarray(first * each, end * each) }),
    };
    const part = engine.evaluate(slice, batchSize);
    loss += part.loss;
    if (part.correct !== undefined) correct = (correct ?? 0) + part.correct;
    addTo(confusion, part.confusion);
    predictions.set(part.predictions, first);
    if (breaks.due()) await breaks.take();
  }
  const { count: images } = dataset;
  return { images, loss: loss / images, ...shareOf(correct, images), confusion, predictions };
}

function shareOf(correct: number | undefined, images: number): Pick<Accuracy, 'accuracy'> {
  return correct === undefined ? {} : { accuracy: correct / images };
}

/** A slice may lack the highest classes, and with them their rows. */
function addTo(total: number[][], part: readonly (readonly number[])[]): void {
  for (const [label, row] of part.entries()) {
    total[label] ??= row.map(() => 0);
    for (const [predicted, count] of row.entries()) total[label][predicted] += count;
  }
}

function checkNotEmpty(dataset: ImageSet): void {
  checkObject('computeAccuracy', 'a data set { images, labels, count, shape }', dataset);
  checkInteger('computeAccuracy', 'count', dataset.count, 0, 2 ** 32 - 1);
  if (dataset.count > 0) return;
  throw new ArgumentRangeError(
    `computeAccuracy: expected at least one image but received ${valueText(dataset.count)}`,
  );
}
