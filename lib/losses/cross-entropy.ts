import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import { softmaxCrossEntropy } from '../kernels/training.js';
import type { OptionNames } from '../options.js';
import { type Tensor, typeName, valueText } from '../tensor.js';
import { checkScores, type LossOptions, MeasuredLoss } from './loss.js';

const where = 'crossEntropyLoss';

/** Options of `CrossEntropyLoss`. */
export interface CrossEntropyLossOptions extends LossOptions {
  /**
   * Share of the target that all classes have alike, from 0 to 1: the label's is `1 - labelSmoothing + labelSmoothing /
   * classes`, as PyTorch's `label_smoothing`. Default 0.
   */
  readonly labelSmoothing?: number;
}

const names: OptionNames<CrossEntropyLossOptions> = { reduction: true, labelSmoothing: true };

/**
 * Softmax cross entropy of scores `[N, classes]` and a label for each row: -log(softmax(scores)[label]). Labels are
 * integers from 0 to classes - 1; the mean is over the rows.
 */
export class CrossEntropyLoss extends MeasuredLoss<ArrayLike<number>> {
  readonly kind = 'crossEntropy';
  readonly targets = 'labels';
  readonly labelSmoothing: number;
  #labels = new Int32Array(0);

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: CrossEntropyLossOptions = {}) {
    super(where, options, names);
    const { labelSmoothing = 0 } = options;
    checkNumber(where, 'labelSmoothing', labelSmoothing);
    if (labelSmoothing < 0 || labelSmoothing > 1) {
      throw new ArgumentRangeError(
        `${where}: expected labelSmoothing from 0 to 1 but received ${valueText(labelSmoothing)}`,
      );
    }
    this.labelSmoothing = labelSmoothing;
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
    const checked = this.#check(labels, rows, classes);
    const { loss, correct } = softmaxCrossEntropy(scores, checked, options);
    if (this.labelSmoothing === 0) return { loss, correct };
    return { loss: loss + this.#smooth(scores, checked, options), correct };
  }

  /** What smoothing adds to the loss and its gradient: a share of the label's score over the mean of all scores. */
  #smooth(
    { shape: [rows, classes], data }: Tensor,
    labels: Int32Array,
    { gradScale, grad }: { readonly gradScale: number; readonly grad: Tensor | null },
  ): number {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) {
      const own = row * classes + labels[row];
      for (let index = row * classes; index < (row + 1) * classes; index += 1) {
        sum += (data[own] - data[index]) / classes;
        if (grad === null) continue;
        const target = (index === own ? 1 : 0) - 1 / classes;
        grad.data[index] += this.labelSmoothing * gradScale * target;
      }
    }
    return this.labelSmoothing * sum;
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
