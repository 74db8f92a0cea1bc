/** The engine that runs a net layer by layer, as `net.forward` and `net.backward` do. */
import { ArgumentTypeError, StateError } from '../errors.js';
import { checkArray } from '../kernels/checks.js';
import { checkImageArray, gatherScaled, type Scaling } from '../kernels/training.js';
import { applyUpdate } from '../kernels/updates.js';
import { evaluation, TensorBuffer } from '../layers/layer.js';
import type { Loss, LossTargets } from '../losses/loss.js';
import type { Net } from '../nets/net.js';
import type { Tensor } from '../tensor.js';
import type { Augmenter } from './augment.js';
import type { Engine, EngineOptions, Evaluation, ImageSet, StepOptions, StepResult } from './engine.js';
import { evaluateBatches } from './evaluate.js';
import { checkEngineOptions, checkStep, gradScaleOf, valuesOf } from './image-set.js';

export class RowsEngine implements Engine {
  readonly name = 'rows';
  readonly reason = 'layer by layer; it expresses every net';
  readonly #net: Net;
  readonly #scaling: Scaling;
  readonly #loss: Loss;
  readonly #augmenter: Augmenter | undefined;
  readonly #train: ImageSet | undefined;
  readonly #images = new TensorBuffer();
  readonly #grad = new TensorBuffer();
  #labels = new Int32Array(0);
  #valued: { readonly dataset: ImageSet; readonly values: Float32Array } | undefined;

  constructor(net: Net, options: EngineOptions) {
    const { loss, scaling, augmenter } = checkEngineOptions(net, options);
    this.#augmenter = augmenter;
    this.#loss = loss;
    this.#scaling = scaling;
    this.#net = net;
    this.#train = options.train;
  }

  trainStep(indices: Uint32Array, options: StepOptions = {}): StepResult {
    if (this.#train === undefined) {
      throw new StateError(
        'engine: expected a training set but there is none. Pass one to createEngine as "train"',
      );
    }
    checkStep(indices, options);
    const { update, seed = 0, step = 0, epoch = 0 } = options;
    checkImageArray('engine', this.#train.images);
    const images =
      this.#augmenter?.gather(this.#train, indices, { seed, epoch }) ?? this.#gather(this.#train, indices);
    const targets = this.#gatherTargets(this.#train, indices);
    const scores = this.#net.forward(images, { training: true, seed, step });
    const grad = this.#grad.take(scores.shape);
    const gradScale = gradScaleOf(this.#loss, this.#net, indices.length);
    const result = this.#loss.measure(scores, targets, { grad, gradScale });
    this.#net.backward(grad);
    if (update !== undefined) applyUpdate(update);
    return result;
  }

  evaluate(dataset: ImageSet, batchSize?: number): Evaluation {
    const [classes] = this.#net.outputShape;
    const evaluateBatch = (indices: Uint32Array, predictions: Int32Array) => {
      const scores = this.#net.forward(this.#gather(dataset, indices), evaluation);
      for (let row = 0; row < indices.length; row += 1) {
        predictions[row] = firstMaximum(scores.data, row * classes, classes);
      }
      const targets = this.#gatherTargets(dataset, indices);
      return this.#loss.measure(scores, targets, { gradScale: 1, grad: null });
    };
    return evaluateBatches({ net: this.#net, loss: this.#loss }, dataset, evaluateBatch, batchSize);
  }

  predict(x: Tensor): Tensor {
    return this.#net.predictByLayers(x);
  }

  #gather(dataset: ImageSet, indices: Uint32Array): Tensor {
    const { images, shape } = dataset;
    // Its memory may have been transferred to a worker since it was checked.
    checkImageArray('engine', images);
    const out = this.#images.take([indices.length, ...shape]);
    gatherScaled(images, shape, indices, this.#scaling, out.data);
    return out;
  }

  #gatherTargets(dataset: ImageSet, indices: Uint32Array): LossTargets {
    if (this.#loss.targets === 'labels') return this.#gatherLabels(dataset, indices);
    const [outputs] = this.#net.outputShape;
    const values = new Float32Array(indices.length * outputs);
    const all = this.#values(dataset);
    // Its memory may have been transferred to a worker since it was checked.
    checkArray('engine', 'values', all, Float32Array, dataset.count * outputs);
    for (const [row, index] of indices.entries()) {
      values.set(all.subarray(index * outputs, (index + 1) * outputs), row * outputs);
    }
    return values;
  }

  /** Those of the set last asked for are kept. */
  #values(dataset: ImageSet): Float32Array {
    if (this.#valued?.dataset !== dataset) {
      this.#valued = { dataset, values: valuesOf(dataset, this.#net.outputShape[0]) };
    }
    return this.#valued.values;
  }

  /** `checkImages` has seen the labels, but their memory may have been transferred to a worker since. */
  #gatherLabels({ labels: all }: ImageSet, indices: Uint32Array): Int32Array {
    const labels = all as Uint8Array;
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
