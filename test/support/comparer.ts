/**
 * Comparisons of arrays that cannot pass by accident: lengths must agree, nothing may be NaN, an empty comparison and
 * a bound so wide that zeros would pass are refused. A failure prints the problem, the place and both values.
 */

/** Share of the expected values' size (root mean square) that the bounds (likewise) may reach. */
const WIDEST_BOUND = 0.1;

export class ComparisonError extends Error {
  override readonly name: string = 'ComparisonError';
}

/**
 * @param bound largest absolute difference, one for all or one a value.
 * @param problem the whole problem (shapes, options, seed), for the message.
 * @param shape of the values; the message then shows the place on every axis.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: number | ArrayLike<number>,
  problem: string,
  shape?: readonly number[],
): void {
  checkLengths(actual, expected, problem);
  const boundAt = typeof bound === 'number' ? () => bound : (index: number) => bound[index];
  if (typeof bound !== 'number' && bound.length !== expected.length) {
    throw new ComparisonError(`${problem}: ${bound.length} bounds for ${expected.length} values`);
  }
  checkBounds(expected, boundAt, problem);
  // Written so that NaN fails.
  report(actual, expected, (index) => Math.abs(actual[index] - expected[index]) <= boundAt(index), {
    problem,
    boundAt,
    shape,
  });
}

/** Every value the same number; 0 and -0 are, NaN is nothing's equal. */
export function expectSame(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  problem: string,
  shape?: readonly number[],
): void {
  checkLengths(actual, expected, problem);
  report(actual, expected, (index) => actual[index] === expected[index], {
    problem,
    boundAt: () => 0,
    shape,
  });
}

function checkLengths(actual: ArrayLike<number>, expected: ArrayLike<number>, problem: string): void {
  if (expected.length === 0) throw new ComparisonError(`${problem}: nothing to compare with`);
  if (actual.length !== expected.length) {
    throw new ComparisonError(`${problem}: expected ${expected.length} values but received ${actual.length}`);
  }
}

function checkBounds(expected: ArrayLike<number>, boundAt: (index: number) => number, problem: string): void {
  let size = 0;
  let width = 0;
  for (let index = 0; index < expected.length; index += 1) {
    const bound = boundAt(index);
    if (!(bound >= 0)) throw new ComparisonError(`${problem}: bound ${bound} at ${index}`);
    size += expected[index] ** 2;
    width += bound ** 2;
  }
  if (Math.sqrt(width) > WIDEST_BOUND * Math.sqrt(size)) {
    throw new ComparisonError(
      `${problem}: the bounds (rms ${rms(width, expected)}) are so wide beside the expected values ` +
        `(rms ${rms(size, expected)}) that zeros might pass`,
    );
  }
}

function rms(sumOfSquares: number, values: ArrayLike<number>): string {
  return Math.sqrt(sumOfSquares / values.length).toExponential(2);
}

interface Report {
  readonly problem: string;
  readonly shape: readonly number[] | undefined;
  boundAt(index: number): number;
}

function report(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  matches: (index: number) => boolean,
  { problem, boundAt, shape }: Report,
): void {
  const wrong: number[] = [];
  for (let index = 0; index < expected.length; index += 1) if (!matches(index)) wrong.push(index);
  if (wrong.length === 0) return;
  const first = wrong[0];
  const place = shape === undefined ? '' : ` (${placeOf(first, shape).join(', ')})`;
  throw new ComparisonError(
    `${problem}: ${wrong.length} of ${expected.length} values differ; the first at index ${first}${place}: ` +
      `expected ${expected[first]} but received ${actual[first]} ` +
      `(difference ${Math.abs(actual[first] - expected[first])}, bound ${boundAt(first)})`,
  );
}

function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (const length of shape.toReversed()) {
    place.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return place;
}
