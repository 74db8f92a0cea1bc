import { ArgumentTypeError } from '../errors.js';
import { checkArray, checkTensor } from '../kernels/checks.js';
import { Tensor, typedArrayName, typeName } from '../tensor.js';

/**
 * Probabilities of a row of scores: `exp(score)`, divided by the sum of all.
 *
 * ```js
 * const [probabilities] = [softmax(net.predict(x).data)]; // of one image
 * ```
 * @param scores of one row, which gives numbers in double precision, or a tensor `[N, classes]`, which gives one of its shape
 */
export function softmax(scores: Float32Array): number[];
export function softmax(scores: Tensor): Tensor;
export function softmax(scores: Float32Array | Tensor): number[] | Tensor {
  if (typedArrayName(scores) === 'Float32Array') {
    checkArray('softmax', 'scores', scores, Float32Array, 1);
    return ofRow(scores);
  }
  if (!(scores instanceof Tensor)) {
    throw new ArgumentTypeError(
      `softmax: expected scores as a Tensor or a Float32Array but received ${typeName(scores)}`,
    );
  }
  checkTensor('softmax', 'scores', scores);
  const { shape, data } = scores;
  const classes = shape.at(-1) ?? 1;
  const result = new Tensor(shape);
  for (let at = 0; at < data.length; at += classes) {
    result.data.set(ofRow(data.subarray(at, at + classes)), at);
  }
  return result;
}

function ofRow(scores: Float32Array): number[] {
  // Nothing overflows once the largest is 0.
  const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = Array.from(scores, (score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
