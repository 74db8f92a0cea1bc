import { ArgumentTypeError, ShapeError } from '../errors.js';
import { checkArray, checkInteger, checkNumber, checkShape } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { Tensor, typedArrayName, typeName } from '../tensor.js';
import { checkScores, type LossOptions, MeasuredLoss } from './loss.js';

const where = 'mseLoss';

/**
 * Squared error of scores `[N, outputs]` and as many values: (score - value)^2. The mean is over all scores, as
 * PyTorch's. Of values none is right or wrong: `correct` is 0.
 */
export class MSELoss extends MeasuredLoss<Float32Array | Tensor> {
  readonly kind = 'mse';
  readonly targets = 'values';

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: LossOptions = {}) {
    super(where, options);
  }

  /** The scores: the mean is over them. */
  terms(rows: number, outputs: number): number {
    checkInteger(where, 'rows', rows, 0, Number.MAX_SAFE_INTEGER);
    checkInteger(where, 'outputs', outputs, 0, Number.MAX_SAFE_INTEGER);
    return rows * outputs;
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
    checkScores(where, scores);
    const wanted = valuesOf(values, scores);
    checkOptions(where, options, { gradScale: true, grad: true }, '{ gradScale: 1, grad: null }');
    const { gradScale = 1, grad = null } = options;
    checkNumber(where, 'gradScale', gradScale);
    if (grad !== null) checkShape(where, 'grad', grad, scores.shape, 'the shape of the scores');
    let loss = 0;
    for (let index = 0; index < scores.size; index += 1) {
      const error = Math.fround(scores.data[index] - wanted[index]);
      loss += error * error;
      if (grad !== null) grad.data[index] = Math.fround(Math.fround(2 * gradScale) * error);
    }
    return { loss, correct: 0 };
  }
}

function valuesOf(values: Float32Array | Tensor, scores: Tensor): Float32Array {
  if (values instanceof Tensor) {
    checkShape(where, 'targets', values, scores.shape, 'the shape of the scores');
    return values.data;
  }
  if (typedArrayName(values) !== 'Float32Array') {
    throw new ArgumentTypeError(
      `${where}: expected targets to be a Tensor or a Float32Array but received ${typeName(values)}`,
    );
  }
  checkArray(where, 'targets', values, Float32Array, 0);
  if (values.length === scores.size) return values;
  throw new ShapeError(
    `${where}: expected ${scores.size} targets (one a score) but received ${values.length}`,
  );
}
