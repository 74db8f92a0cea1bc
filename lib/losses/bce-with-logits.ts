import type { Tensor } from '../tensor.js';
import { type LossOptions, MeasuredLoss } from './loss.js';
import { checkMeasured, termsOf } from './values.js';

const where = 'bceWithLogitsLoss';

/**
 * Binary cross entropy of scores `[N, outputs]`, each the logit of a yes or no of its own, and as many values from 0 to
 * 1: `max(x, 0) - x * t + log(1 + exp(-|x|))`, which no score overflows. The mean is over all scores, as PyTorch's. A row
 * is correct when each score is above 0 where its value is above 0.5, and nowhere else.
 */
export class BCEWithLogitsLoss extends MeasuredLoss<Float32Array | Tensor> {
  readonly kind = 'bceWithLogits';
  readonly targets = 'values';

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: LossOptions = {}) {
    super(where, options);
  }

  /** The scores: the mean is over them. */
  terms(rows: number, outputs: number): number {
    return termsOf(where, rows, outputs);
  }

  /**
   * The summed loss, whatever the reduction, and the rows that are correct; `grad` receives `gradScale` times its
   * gradient, sigmoid(score) - value.
   * @throws {ShapeError} for scores that have not two axes, and unless the values are as many.
   */
  measure(
    scores: Tensor,
    values: Float32Array | Tensor,
    options: { readonly gradScale: number; readonly grad: Tensor | null },
  ): { loss: number; correct: number } {
    const { wanted, gradScale, grad } = checkMeasured(where, scores, values, options);
    const [rows, outputs] = scores.shape;
    let loss = 0;
    let correct = 0;
    for (let row = 0; row < rows; row += 1) {
      let agrees = true;
      for (let index = row * outputs; index < (row + 1) * outputs; index += 1) {
        const x = scores.data[index];
        const value = wanted[index];
        const e = Math.exp(-Math.abs(x));
        loss += (x > 0 ? x : 0) - x * value + Math.log1p(e);
        agrees &&= x > 0 === value > 0.5;
        if (grad !== null) grad.data[index] = gradScale * ((x > 0 ? 1 : e) / (1 + e) - value);
      }
      if (agrees) correct += 1;
    }
    return { loss, correct };
  }
}
