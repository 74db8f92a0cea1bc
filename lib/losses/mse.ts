import type { Tensor } from '../tensor.js';
import { type LossOptions, MeasuredLoss } from './loss.js';
import { checkMeasured, termsOf } from './values.js';

const where = 'mseLoss';

/**
 * Squared error of scores `[N, outputs]` and as many values: (score - value)^2. The mean is over all scores, as
 * PyTorch's. Of values none is right or wrong: `correct` is 0.
 */
export class MSELoss extends MeasuredLoss<Float32Array | Tensor> {
  readonly kind = 'mse';
  readonly targets = 'values';
  readonly counts = false;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: LossOptions = {}) {
    super(where, options);
  }

  /** The scores: the mean is over them. */
  terms(rows: number, outputs: number): number {
    return termsOf(where, rows, outputs);
  }

  /**
   * The summed loss, whatever the reduction; `grad` receives `gradScale` times its gradient, 2 * (score - value).
   * @throws {ShapeError} for scores that have not two axes, and unless the values are as many.
   */
  measure(
    scores: Tensor,
    values: Float32Array | Tensor,
    options: { readonly gradScale: number; readonly grad: Tensor | null },
  ): { loss: number; correct: number } {
    const { wanted, gradScale, grad } = checkMeasured(where, scores, values, options);
    let loss = 0;
    for (let index = 0; index < scores.size; index += 1) {
      const error = Math.fround(scores.data[index] - wanted[index]);
      loss += error * error;
      if (grad !== null) grad.data[index] = Math.fround(Math.fround(2 * gradScale) * error);
    }
    return { loss, correct: 0 };
  }
}
