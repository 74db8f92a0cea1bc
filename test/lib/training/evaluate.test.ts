import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { computeAccuracy, computeAccuracyInSlices } from '../../../lib/training/evaluate.js';
import { mnistNormalization } from '../../../lib/data/normalize.js';
import { recipes } from '../../../lib/training/recipes.js';
import { bars, xorshift32 } from './trace.js';

const normalization = mnistNormalization;
const data = bars(xorshift32(7), 100);
const labelCount = (label: number) => data.labels.filter((value) => value === label).length;

describe('computeAccuracy', () => {
  it('finds a net that says 0 to everything right on the zeros alone', () => {
    const net = new LeNet5({ init: 'zeros' });
    const result = computeAccuracy(net, data, { normalization });
    expect(result.images).toBe(100);
    expect(result.loss).toBeCloseTo(Math.log(10), 6);
    expect(result.accuracy).toBe(labelCount(0) / 100);
    expect(result.confusion).toEqual(
      Array.from({ length: 10 }, (_, label) => [labelCount(label), ...new Array(9).fill(0)]),
    );
  });

  it('follows the bias that a net answers with', () => {
    const net = new LeNet5({ init: 'zeros' });
    net.parameters().find(({ name }) => name === 'fc2.bias')!.value.data[3] = Math.log(91);
    const { loss, accuracy } = computeAccuracy(net, data, { normalization });
    // softmax: 91 / 100 for class 3, 1 / 100 for each of the others.
    const threes = labelCount(3);
    expect(accuracy).toBe(threes / 100);
    expect(loss).toBeCloseTo((-threes * Math.log(0.91) - (100 - threes) * Math.log(0.01)) / 100, 6);
  });

  it('uses the normalization it is given, and leaves parameters alone', () => {
    const net = new LeNet5({ seed: 3 });
    const before = net.arena.slice();
    const one = computeAccuracy(net, data, { normalization }).loss;
    const other = computeAccuracy(net, data, { normalization: recipes.article.normalization }).loss;
    expect(Math.abs(one - other)).toBeGreaterThan(1e-3);
    expect(net.arena).toEqual(before);
  });

  it.each([1, 7, 64, 100, 256])('gives the same in batches, and in slices, of %i', async (batchSize) => {
    const net = new LeNet5({ seed: 3 });
    const whole = computeAccuracy(net, data, { normalization, batchSize: 100 });
    const engine = createEngine('auto', net, { normalization });
    for (const part of [
      computeAccuracy(net, data, { normalization, batchSize }),
      await computeAccuracyInSlices({ engine, outputs: 10 }, data, batchSize),
    ]) {
      expect(part.images).toBe(100);
      expect(part.confusion).toEqual(whole.confusion);
      expect(part.predictions).toEqual(whole.predictions);
      expect(part.accuracy).toBe(whole.accuracy);
      expect(part.loss).toBeCloseTo(whole.loss, 5);
    }
  });

  it('refuses no images, images of another shape, and an unknown engine', async () => {
    const net = new LeNet5();
    const none = { ...data, images: new Uint8Array(0), labels: new Uint8Array(0), count: 0 };
    const message = 'computeAccuracy: expected at least one image but received 0';
    expect(() => computeAccuracy(net, none, { normalization })).toThrow(
      expect.objectContaining({ code: 'ERR_ROWNET_RANGE', message }),
    );
    const engine = createEngine('auto', net, { normalization });
    await expect(computeAccuracyInSlices({ engine, outputs: 10 }, none)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_ROWNET_RANGE', message }),
    );
    const small = {
      ...data,
      images: new Uint8Array(784),
      labels: new Uint8Array(1),
      count: 1,
      shape: [1, 28, 28],
    };
    expect(() => computeAccuracy(net, small, { normalization })).toThrow(
      expect.objectContaining({ code: 'ERR_ROWNET_SHAPE' }),
    );
    expect(() => computeAccuracy(net, data, { normalization, engine: 'gpu' as 'auto' })).toThrow(
      expect.objectContaining({ code: 'ERR_ROWNET_RANGE' }),
    );
  });
});
