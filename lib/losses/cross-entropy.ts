import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { softmaxCrossEntropy } from '../kernels/training.js';
import { type Tensor, typeName, valueText } from '../tensor.js';
import { checkScores, type LossOptions, MeasuredLoss } from './loss.js';

const where = 'crossEntropyLoss';

/**
 * Softmax cross entropy of scores `[N, classes]` and a label for each row: -log(softmax(scores)[label]). Labels are
 * integers from 0 to classes - 1; the mean is over the rows.
 */
export class CrossEntropyLoss extends MeasuredLoss<ArrayLike<number>> {
  readonly kind = 'crossEntropy';
  readonly targets = 'labels';
  #labels = new Int32Array(0);

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: LossOptions = {}) {
    super(where, options);
  }

  /** The rows: the mean is over them. */
  terms(rows: number): number {
    return rows;
  }

  /**
   * The summed loss, whatever the reduction, and the rows that are correct; `grad` receives `gradScale` times the
   * gradient of the summed loss.
   * @throws {ShapeError | ArgumentRangeError} as `forward`.
   */
  measure(
    scores: Tensor,
    labels: ArrayLike<number>,
    options: { readonly gradScale: number; readonly grad: Tensor | null },
  ): { loss: number; correct: number } {
    checkScores(where, scores);
    const [rows, classes] = scores.shape;
    return softmaxCrossEntropy(scores, this.#check(labels, rows, classes), options);
  }

  #check(labels: ArrayLike<number>, n: number, classes: number): Int32Array {
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
