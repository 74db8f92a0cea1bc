/** The evaluation of a data set, batch by batch, whichever engine computes a batch. */
import { checkInteger } from '../kernels/checks.js';
import type { Net } from '../nets/net.js';
import type { Evaluation, ImageSet } from './engine.js';
import { checkImages } from './image-set.js';

const EVALUATION_BATCH = 256;

/**
 * @param evaluateBatch gives the summed loss of the images, and writes the first largest score of each.
 * @param batchSize images at a time.
 */
export function evaluateBatches(
  net: Net,
  dataset: ImageSet,
  evaluateBatch: (indices: Uint32Array, predictions: Int32Array) => number,
  batchSize = EVALUATION_BATCH,
): Evaluation {
  checkInteger('evaluate', 'batchSize', batchSize, 1, 2 ** 31 - 1);
  checkImages('engine', net, dataset);
  const { labels, count } = dataset;
  const predictions = new Int32Array(count);
  let loss = 0;
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(start + batchSize, count);
    const indices = Uint32Array.from({ length: end - start }, (_, index) => start + index);
    loss += evaluateBatch(indices, predictions.subarray(start, end));
  }
  const classes = net.outputShape[0];
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let index = 0; index < count; index += 1) confusion[labels[index]][predictions[index]] += 1;
  const correct = confusion.reduce((sum, row, label) => sum + row[label], 0);
  return { images: count, loss, correct, confusion, predictions };
}
