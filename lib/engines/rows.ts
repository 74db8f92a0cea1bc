/** The engine that runs a net layer by layer, as `net.forward` and `net.backward` do. */
import { StateError } from '../errors.js';
import { checkImageArray, gatherScaled, type Scaling } from '../kernels/training.js';
import { applyUpdate } from '../kernels/updates.js';
import { evaluation, TensorBuffer } from '../layers/layer.js';
import type { Loss, LossTargets } from '../losses/loss.js';
import type { Net } from '../nets/net.js';
import type { Tensor } from '../tensor.js';
import type { Augmenter } from './augment.js';
import type { Engine, EngineOptions, Evaluation, ImageSet, StepOptions, StepResult } from './engine.js';
import { evaluateBatches } from './evaluate.js';
import { checkEngineOptions, checkStep, gradScaleOf } from './image-set.js';
import { TargetSource } from './targets.js';

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
  readonly #targets: TargetSource;

  constructor(net: Net, options: EngineOptions) {
    const { loss, scaling, augmenter } = checkEngineOptions(net, options);
    this.#augmenter = augmenter;
    this.#loss = loss;
    this.#scaling = scaling;
    this.#net = net;
    this.#targets = new TargetSource(loss, net.outputShape[0]);
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
    const scores = this.#net.forward(images, { training: true, seed, step });
    const grad = this.#grad.take(scores.shape);
    const gradScale = gradScaleOf(this.#loss, this.#net, indices.length);
    const result = this.#measure(scores, this.#train, indices, { grad, gradScale });
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
      return this.#measure(scores, dataset, indices, { gradScale: 1, grad: null });
    };
    return evaluateBatches({ net: this.#net, loss: this.#loss }, dataset, evaluateBatch, batchSize);
  }

  predict(x: Tensor): Tensor {
    return this.#net.predictByLayers(x);
  }

  /** Beside values labels count what is correct. */
  #measure(
    scores: Tensor,
    dataset: ImageSet,
    indices: Uint32Array,
    options: { readonly gradScale: number; readonly grad: Tensor | null },
  ): StepResult {
    const { labels, values } = this.#targets.gather(dataset, indices);
    const { loss, correct } = this.#loss.measure(scores, (values ?? labels) as LossTargets, options);
    if (values === undefined) return { loss, correct };
    if (labels !== undefined) return { loss, correct: rightOnes(scores, labels) };
    return this.#loss.counts === false ? { loss } : { loss, correct };
  }

  #gather(dataset: ImageSet, indices: Uint32Array): Tensor {
    const { images, shape } = dataset;
    // Its memory may have been transferred to a worker since it was checked.
    checkImageArray('engine', images);
    const out = this.#images.take([indices.length, ...shape]);
    gatherScaled(images, shape, indices, this.#scaling, out.data);
    return out;
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

/** Rows whose first largest score is that of their label. */
function rightOnes({ data, shape: [rows, classes] }: Tensor, labels: Uint8Array): number {
  let correct = 0;
  for (let row = 0; row < rows; row += 1) {
    if (firstMaximum(data, row * classes, classes) === labels[row]) correct += 1;
  }
  return correct;
}
