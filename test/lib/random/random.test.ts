import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentRangeError } from '../../../lib/errors.js';
import { Random } from '../../../lib/random.js';

const MASK_32 = 0xffff_ffffn;
const MASK_64 = 0xffff_ffff_ffff_ffffn;

/** splitmix64 as published, in BigInt throughout. */
function splitmix64(state: { value: bigint }): bigint {
  state.value = (state.value + 0x9e3779b97f4a7c15n) & MASK_64;
  let z = state.value;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  return z ^ (z >> 31n);
}

/** xoshiro128** 1.1 as published, in BigInt throughout. */
function xoshiro128(state: bigint[]): number {
  const rotate = (value: bigint, bits: bigint) => ((value << bits) | (value >> (32n - bits))) & MASK_32;
  const result = (rotate((state[1] * 5n) & MASK_32, 7n) * 9n) & MASK_32;
  const shifted = (state[1] << 9n) & MASK_32;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate(state[3], 11n);
  return Number(result);
}

function seededState(seed: number): bigint[] {
  const mixer = { value: BigInt(seed) };
  return [splitmix64(mixer), splitmix64(mixer)].flatMap((word) => [word & MASK_32, word >> 32n]);
}

function take(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

/** Sum of (observed - expected)^2 / expected for equal expectations. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('the oracle', () => {
  it('gives the published numbers of xoshiro128** 1.1 from the state 1, 2, 3, 4', () => {
    const state = [1n, 2n, 3n, 4n];
    expect(take(10, () => xoshiro128(state))).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('gives the published numbers of splitmix64 from the seed 1234567', () => {
    const state = { value: 1234567n };
    expect(Array.from({ length: 5 }, () => splitmix64(state))).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });
});

describe('Random', () => {
  it.each([0, 1, 42, 2 ** 32, Number.MAX_SAFE_INTEGER])('follows the oracle from seed %d', (seed) => {
    const state = seededState(seed);
    const random = new Random(seed);
    for (let i = 0; i < 1000; i += 1) expect(random.uint32()).toBe(xoshiro128(state));
  });

  it('starts with these numbers, on every machine and in every version', () => {
    const random = new Random(1);
    expect(take(4, () => random.uint32())).toEqual([1695105466, 1423115009, 634581793, 1068227753]);
    expect(new Random(1).normal()).toBe(-0.31769638969762326);
  });

  it.each([
    [-1, '-1'],
    [0.5, '0.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [2 ** 53, '9007199254740992'],
    ['1', '"1"'],
    [1n, '1n'],
    [Symbol('1'), 'symbol'],
    [Object.create(null), 'object'],
    [undefined, 'undefined'],
  ])('refuses the seed %s', (seed, text) => {
    expect(() => new Random(seed as number)).toThrow(ArgumentRangeError);
    expect(() => new Random(seed as number)).toThrow(
      `Random: seed: expected an integer from 0 to 2^53 - 1 but received ${text}`,
    );
  });
});

describe('uniform', () => {
  it('takes 27 and 26 bits of two numbers', () => {
    const state = seededState(7);
    const random = new Random(7);
    for (let i = 0; i < 1000; i += 1) {
      const high = BigInt(xoshiro128(state)) >> 5n;
      const low = BigInt(xoshiro128(state)) >> 6n;
      expect(random.uniform()).toBe(Number((high << 26n) | low) / 2 ** 53);
    }
  });

  it('fills [0, 1) evenly', () => {
    const random = new Random(3);
    const count = 100_000;
    const counts = new Array(20).fill(0);
    let sum = 0;
    for (let i = 0; i < count; i += 1) {
      const value = random.uniform();
      expect(value >= 0 && value < 1).toBe(true);
      counts[Math.floor(value * 20)] += 1;
      sum += value;
    }
    // 19 degrees of freedom: above 43.8 once in a thousand seeds.
    expect(chiSquare(counts)).toBeLessThan(43.8);
    expect(Math.abs(sum / count - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
  });
});

describe('integer', () => {
  it('is the remainder, and draws again from the last incomplete multiple', () => {
    for (const bound of [1, 2, 3, 10, 60_000, 3 * 2 ** 30, 2 ** 32 - 1, 2 ** 32]) {
      const state = seededState(11);
      const random = new Random(11);
      for (let i = 0; i < 200; i += 1) {
        let expected = xoshiro128(state);
        while (expected >= Math.floor(2 ** 32 / bound) * bound) expected = xoshiro128(state);
        expect(random.integer(bound)).toBe(expected % bound);
      }
    }
  });

  it('has no bias where a bare remainder would favour the low third two to one', () => {
    const random = new Random(5);
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i += 1) counts[Math.floor(random.integer(3 * 2 ** 30) / 2 ** 30)] += 1;
    expect(chiSquare(counts)).toBeLessThan(13.8);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1])('refuses the bound %s', (bound) => {
    expect(() => new Random(1).integer(bound)).toThrow(ArgumentRangeError);
    expect(() => new Random(1).integer(bound)).toThrow(
      `Random.integer: expected a bound from 1 to 2^32 but received ${bound}`,
    );
  });
});

describe('normal', () => {
  const count = 200_000;
  const random = new Random(9);
  const values = take(count, () => random.normal());
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / count;

  it('has the moments of the normal distribution', () => {
    // Each within four standard errors: those of x, x^2, x^3, x^4 are sqrt(1, 2, 15, 96) / sqrt(count).
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
  });

  it('has its tails', () => {
    const beyond = (limit: number) => values.filter((value) => Math.abs(value) > limit).length / count;
    expect(beyond(1)).toBeCloseTo(0.31731, 2);
    expect(beyond(2)).toBeCloseTo(0.0455, 2);
    expect(beyond(3)).toBeCloseTo(0.0027, 3);
  });

  it('does not repeat itself within a pair', () => {
    let product = 0;
    for (let i = 0; i < count; i += 2) product += values[i] * values[i + 1];
    expect(Math.abs(product / (count / 2))).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(new Set(values).size).toBe(count);
  });
});

describe('shuffle', () => {
  it('keeps every value once', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(), (length, seed) => {
        const values = Uint32Array.from({ length }, (_, i) => i * 3);
        new Random(seed).shuffle(values);
        expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i * 3));
      }),
    );
  });

  it('gives each of the 24 orders of four values equally often', () => {
    const random = new Random(13);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i += 1) {
      const values = Uint32Array.of(0, 1, 2, 3);
      random.shuffle(values);
      counts.set(values.join(), (counts.get(values.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom: above 49.7 once in a thousand seeds.
    expect(chiSquare([...counts.values()])).toBeLessThan(49.7);
  });
});

describe('derive', () => {
  const first = (random: Random) => take(4, () => random.uint32()).join();

  it('gives the same stream for the same numbers', () => {
    expect(first(Random.derive(1, 2, 3))).toBe(first(Random.derive(1, 2, 3)));
    expect(take(2, () => Random.derive(1, 1).uint32())).toEqual([2436157848, 2436157848]);
  });

  it('gives another stream for any other seed, number, order and count', () => {
    const streams: number[][] = [];
    for (let seed = 0; seed < 30; seed += 1) {
      streams.push([seed]);
      for (let a = 0; a < 30; a += 1) {
        streams.push([seed, a]);
        for (let b = 0; b < 10; b += 1) streams.push([seed, a, b]);
      }
    }
    streams.push([2 ** 53 - 1, 0], [0, 2 ** 53 - 1], [2 ** 32, 0], [0, 2 ** 32]);
    const seen = new Set(streams.map(([seed, ...stream]) => first(Random.derive(seed, ...stream))));
    expect(seen.size).toBe(streams.length);
    expect(streams.length).toBe(30 * (1 + 30 * 11) + 4);
  });

  it('gives streams that are not correlated with each other', () => {
    const count = 20_000;
    const pairs: [Random, Random][] = [
      [Random.derive(1, 0), Random.derive(1, 1)],
      [Random.derive(1, 1), Random.derive(2, 1)],
      [new Random(1), Random.derive(1, 0)],
    ];
    for (const [a, b] of pairs) {
      let product = 0;
      for (let i = 0; i < count; i += 1) product += (a.uniform() - 0.5) * (b.uniform() - 0.5);
      expect(Math.abs(product / count)).toBeLessThan((4 * (1 / 12)) / Math.sqrt(count));
    }
  });

  it('names the number that does not fit', () => {
    expect(() => Random.derive(-1)).toThrow('Random.derive: seed: expected an integer');
    expect(() => Random.derive(1, 0, 1.5)).toThrow('Random.derive: stream[1]: expected an integer');
    expect(() => Random.derive(1, Number.NaN)).toThrow(ArgumentRangeError);
  });
});
