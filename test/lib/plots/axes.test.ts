/** Axes: round and distinct ticks that have room, whatever the values are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Axis, accuracyAxis, epochAxis, lossAxis } from '../../../lib/plots/axes.js';

const labels = ({ ticks }: Axis) => ticks.map(({ label }) => label);

/** Ticks that can be read, and a place for every value. */
function expectSound(axis: Axis, values: readonly number[]): void {
  const texts = labels(axis);
  expect(texts.length).toBeGreaterThanOrEqual(2);
  expect(new Set(texts).size).toBe(texts.length);
  const places = axis.ticks.map(({ value }) => axis.position(value));
  expect(places[0]).toBeGreaterThanOrEqual(-1e-6);
  expect(places.at(-1)).toBeLessThanOrEqual(1 + 1e-6);
  // 12 pixels of text in a plot 200 high.
  for (const [i, place] of places.slice(1).entries()) expect(place - places[i]).toBeGreaterThan(0.06);
  for (const { value, label } of axis.ticks) {
    expect(Number.parseFloat(label)).toBeCloseTo(label.endsWith('%') ? 100 * value : value, 4);
  }
  for (const value of values) {
    expect(axis.position(value)).toBeGreaterThanOrEqual(0);
    expect(axis.position(value)).toBeLessThanOrEqual(1);
  }
}

describe('losses', () => {
  it.each<[string, number[], string[]]>([
    ['from 0', [0.24, 0.11, 0.04], ['0', '0.05', '0.10', '0.15', '0.20', '0.25']],
    ['that are close', [0.3, 0.28, 0.26], ['0.26', '0.27', '0.28', '0.29', '0.30']],
    ['of guessing', [2.3], ['0', '0.5', '1.0', '1.5', '2.0', '2.5']],
    ['that fall far', [2.3, 0.02], ['0.02', '0.05', '0.1', '0.2', '0.5', '1', '2', '5']],
    ['that fall very far', [2.3, 0.0004], ['0.001', '0.01', '0.1', '1']],
    ['of nothing', [], ['0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    ['of zero', [0, 0], ['0', '0.2', '0.4', '0.6', '0.8', '1.0']],
  ])('%s', (_, losses, expected) => {
    const axis = lossAxis(losses);
    expect(labels(axis)).toEqual(expected);
    expectSound(axis, losses);
  });

  it('have round ticks of their own, whatever they are', () => {
    const loss = fc.oneof(
      fc.double({ min: 0, max: 5, noNaN: true }),
      fc.double({ min: 2.311, max: 2.312, noNaN: true }),
      fc.double({ min: 0, max: 1e-3, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.constantFrom(0, 1e-300, 1e12),
    );
    fc.assert(
      fc.property(fc.array(loss, { maxLength: 20 }), (losses) => expectSound(lossAxis(losses), losses)),
      { numRuns: 1000 },
    );
  });
});

describe('accuracies', () => {
  it.each<[string, number[], string[]]>([
    ['that are close', [0.97, 0.99], ['97.0 %', '97.5 %', '98.0 %', '98.5 %', '99.0 %']],
    ['of guessing', [0.098, 0.1135], ['9.5 %', '10.0 %', '10.5 %', '11.0 %', '11.5 %']],
    ['from guessing to 99 %', [0.11, 0.9, 0.99], ['0 %', '50 %', '80 %', '90 %', '95 %', '98 %', '99 %']],
    ['that are all right', [1, 1], ['99.0 %', '99.2 %', '99.4 %', '99.6 %', '99.8 %', '100.0 %']],
    ['one', [0.5], ['49.0 %', '49.5 %', '50.0 %', '50.5 %', '51.0 %']],
    ['none', [], ['0 %', '20 %', '40 %', '60 %', '80 %', '100 %']],
  ])('%s', (_, shares, expected) => {
    const axis = accuracyAxis(shares);
    expect(labels(axis)).toEqual(expected);
    expectSound(axis, shares);
  });

  it('of 97 and 99 % are far apart, also where a run began with guessing', () => {
    for (const shares of [
      [0.97, 0.99],
      [0.1, 0.97, 0.99],
      [0.1, 0.97, 0.99, 0.995],
      [0.5, 0.97, 0.99, 1],
    ]) {
      const { position } = accuracyAxis(shares);
      expect(position(0.99) - position(0.97)).toBeGreaterThan(0.1);
    }
  });

  it('keep their order, and have ticks of their own, whatever they are', () => {
    const share = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0.97, max: 1, noNaN: true }),
      fc.constantFrom(0, 1, 0.1, 0.5, 0.99, 0.9999, 0.999999),
    );
    fc.assert(
      fc.property(fc.array(share, { maxLength: 20 }), (shares) => {
        const axis = accuracyAxis(shares);
        expectSound(axis, shares);
        const sorted = [...shares].sort((a, b) => a - b).map((one) => axis.position(one));
        for (const [i, place] of sorted.slice(1).entries()) expect(place).toBeGreaterThanOrEqual(sorted[i]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('epochs', () => {
  it.each<[string, number[], string[]]>([
    ['of one', [1], ['1']],
    ['of steps within the first', [0.1, 0.2], ['0', '1']],
    ['of three', [1, 3], ['1', '2', '3']],
    ['of twenty-five', [1, 25], ['1', '5', '10', '15', '20', '25']],
    ['of a thousand', [1, 1000], ['1', '200', '400', '600', '800', '1000']],
  ])('%s', (_, epochs, expected) => {
    expect(labels(epochAxis(epochs))).toEqual(expected);
  });
});
