/** Averages of the weights: against PyTorch's AveragedModel (test/fixtures/pytorch/averaging.py), and in trainings. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import type { Tensor } from '../../../lib/tensor.js';
import { AveragedWeights } from '../../../lib/training/averaging.js';
import { computeAccuracy } from '../../../lib/training/evaluate.js';
import { expectClose } from '../../support/comparer.js';
import { data, drain, failure, start, trainedBits } from './runs.js';

type Values = Readonly<Record<'weight' | 'bias', readonly number[]>>;

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/averaging.json', import.meta.url), 'utf8'),
) as {
  readonly steps: readonly Values[];
  readonly cases: readonly { readonly decay: number; readonly after: Values }[];
};

it.each(fixture.cases)("means of decay $decay are PyTorch's", ({ decay, after }) => {
  const layers = new Sequential({ fc: new Linear({ inFeatures: 5, outFeatures: 3 }) });
  const net = new Net(layers, { inputShape: [5] });
  const averages = new AveragedWeights(net, { decay });
  for (const { weight, bias } of fixture.steps) {
    net.arena.set([...weight, ...bias]);
    averages.step();
  }
  for (const part of ['weight', 'bias'] as const) {
    const means = (averages.state() as Map<string, Tensor>).get(`fc.${part}`)?.data ?? [];
    expectClose(means, after[part], 1e-5 * Math.max(...after[part].map(Math.abs)), part);
  }
});

describe('a training with averages', () => {
  const averaging = { decay: 0.8 };

  it('has the bits of one without, and evaluates the averages beside its weights', async () => {
    const plain = start();
    const records = await drain(plain.trainer, { validation: data });
    const run = start({ averaging });
    const seen: Float32Array[] = [];
    const averaged = await drain(run.trainer, {
      validation: data,
      onProgress: () => seen.push(run.net.arena.slice()),
    });
    expect(trainedBits(run)).toBe(trainedBits(plain));
    const test = ({ testLoss, testAccuracy }: (typeof records)[number]) => [testLoss, testAccuracy];
    expect(averaged.map(test)).toEqual(records.map(test));

    // Plain means of what the net held after each step.
    const means = Float64Array.from(seen[0]);
    for (const values of seen.slice(1)) {
      for (const [i, value] of values.entries()) means[i] = 0.8 * means[i] + 0.2 * value;
    }
    const net = new LeNet5({ init: 'zeros' });
    net.setParams(run.trainer.averaged as Map<string, Tensor>);
    expectClose(net.arena, means, 1e-5, 'means');
    const { normalization } = run.trainer;
    const { loss, accuracy } = computeAccuracy(net, data, { normalization });
    expect(averaged.at(-1)).toMatchObject({ averagedTestAccuracy: accuracy });
    expect(averaged.at(-1)?.averagedTestLoss).toBeCloseTo(loss, 6);
    expect(loss).not.toBeCloseTo(averaged.at(-1)?.testLoss as number, 4);
  });

  it('has none before its first step', async () => {
    const { trainer } = start({ averaging });
    expect(trainer.averaged).toBeUndefined();
    expect(trainer.state()).not.toHaveProperty('averaged');
    expect(start().trainer.averaged).toBeUndefined();
  });

  it.each<[unknown, string, RegExp]>([
    [{ decay: 1 }, 'RANGE', /Trainer: averaging: expected 1 - decay to be a number of at least/],
    [{ decay: 0 }, 'RANGE', /Trainer: averaging: expected decay to be a number of at least/],
    [{ decay: Number.NaN }, 'RANGE', /decay .* received NaN/],
    [{}, 'TYPE', /decay to be a number but received undefined/],
    [0.9, 'TYPE', /an options object such as \{ decay: 0\.999 \} but received number/],
    [{ alpha: 0.9 }, 'TYPE', /the option decay but received "alpha"/],
  ])('refuses %j', (wrong, code, message) => {
    expect(() => start({ averaging: wrong as never })).toThrow(failure(`ERR_ROWNET_${code}`, message));
  });
});
