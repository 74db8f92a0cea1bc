/** What the losses of values check. */
import { ArgumentTypeError, ShapeError } from '../errors.js';
import { checkArray, checkInteger, checkNumber, checkShape } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { Tensor, typedArrayName, typeName } from '../tensor.js';
import { checkScores } from './loss.js';

/** The scores of so many rows. */
export function termsOf(where: string, rows: number, outputs: number): number {
  checkInteger(where, 'rows', rows, 0, Number.MAX_SAFE_INTEGER);
  checkInteger(where, 'outputs', outputs, 0, Number.MAX_SAFE_INTEGER);
  return rows * outputs;
}

/** The arguments of `measure`, checked. */
export function checkMeasured(
  where: string,
  scores: Tensor,
  values: Float32Array | Tensor,
  options: { readonly gradScale: number; readonly grad: Tensor | null },
): { wanted: Float32Array; gradScale: number; grad: Tensor | null } {
  checkScores(where, scores);
  const wanted = valuesOf(where, values, scores);
  checkOptions(where, options, { gradScale: true, grad: true }, '{ gradScale: 1, grad: null }');
  const { gradScale = 1, grad = null } = options;
  checkNumber(where, 'gradScale', gradScale);
  if (grad !== null) checkShape(where, 'grad', grad, scores.shape, 'the shape of the scores');
  return { wanted, gradScale, grad };
}

function valuesOf(where: string, values: Float32Array | Tensor, scores: Tensor): Float32Array {
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
