import { ArgumentRangeError, ArgumentTypeError, ShapeError, StateError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import { softmaxCrossEntropy } from '../kernels/training.js';
import { TensorBuffer } from '../layers/layer.js';
import { checkOptions } from '../options.js';
import { formatShape, type Tensor, typeName, valueText } from '../tensor.js';

/** Options of `CrossEntropyLoss`. */
export interface CrossEntropyLossOptions {
  /** Whether loss and gradient are of the mean over the batch or of the sum. Default `mean`. */
  readonly reduction?: 'mean' | 'sum';
}

/** Softmax cross entropy of scores `[N, classes]` and a label for each row: -log(softmax(scores)[label]). */
export class CrossEntropyLoss {
  readonly reduction: 'mean' | 'sum';
  readonly #grad = new TensorBuffer();
  #labels = new Int32Array(0);
  #gradient: Tensor | undefined;
  #correct = 0;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: CrossEntropyLossOptions = {}) {
    checkOptions('crossEntropyLoss', options, { reduction: true }, "{ reduction: 'sum' }");
    const { reduction = 'mean' } = options;
    if (reduction !== 'mean' && reduction !== 'sum') {
      throw new ArgumentRangeError(
        `crossEntropyLoss: expected reduction 'mean' or 'sum' but received ${valueText(reduction)}`,
      );
    }
    this.reduction = reduction;
  }

  /** Rows of the last forward whose largest score (the first among equals) is their label's. */
  get correct(): number {
    return this.#correct;
  }

  /**
   * @param labels integers from 0 to classes - 1, one a row.
   * @throws {ShapeError} if scores have not two axes, no row, or not as many rows as labels.
   * @throws {ArgumentRangeError} for a label outside.
   */
  forward(scores: Tensor, labels: ArrayLike<number>): number {
    const where = 'crossEntropyLoss';
    checkTensor(where, 'scores', scores);
    if (scores.shape.length !== 2 || scores.size === 0) {
      throw new ShapeError(
        `${where}: expected scores [N, classes], N and classes at least 1, but received ${formatShape(scores.shape)}`,
      );
    }
    const [n, classes] = scores.shape;
    const checked = this.#check(labels, n, classes);
    const grad = this.#grad.take(scores.shape);
    const gradScale = this.reduction === 'mean' ? 1 / n : 1;
    const { loss, correct } = softmaxCrossEntropy(scores, checked, { grad, gradScale });
    this.#gradient = grad;
    this.#correct = correct;
    return this.reduction === 'mean' ? loss / n : loss;
  }

  /**
   * The gradient of the last forward's loss for its scores; the loss's own tensor, valid until the next forward.
   * @throws {StateError} before the first forward.
   */
  backward(): Tensor {
    if (this.#gradient === undefined) {
      throw new StateError(
        'crossEntropyLoss: expected a forward before backward but there was none. Call forward(scores, labels) first',
      );
    }
    return this.#gradient;
  }

  #check(labels: ArrayLike<number>, n: number, classes: number): Int32Array {
    const where = 'crossEntropyLoss';
    if (typeof labels !== 'object' || labels === null || typeof labels.length !== 'number') {
      throw new ArgumentTypeError(
        `${where}: expected labels to be an array of integers but received ${typeName(labels)}`,
      );
    }
    if (labels.length !== n) {
      throw new ShapeError(`${where}: expected ${n} labels (one a row) but received ${labels.length}`);
    }
    if (this.#labels.length !== n) this.#labels = new Int32Array(n);
    for (let index = 0; index < n; index += 1) {
      const label = labels[index];
      if (!Number.isInteger(label) || label < 0 || label >= classes) {
        throw new ArgumentRangeError(
          `${where}: expected labels to be integers from 0 to ${classes - 1} but label ${index} is ${valueText(label)}`,
        );
      }
      this.#labels[index] = label;
    }
    return this.#labels;
  }
}
