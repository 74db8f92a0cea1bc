/** Gradients by central differences, in double precision. */

/**
 * The gradient of `sum(cotangent * f())` for the elements of `at`, which `f` reads.
 * @param picks indices of `at` to differentiate for; all if it is left out.
 * @param h half the distance of the two points; a power of two keeps them exact.
 */
export function finiteDifferences(
  at: Float64Array,
  cotangent: ArrayLike<number>,
  f: () => Float64Array,
  { h = 2 ** -10, picks = Array.from(at.keys()) }: { h?: number; picks?: readonly number[] } = {},
): Float64Array {
  const value = () => f().reduce((sum, y, index) => sum + y * cotangent[index], 0);
  return Float64Array.from(picks, (index) => {
    const center = at[index];
    at[index] = center + h;
    const above = value();
    at[index] = center - h;
    const below = value();
    at[index] = center;
    return (above - below) / (2 * h);
  });
}
