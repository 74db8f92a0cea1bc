/**
 * Floating-point numbers of other widths, read as float32. F16 is IEEE 754 binary16, BF16 the upper half of a float32:
 * float32 holds every value of both. F64 is rounded to the nearest, ties to even.
 */

export type FloatType = 'F16' | 'BF16' | 'F32' | 'F64';

/** Bytes of a value. */
export const floatWidths: Readonly<Record<FloatType, number>> = { F16: 2, BF16: 2, F32: 4, F64: 8 };

type Read = (view: DataView, at: number, littleEndian: boolean) => number;

const readers: Readonly<Record<FloatType, Read>> = {
  F16: (view, at, littleEndian) => half(view.getUint16(at, littleEndian)),
  BF16: (view, at, littleEndian) => upperHalf(view.getUint16(at, littleEndian)),
  F32: (view, at, littleEndian) => view.getFloat32(at, littleEndian),
  F64: (view, at, littleEndian) => view.getFloat64(at, littleEndian),
};

/** One sign bit, five of an exponent with bias 15, ten of a fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

function upperHalf(bits: number): number {
  word.setUint16(0, bits);
  return word.getFloat32(0);
}

/**
 * Reads `count` values that stand one after another from byte `at`.
 * @param fail called with the first value that is not finite in float32, as it is stored; must not return
 */
export function readFloats(
  view: DataView,
  at: number,
  count: number,
  type: FloatType,
  littleEndian: boolean,
  fail: (stored: number, index: number, at: number) => never,
): Float32Array<ArrayBuffer> {
  const [read, width] = [readers[type], floatWidths[type]];
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const stored = read(view, at + i * width, littleEndian);
    values[i] = stored;
    if (!Number.isFinite(values[i])) fail(stored, i, at + i * width);
  }
  return values;
}
