/**
 * Seeded random numbers: the same seed gives the same numbers on every machine, whatever the Node version. Not for
 * secrets.
 *
 * Source: xoshiro128** 1.1, Blackman & Vigna, Scrambled Linear Pseudorandom Number Generators (2021); its state is
 * filled by splitmix64, Steele, Lea & Flood, Fast Splittable Pseudorandom Number Generators (2014).
 */
import { ArgumentRangeError, ArgumentTypeError } from './errors.js';
import { typedArrayName, typeName, valueText } from './tensor.js';

const MASK_64 = 0xffff_ffff_ffff_ffffn;
const GOLDEN_GAMMA = 0x9e37_79b9_7f4a_7c15n;
const TWO_POW_26 = 2 ** 26;
const TWO_POW_32 = 2 ** 32;
const TWO_POW_53 = 2 ** 53;

/** The output function of splitmix64: a bijection of 64-bit numbers. */
function mix64(value: bigint): bigint {
  let z = value;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK_64;
  return z ^ (z >> 31n);
}

function checkSafeInteger(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ArgumentRangeError(
      `${what}: expected an integer from 0 to 2^53 - 1 but received ${valueText(value)}`,
    );
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** A generator of period 2^128 - 1. Each call below consumes the stream in a fixed way, so runs can be repeated. */
export class Random {
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;
  /** The second number of the last pair of normal(); NaN when there is none. */
  #spare = Number.NaN;

  /**
   * @param seed an integer from 0 to 2^53 - 1
   * @throws ArgumentRangeError for any other seed
   */
  constructor(seed: number) {
    checkSafeInteger('Random: seed', seed);
    this.#seed(BigInt(seed));
  }

  /**
   * A generator for `(seed, ...stream)` that has nothing to do with those of other streams: the order of epoch 3 is
   * `Random.derive(seed, 3)`, whatever ran before it. Each stream number is hashed into a 64-bit key, order and count
   * included, so `(1, 2)`, `(2, 1)` and `(1, 2, 0)` differ. Without stream numbers it is `new Random(seed)`.
   * @throws ArgumentRangeError if a number is not an integer from 0 to 2^53 - 1
   */
  static derive(seed: number, ...stream: number[]): Random {
    checkSafeInteger('Random.derive: seed', seed);
    let key = BigInt(seed);
    for (const [index, value] of stream.entries()) {
      checkSafeInteger(`Random.derive: stream[${index}]`, value);
      // Mixing before the addition keeps (seed, value) pairs with equal sums apart.
      key = mix64((mix64((key + GOLDEN_GAMMA) & MASK_64) + BigInt(value)) & MASK_64);
    }
    const random = new Random(0);
    random.#seed(key);
    return random;
  }

  #seed(key: bigint): void {
    const first = mix64((key + GOLDEN_GAMMA) & MASK_64);
    const second = mix64((key + 2n * GOLDEN_GAMMA) & MASK_64);
    this.#s0 = Number(first & 0xffff_ffffn) | 0;
    this.#s1 = Number(first >> 32n) | 0;
    this.#s2 = Number(second & 0xffff_ffffn) | 0;
    this.#s3 = Number(second >> 32n) | 0;
    // mix64 is a bijection, so two outputs in a row are never both zero: the state is never the forbidden one.
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#s1, 5), 7), 9);
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = rotateLeft(this.#s3, 11);
    return result >>> 0;
  }

  /** A multiple of 2^-53 in [0, 1), every one equally likely; takes two 32-bit numbers. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * TWO_POW_26 + low) / TWO_POW_53;
  }

  /**
   * An integer `r` with `0 <= r < bound`, every one equally likely: numbers from the incomplete last multiple of
   * `bound` are drawn again.
   * @param bound an integer from 1 to 2^32
   * @throws ArgumentRangeError for any other bound
   */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > TWO_POW_32) {
      throw new ArgumentRangeError(
        `Random.integer: expected a bound from 1 to 2^32 but received ${valueText(bound)}`,
      );
    }
    const limit = TWO_POW_32 - (TWO_POW_32 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
  }

  /**
   * A number from the normal distribution with mean 0 and standard deviation 1, by the polar method (Marsaglia & Bray,
   * A Convenient Method for Generating Normal Variables, 1964). It makes pairs; the second is kept for the next call.
   */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    let x: number;
    let y: number;
    let square: number;
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    this.#spare = y * factor;
    return x * factor;
  }

  /** Puts `values` into random order, in place, every order equally likely (Fisher-Yates, from the end). */
  shuffle(values: Uint32Array): void {
    if (typedArrayName(values) !== 'Uint32Array') {
      throw new ArgumentTypeError(
        `Random.shuffle: expected values to be a Uint32Array but received ${typeName(values)}`,
      );
    }
    for (let last = values.length - 1; last > 0; last -= 1) {
      const other = this.integer(last + 1);
      const value = values[last];
      values[last] = values[other];
      values[other] = value;
    }
  }
}
