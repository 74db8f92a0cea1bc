/** The engine that runs a net layer by layer, as `net.forward` and `net.backward` do. */
import { ArgumentTypeError, StateError } from '../errors.js';
import { checkArray, checkInteger } from '../kernels/checks.js';
import { gatherImages, softmaxCrossEntropy } from '../kernels/training.js';
import { applyUpdate } from '../kernels/updates.js';
import { evaluation, TensorBuffer } from '../layers/layer.js';
import type { Net } from '../nets/net.js';
import type { Tensor } from '../tensor.js';
import type { Engine, EngineOptions, Evaluation, ImageSet, StepOptions, StepResult } from './engine.js';
import { checkEngineOptions, checkImages, checkStep } from './image-set.js';

const EVALUATION_BATCH = 256;

export class RowsEngine implements Engine {
  readonly name = 'rows';
  readonly reason = 'layer by layer; it expresses every net';
  readonly #net: Net;
  readonly #normalization: EngineOptions['normalization'];
  readonly #reduction: 'mean' | 'sum';
  readonly #train: ImageSet | undefined;
  readonly #images = new TensorBuffer();
  readonly #grad = new TensorBuffer();
  #labels = new Int32Array(0);

  constructor(net: Net, options: EngineOptions) {
    checkEngineOptions(net, options);
    const { normalization, train, reduction = 'mean' } = options;
    this.#net = net;
    this.#normalization = { scale: normalization.scale, shift: normalization.shift };
    this.#reduction = reduction;
    this.#train = train;
  }

  trainStep(indices: Uint32Array, options: StepOptions = {}): StepResult {
    if (this.#train === undefined) {
      throw new StateError(
        'engine: expected a training set but there is none. Pass one to createEngine as "train"',
      );
    }
    checkStep(indices, options);
    const images = this.#gather(this.#train, indices);
    const labels = this.#gatherLabels(this.#train, indices);
    const { update, seed = 0, step = 0 } = options;
    const scores = this.#net.forward(images, { training: true, seed, step });
    const grad = this.#grad.take(scores.shape);
    const gradScale = this.#reduction === 'mean' ? 1 / indices.length : 1;
    const result = softmaxCrossEntropy(scores, labels, { grad, gradScale });
    this.#net.backward(grad);
    if (update !== undefined) applyUpdate(update);
    return result;
  }

  evaluate(dataset: ImageSet, batchSize = EVALUATION_BATCH): Evaluation {
    checkInteger('evaluate', 'batchSize', batchSize, 1, 2 ** 31 - 1);
    checkImages('engine', this.#net, dataset);
    const classes = this.#net.outputShape[0];
    const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
    const predictions = new Int32Array(dataset.count);
    let loss = 0;
    for (let start = 0; start < dataset.count; start += batchSize) {
      const count = Math.min(batchSize, dataset.count - start);
      const indices = Uint32Array.from({ length: count }, (_, index) => start + index);
      const labels = this.#gatherLabels(dataset, indices);
      const scores = this.#net.forward(this.#gather(dataset, indices), evaluation);
      loss += softmaxCrossEntropy(scores, labels).loss;
      for (let row = 0; row < count; row += 1) {
        predictions[start + row] = firstMaximum(scores.data, row * classes, classes);
        confusion[labels[row]][predictions[start + row]] += 1;
      }
    }
    const correct = confusion.reduce((sum, row, label) => sum + row[label], 0);
    return { images: dataset.count, loss, correct, confusion, predictions };
  }

  predict(x: Tensor): Tensor {
    return this.#net.predictByLayers(x);
  }

  #gather(dataset: ImageSet, indices: Uint32Array): Tensor {
    const out = this.#images.take([indices.length, ...dataset.shape]);
    return gatherImages(dataset.images, dataset.shape, indices, { ...this.#normalization, out });
  }

  /** `checkImages` has seen the labels, but their memory may have been transferred to a worker since. */
  #gatherLabels({ labels }: ImageSet, indices: Uint32Array): Int32Array {
    checkArray('engine', 'labels', labels, Uint8Array, 0);
    if (this.#labels.length !== indices.length) this.#labels = new Int32Array(indices.length);
    for (let index = 0; index < indices.length; index += 1) {
      const label = labels[indices[index]];
      if (label === undefined) {
        throw new ArgumentTypeError(
          `engine: expected a label for image ${indices[index]} but received ${labels.length} labels ` +
            '(was the buffer transferred or detached?)',
        );
      }
      this.#labels[index] = label;
    }
    return this.#labels;
  }
}

/** Where the first of the largest scores of a row stands, as the loss counts it. */
function firstMaximum(scores: Float32Array, start: number, classes: number): number {
  let best = 0;
  for (let index = 1; index < classes; index += 1) {
    if (scores[start + index] > scores[start + best]) best = index;
  }
  return best;
}
