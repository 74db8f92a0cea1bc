import { describe, expect, it } from 'vitest';
import { ComparisonError, expectClose, expectSame } from './comparer.js';

const expected = [1, -2, 3, 4, -5, 6];

describe('expectClose', () => {
  it('passes within the bound, and on the bound', () => {
    expectClose([1.25, -2, 3, 4, -5, 5.75], expected, 0.25, 'problem');
    expectClose([1.25, -2, 3, 4, -5, 6], expected, [0.25, 0, 0, 0, 0, 0], 'problem');
  });

  it.each([
    ['zeros', [0, 0, 0, 0, 0, 0]],
    ['NaN', [1, -2, 3, Number.NaN, -5, 6]],
    ['infinity', [1, -2, 3, Number.POSITIVE_INFINITY, -5, 6]],
    ['a wrong sign', [1, 2, 3, 4, -5, 6]],
    ['transposed data', [1, 4, -2, -5, 3, 6]],
    ['a value too few', [1, -2, 3, 4, -5]],
    ['a value too many', [1, -2, 3, 4, -5, 6, 7]],
    ['nothing', []],
  ])('fails on %s', (_, actual) => {
    expect(() => expectClose(actual, expected, 0.01, 'problem')).toThrow(ComparisonError);
  });

  it('fails just above the bound of one value', () => {
    const bounds = [0.5, 0, 0, 0, 0, 0.01];
    expect(() => expectClose([1.5, -2, 3, 4, -5, 6.02], expected, bounds, 'problem')).toThrow(/index 5/);
  });

  it.each([
    ['a bound that zeros would meet', [1, 2], 3],
    ['a bound that is NaN', [1, 2], Number.NaN],
    ['a negative bound', [1, 2], -1],
    ['an infinite bound', [1, 2], Number.POSITIVE_INFINITY],
    ['any bound beside expected zeros', [0, 0], 1e-9],
    ['expected NaN', [Number.NaN, 1], 1e-9],
  ])('refuses %s', (_, values, bound) => {
    expect(() => expectClose(values, values, bound, 'problem')).toThrow(ComparisonError);
  });

  it('refuses to compare nothing, and bounds of another length', () => {
    expect(() => expectClose([], [], 0, 'problem')).toThrow('problem: nothing to compare with');
    expect(() => expectClose([1, 2], [1, 2], [0], 'problem')).toThrow('problem: 1 bounds for 2 values');
  });

  it('prints the problem, the place, both values and the bound', () => {
    expect(() => expectClose([1, -2, 3, 4.5, -5, 6], expected, 0.125, 'conv 2x3', [2, 3])).toThrow(
      'conv 2x3: 1 of 6 values differ; the first at index 3 (1, 0): expected 4 but received 4.5 ' +
        '(difference 0.5, bound 0.125)',
    );
  });
});

describe('expectSame', () => {
  it('passes on equal values', () => {
    expectSame(Float32Array.of(1, -0, 3), [1, 0, 3], 'problem');
  });

  it.each([
    ['a last bit', [1 + 2 ** -52, 2]],
    ['NaN', [Number.NaN, 2]],
    ['a value too few', [1]],
    ['nothing', []],
  ])('fails on %s', (_, actual) => {
    expect(() => expectSame(actual, [1, 2], 'problem')).toThrow(ComparisonError);
  });

  it('fails on NaN even where NaN is expected, and on nothing', () => {
    expect(() => expectSame([Number.NaN], [Number.NaN], 'problem')).toThrow(/index 0/);
    expect(() => expectSame([], [], 'problem')).toThrow(ComparisonError);
  });

  it('prints the problem, the place and both values', () => {
    expect(() => expectSame([1, 2, 3, 5], [1, 2, 3, 4], 'rows', [1, 2, 2])).toThrow(
      'rows: 1 of 4 values differ; the first at index 3 (0, 1, 1): expected 4 but received 5',
    );
  });
});
