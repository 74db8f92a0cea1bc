/** The evaluation of a data set, batch by batch, whichever engine computes a batch. */
import { checkInteger } from '../kernels/checks.js';
import type { Loss } from '../losses/loss.js';
import type { Net } from '../nets/net.js';
import type { Evaluation, ImageSet } from './engine.js';
import { checkImages } from './image-set.js';
import { countedLabels, isCounted } from './targets.js';

const EVALUATION_BATCH = 256;

/** A net, and the loss that it is measured by. */
export interface Measured {
  readonly net: Net;
  readonly loss: Loss;
}

/**
 * @param evaluateBatch gives the summed loss of the images and how many are right, and writes the first largest score of
 * each.
 * @param batchSize images at a time.
 */
export function evaluateBatches(
  { net, loss: criterion }: Measured,
  dataset: ImageSet,
  evaluateBatch: (
    indices: Uint32Array,
    predictions: Int32Array,
  ) => { readonly loss: number; readonly correct?: number },
  batchSize = EVALUATION_BATCH,
): Evaluation {
  checkInteger('evaluate', 'batchSize', batchSize, 1, 2 ** 31 - 1);
  checkImages('engine', net, dataset, criterion);
  const { count } = dataset;
  const predictions = new Int32Array(count);
  let loss = 0;
  let right = 0;
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(start + batchSize, count);
    const indices = Uint32Array.from({ length: end - start }, (_, index) => start + index);
    const batch = evaluateBatch(indices, predictions.subarray(start, end));
    loss += batch.loss;
    right += batch.correct ?? 0;
  }
  const classes = net.outputShape[0];
  const labels = countedLabels(dataset, classes);
  if (labels === undefined) {
    const counted = isCounted(criterion, dataset, classes) ? { correct: right } : {};
    return { images: count, loss, ...counted, confusion: [], predictions };
  }
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let index = 0; index < count; index += 1) confusion[labels[index]][predictions[index]] += 1;
  const correct = confusion.reduce((sum, row, label) => sum + row[label], 0);
  return { images: count, loss, correct, confusion, predictions };
}
