import { describe, expect, it } from 'vitest';
import { recipes } from '../../../lib/training/recipes.js';
import { learningRate } from '../../../lib/training/schedule.js';

const oneCycle = { ...recipes.fast, warmup: 0.2, optimizer: { ...recipes.fast.optimizer, lr: 0.1 } };

describe('learningRate', () => {
  it('stays at the recipe value without a schedule', () => {
    for (const step of [0, 1, 467, 11_699]) expect(learningRate(recipes.article, step, 11_700)).toBe(1e-3);
  });

  it('climbs straight to the peak, then falls by half a cosine', () => {
    const rates = Array.from({ length: 10 }, (_, step) => learningRate(oneCycle, step, 10));
    const cosine = (share: number) => 0.05 * (1 + Math.cos(Math.PI * share));
    const expected = [0.05, 0.1, 0.1, ...[1, 2, 3, 4, 5, 6, 7].map((step) => cosine(step / 8))];
    for (const [step, rate] of rates.entries()) expect(rate, `step ${step}`).toBeCloseTo(expected[step], 15);
    expect(rates[6]).toBeCloseTo(0.05, 15);
  });

  it('never reaches 0, nor leaves (0, peak]', () => {
    for (const totalSteps of [1, 2, 3, 7, 2345]) {
      for (const warmup of [0, 0.2, 1]) {
        const rates = Array.from({ length: totalSteps }, (_, step) =>
          learningRate({ ...oneCycle, warmup }, step, totalSteps),
        );
        expect(Math.min(...rates)).toBeGreaterThan(0);
        expect(Math.max(...rates)).toBe(0.1);
      }
    }
  });

  it('starts at the peak without a warm-up, and ends there with nothing else', () => {
    expect(learningRate({ ...oneCycle, warmup: 0 }, 0, 10)).toBe(0.1);
    expect(learningRate({ ...oneCycle, warmup: 1 }, 9, 10)).toBe(0.1);
    expect(learningRate({ ...oneCycle, warmup: 1 }, 0, 10)).toBeCloseTo(0.01, 15);
  });

  it.each([-1, 10, 0.5, Number.NaN])('refuses step %s of 10', (step) => {
    expect(() => learningRate(oneCycle, step, 10)).toThrow(
      expect.objectContaining({ code: 'ERR_ROWNET_RANGE', message: expect.stringContaining('from 0 to 9') }),
    );
  });

  it('refuses every step of none', () => {
    expect(() => learningRate(oneCycle, 0, 0)).toThrow(RangeError);
    expect(() => learningRate(oneCycle, 0, Number.NaN)).toThrow(RangeError);
  });
});
