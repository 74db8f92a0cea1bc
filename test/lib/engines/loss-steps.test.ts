/** Each loss over several updated steps of random nets: both engines, on any number of threads. */
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import type { EngineOptions, ImageSet } from '../../../lib/engines/engine.js';
import { runtimeInfo, setThreads } from '../../../lib/kernels/runtime.js';
import { BCEWithLogitsLoss } from '../../../lib/losses/bce-with-logits.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import type { Loss } from '../../../lib/losses/loss.js';
import { MSELoss } from '../../../lib/losses/mse.js';
import { Adam } from '../../../lib/optimizers/adam.js';
import { normalTensor, randomImages } from '../../support/random-data.js';
import { randomNet } from '../../support/random-net.js';

const threads = runtimeInfo().threads;
afterEach(() => setThreads(threads));

const STEPS = 3;
const losses: readonly (() => Loss)[] = [
  () => new CrossEntropyLoss({ labelSmoothing: 0.1 }),
  () => new CrossEntropyLoss({ labelSmoothing: 1, reduction: 'sum' }),
  () => new BCEWithLogitsLoss(),
  () => new BCEWithLogitsLoss({ reduction: 'sum' }),
  () => new MSELoss(),
];

/** Random images with labels and values, or with one of them. */
function dataFor(seed: number, [shape, outputs]: readonly [readonly number[], number], loss: Loss): ImageSet {
  const images = randomImages(40, [...shape] as [number, number, number], outputs, seed);
  const { labels, ...unlabelled } = images;
  const values = normalTensor([40, outputs], seed).data.map((value) => Math.abs(value % 1));
  if (loss.targets === 'labels' || seed % 3 === 0) return images;
  return seed % 3 === 1 ? { ...images, values } : { ...unlabelled, values };
}

const batchOf = (step: number, size: number) =>
  Uint32Array.from({ length: size }, (_, i) => (i * 7 + step * 11) % 40);

const largest = (values: Float32Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
const apart = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);

it('lanes goes down the gradient that rows has, to the same bits on 1, 2, 3 and 7 threads', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.constantFrom(...losses),
      fc.constantFrom(2, 15, 16, 33),
      (seed, makeLoss, size) => {
        const make = () => randomNet(seed, { all: true });
        const loss = makeLoss();
        const { inputShape, outputShape } = make();
        const train = dataFor(seed, [inputShape, outputShape[0]], loss);
        const options: EngineOptions = { normalization: { scale: 1 / 128, shift: -1 }, train, loss };
        const run = (count: number) => {
          setThreads(count);
          const net = make();
          const engine = createEngine('lanes', net, options);
          const optimizer = new Adam(net, { lr: 0.01 });
          const bits: string[] = [];
          for (let step = 0; step < STEPS; step += 1) {
            if (count === 1) compare(step, net.getParams());
            const result = engine.trainStep(batchOf(step, size), { update: optimizer.update(), seed, step });
            bits.push(JSON.stringify(result), Buffer.from(net.arena.buffer.slice(0)).toString('base64'));
          }
          const { loss: sum, correct, confusion, predictions } = engine.evaluate(train);
          return [...bits, JSON.stringify({ sum, correct, confusion, predictions: [...predictions] })];
        };
        const compare = (step: number, params: ReturnType<ReturnType<typeof make>['getParams']>) => {
          const [rows, lanes] = (['rows', 'lanes'] as const).map((name) => {
            const net = make();
            net.setParams(params);
            const result = createEngine(name, net, options).trainStep(batchOf(step, size), { seed, step });
            return { ...result, grad: net.gradArena };
          });
          expect(Math.abs(rows.loss - lanes.loss)).toBeLessThan(1e-4 * Math.max(1, rows.loss));
          expect(lanes.correct).toBe(rows.correct);
          expect(apart(rows.grad, lanes.grad) / largest(rows.grad)).toBeLessThan(3e-4);
        };
        const expected = run(1);
        for (const count of [2, 3, 7]) expect(run(count)).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});
