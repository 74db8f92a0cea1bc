import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batches, type BatchesOptions } from '../../../lib/data/batches.js';
import { ArgumentRangeError } from '../../../lib/errors.js';

/** Copies, since the views are filled anew for the next epoch. */
function epochOf(batches: Batches, epoch: number): number[][] {
  return batches.epoch(epoch).map((batch) => [...batch]);
}

describe('Batches', () => {
  it('covers every image once an epoch, all batches full but the last', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        fc.nat(5),
        fc.constantFrom('everyEpoch' as const, 'once' as const, 'none' as const),
        (count, batchSize, epoch, shuffle) => {
          const batches = new Batches({ count, batchSize, seed: 1, shuffle });
          const order = epochOf(batches, epoch);
          expect(order.length).toBe(batches.steps);
          expect(batches.steps).toBe(Math.ceil(count / batchSize));
          expect(order.slice(0, -1).every((batch) => batch.length === batchSize)).toBe(true);
          expect(order.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        },
      ),
    );
  });

  it('keeps or drops the last incomplete batch', () => {
    const lengths = (options: Partial<BatchesOptions>) =>
      epochOf(new Batches({ count: 10, batchSize: 4, seed: 1, ...options }), 1).map(({ length }) => length);
    expect(lengths({})).toEqual([4, 4, 2]);
    expect(lengths({ dropLast: false })).toEqual([4, 4, 2]);
    expect(lengths({ dropLast: true })).toEqual([4, 4]);
    expect(lengths({ dropLast: true, batchSize: 5 })).toEqual([5, 5]);
    expect(lengths({ dropLast: true, batchSize: 10 })).toEqual([10]);
    expect(lengths({ batchSize: 100 })).toEqual([10]);
    expect(lengths({ batchSize: 1 })).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(new Batches({ count: 60_000, batchSize: 128, seed: 1, dropLast: true }).steps).toBe(468);
    expect(new Batches({ count: 60_000, batchSize: 128, seed: 1 }).steps).toBe(469);
  });

  it('leaves out other images each epoch when it drops the last batch', () => {
    const batches = new Batches({ count: 100, batchSize: 64, seed: 1, dropLast: true });
    expect(epochOf(batches, 1).flat().sort()).not.toEqual(epochOf(batches, 2).flat().sort());
  });

  it('gives an order that depends on seed and epoch alone', () => {
    const options = { count: 50, batchSize: 8, seed: 7 };
    const jumping = new Batches(options);
    const third = epochOf(jumping, 3);
    const straight = new Batches({ ...options, batchSize: 50 });
    epochOf(straight, 1);
    epochOf(straight, 2);
    expect(epochOf(straight, 3).flat()).toEqual(third.flat());
    expect(epochOf(jumping, 3)).toEqual(third);
    expect(epochOf(jumping, 4)).not.toEqual(third);
    expect(epochOf(new Batches({ ...options, seed: 8 }), 3)).not.toEqual(third);
  });

  it('starts with this order, on every machine and in every version', () => {
    const order = (epoch: number) => epochOf(new Batches({ count: 8, batchSize: 8, seed: 1 }), epoch)[0];
    expect([order(0), order(1)]).toEqual([
      [5, 4, 7, 3, 1, 2, 6, 0],
      [2, 7, 5, 1, 0, 6, 3, 4],
    ]);
  });

  it('shuffles once, or not at all', () => {
    const once = new Batches({ count: 100, batchSize: 100, seed: 1, shuffle: 'once' });
    const [first] = epochOf(once, 0);
    expect(epochOf(once, 9)).toEqual([first]);
    expect(first).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
    const every = new Batches({ count: 100, batchSize: 100, seed: 1 });
    expect(epochOf(every, 0)).toEqual([first]);
    const none = new Batches({ count: 5, batchSize: 2, seed: 1, shuffle: 'none' });
    expect(epochOf(none, 3)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('fills the same memory for each epoch', () => {
    const batches = new Batches({ count: 10, batchSize: 3, seed: 1 });
    const first = batches.epoch(0);
    expect(batches.epoch(1)).toBe(first);
    expect(new Set(first.map(({ buffer }) => buffer)).size).toBe(1);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32])('refuses the size %s', (value) => {
    expect(() => new Batches({ count: 10, batchSize: value, seed: 1 })).toThrow(ArgumentRangeError);
    expect(() => new Batches({ count: 10, batchSize: value, seed: 1 })).toThrow(
      `batches: expected a batch size from 1 to 2^32 - 1 but received ${value}`,
    );
    expect(() => new Batches({ count: value, batchSize: 1, seed: 1 })).toThrow(
      `batches: expected a count from 1 to 2^32 - 1 but received ${value}`,
    );
  });

  it('refuses a batch size that would leave no step', () => {
    expect(() => new Batches({ count: 10, batchSize: 11, seed: 1, dropLast: true })).toThrow(
      'batches: expected a batch size of at most 10 (all images), since incomplete batches are dropped, but received 11',
    );
  });

  it('refuses seeds and epochs that do not fit', () => {
    expect(() => new Batches({ count: 1, batchSize: 1, seed: -1 })).toThrow(ArgumentRangeError);
    for (const shuffle of ['everyEpoch', 'once', 'none'] as const) {
      const batches = new Batches({ count: 1, batchSize: 1, seed: 1, shuffle });
      for (const epoch of [-1, 0.5, Number.NaN]) {
        expect(() => batches.epoch(epoch)).toThrow(
          `batches: expected an epoch from 0 to 2^53 - 1 but received ${epoch}`,
        );
      }
    }
  });
});
