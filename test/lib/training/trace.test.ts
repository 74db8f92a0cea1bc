import { describe, expect, it } from 'vitest';
import type { PictureSet } from '../../../lib/data/datasets.js';
import { imagesToTensor } from '../../../lib/data/normalize.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import type { Net, UpdateOptions } from '../../../lib/nets/net.js';
import { recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { expectClose } from '../../support/comparer.js';
import { bars, readTrace, traceNet, xorshift32 } from './trace.js';

const trace = readTrace();
/**
 * In units of a tensor's largest entry. The promise is 1e-4; float32 stays within 5.1e-7 in NumPy, and without the
 * regularisation the parameters are 3e-5 off, so this is what tells a recipe from a similar one.
 */
const tolerance = 1e-5;

function start() {
  const next = xorshift32(trace.seed);
  const net = traceNet(next);
  return { net, data: bars(next, trace.steps * trace.batchSize) };
}

/** The loop as the article has it; mean losses before each step. */
function articleLoop(net: Net, data: PictureSet, update: UpdateOptions): number[] {
  const criterion = new CrossEntropyLoss({ reduction: 'sum' });
  return trace.losses.map((_, step) => {
    const indices = Array.from({ length: trace.batchSize }, (_, row) => step * trace.batchSize + row);
    const x = imagesToTensor(data.images, data.shape, recipes.article.normalization, indices);
    const labels = data.labels.subarray(indices[0], indices[0] + trace.batchSize);
    const loss = criterion.forward(net.forward(x), labels) / trace.batchSize;
    net.backward(criterion.backward());
    net.update(update);
    return loss;
  });
}

function expectLosses(actual: readonly number[]): void {
  expect(actual).toHaveLength(trace.losses.length);
  for (const [step, loss] of actual.entries()) {
    expect(Math.abs(loss - trace.losses[step]), `step ${step}: ${loss}`).toBeLessThan(1e-5);
  }
}

function expectParameters(net: Net): void {
  const params = net.getParams();
  expect([...params.keys()]).toEqual([...trace.parameters.keys()]);
  for (const [name, { data, shape }] of trace.parameters) {
    const largest = data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expectClose(params.get(name)!.data, data, tolerance * largest, name, shape);
  }
}

const { lr, reg } = trace;

describe('reference trace: 20 steps of the article in float64 NumPy', () => {
  it('is the stored one: 20 steps of 128, all 61,706 parameters, a loss that falls', () => {
    expect(trace).toMatchObject({ steps: 20, batchSize: 128, lr: 1e-3, reg: 1e-3 });
    expect([...trace.parameters.values()].reduce((sum, { size }) => sum + size, 0)).toBe(61_706);
    expect(trace.losses[0]).toBeGreaterThan(2.5);
    expect(trace.losses.at(-1)).toBeLessThan(0.02);
  });

  it('is reproduced by the article loop', () => {
    const { net, data } = start();
    expectLosses(articleLoop(net, data, { lr, reg, biasGradient: 'mean' }));
    expectParameters(net);
  });

  it.each(['auto', 'lanes', 'rows'] as const)('is reproduced by the Trainer, engine %s', async (engine) => {
    const { net, data } = start();
    const sums: number[] = [];
    const trainer = new Trainer(net, { recipe: { ...recipes.article, shuffle: 'none' }, engine });
    const records = trainer.fit(data, { epochs: 1, onProgress: ({ loss, step }) => sums.push(loss * step) });
    for await (const { loss, lr: used } of records) {
      expect(used).toBe(lr);
      expect(loss).toBeCloseTo(trace.losses.reduce((sum, value) => sum + value, 0) / trace.steps, 5);
    }
    expectLosses(sums.map((sum, step) => sum - (sums[step - 1] ?? 0)));
    expectParameters(net);
  });

  it.each<[string, UpdateOptions]>([
    ['no regularisation', { lr, biasGradient: 'mean' }],
    ['summed bias gradients', { lr, reg, biasGradient: 'sum' }],
    ['a learning rate 0.01% off', { lr: lr * 1.0001, reg, biasGradient: 'mean' }],
  ])('is not reproduced with %s', (_, update) => {
    const { net, data } = start();
    articleLoop(net, data, update);
    expect(() => expectParameters(net)).toThrow('values differ');
  });
});
