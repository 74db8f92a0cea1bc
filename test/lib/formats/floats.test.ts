/** The conversions to float32, against definitions that compute nothing with bits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FloatType, floatWidths, readFloats } from '../../../lib/formats/floats.js';

const refuse = (stored: number, index: number, at: number): never => {
  throw new Error(`${stored} ${index} ${at}`);
};
const read = (bytes: Uint8Array, type: FloatType, littleEndian = true) =>
  readFloats(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    0,
    bytes.length / floatWidths[type],
    type,
    littleEndian,
    refuse,
  );

/** All patterns of 16 bits from `begin` to before `end`. */
function patterns(begin: number, end: number): Uint8Array {
  return new Uint8Array(Uint16Array.from({ length: end - begin }, (_, i) => begin + i).buffer);
}

/**
 * The values of a 16-bit type from zero up, each the one before plus its last place: 2^(e - fraction bits), where the
 * exponent e grows every 2^(fraction bits) patterns and is that of the second row for the first one too.
 */
function ladder(fractionBits: number, lowestExponent: number, end: number): Float64Array {
  const values = new Float64Array(end);
  for (let i = 1; i < end; i += 1) {
    const row = Math.floor((i - 1) / 2 ** fractionBits);
    values[i] = values[i - 1] + 2 ** (lowestExponent + Math.max(row - 1, 0) - fractionBits);
  }
  return values;
}

describe.each([
  ['F16', 10, -14, 0x7c00, 65_504, 2 ** -24],
  ['BF16', 7, -126, 0x7f80, (2 - 2 ** -7) * 2 ** 127, 2 ** -133],
] as const)('%s', (type, fractionBits, lowestExponent, infinity, largest, smallest) => {
  const expected = ladder(fractionBits, lowestExponent, infinity);

  it('has the least and the largest value where they belong', () => {
    expect([expected[1], expected.at(-1)]).toEqual([smallest, largest]);
  });

  it('is read exactly at every finite pattern, subnormal ones and both signs included', () => {
    const [positive, negative] = [0, 0x8000].map((sign) => read(patterns(sign, sign + infinity), type));
    expect(positive.length).toBe(infinity);
    const wrong = Array.from(expected.keys()).filter(
      (i) => !Object.is(positive[i], expected[i]) || !Object.is(negative[i], -expected[i]),
    );
    expect(wrong).toEqual([]);
  });

  it('refuses every pattern that is not finite', () => {
    for (const sign of [0, 0x8000]) {
      for (let bits = sign + infinity; bits < sign + 0x8000; bits += 1) {
        const what = bits > sign + infinity ? 'NaN' : sign === 0 ? 'Infinity' : '-Infinity';
        expect(() => read(patterns(bits, bits + 1), type)).toThrow(`${what} 0 0`);
      }
    }
  });
});

describe('F64', () => {
  const bytesOf = (values: Float64Array) => new Uint8Array(values.buffer);

  it('is rounded as Math.fround rounds, and refused where that is infinite', () => {
    fc.assert(
      fc.property(fc.float64Array({ minLength: 1, maxLength: 20, noNaN: true }), (values) => {
        const rounded = Array.from(values, Math.fround);
        const bad = rounded.findIndex((value) => !Number.isFinite(value));
        if (bad === -1) expect(Array.from(read(bytesOf(values), 'F64'))).toEqual(rounded);
        else {
          expect(() => read(bytesOf(values), 'F64')).toThrow(`${values[bad]} ${bad} ${8 * bad}`);
        }
      }),
    );
  });

  it.each([
    ['halfway between two floats: to the even one', 1 + 2 ** -24, 1],
    ['halfway, the other way', 1 + 3 * 2 ** -24, 1 + 2 ** -22],
    ['a subnormal float', 2 ** -149, 2 ** -149],
    ['half of the least one', 2 ** -150, 0],
    ['a little more than that', 2 ** -150 * 1.01, 2 ** -149],
    [
      'the last that does not overflow',
      (2 - 2 ** -24) * 2 ** 127 * (1 - 2 ** -53),
      (2 - 2 ** -23) * 2 ** 127,
    ],
  ])('%s', (_, value, expected) => {
    expect(read(bytesOf(Float64Array.of(value)), 'F64')[0]).toBe(expected);
  });

  it('the first that overflows is refused', () => {
    expect(() => read(bytesOf(Float64Array.of(0, (2 - 2 ** -24) * 2 ** 127)), 'F64')).toThrow(' 1 8');
  });
});

it.each(['F16', 'BF16', 'F32', 'F64'] as const)('%s in the other order of bytes', (type) => {
  const width = floatWidths[type];
  const values = Uint8Array.from({ length: 8 * width }, (_, i) => (37 * i) % 61);
  const swapped = Uint8Array.from(values, (_, i) => values[i - (i % width) + width - 1 - (i % width)]);
  expect(read(swapped, type, false)).toEqual(read(values, type));
});
