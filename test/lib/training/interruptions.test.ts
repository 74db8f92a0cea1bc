import { describe, expect, it } from 'vitest';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Tensor } from '../../../lib/tensor.js';
import { type Recipe, recipes } from '../../../lib/training/recipes.js';
import { Trainer, type TrainerOptions } from '../../../lib/training/trainer.js';
import { bits, data, drain, failure, small, start } from './runs.js';

describe('resuming', () => {
  const article: Recipe = { ...recipes.article, batchSize: 32, epochs: 4 };
  it.each<['lanes' | 'rows', string, Recipe]>([
    ['lanes', 'fast', small],
    ['lanes', 'article', article],
    ['rows', 'fast', small],
    ['rows', 'article', article],
  ])('goes on to the same bits on %s from any epoch of the %s recipe', async (engine, _, recipe) => {
    const straight = start({ recipe, engine });
    const records = await drain(straight.trainer);
    for (const stop of [1, 2, 3]) {
      const first = start({ recipe, engine });
      for await (const { epoch } of first.trainer.fit(data)) if (epoch === stop) break;
      const resume = first.trainer.state();
      expect(resume).toMatchObject({ epoch: stop, seed: 9, recipe });
      const net = new LeNet5({ init: 'zeros' });
      net.setParams(first.net.getParams());
      const second = { net, trainer: new Trainer(net, { resume, engine }) };
      const rest = await drain(second.trainer);
      expect(rest.map(({ epoch, loss, lr }) => [epoch, loss, lr])).toEqual(
        records.slice(stop).map(({ epoch, loss, lr }) => [epoch, loss, lr]),
      );
      expect(bits(second)).toBe(bits(straight));
    }
  });

  it('depends on the velocity and on the seed', async () => {
    const straight = start();
    await drain(straight.trainer);
    const first = start();
    for await (const { epoch } of first.trainer.fit(data)) if (epoch === 2) break;
    const state = first.trainer.state();
    const still = new Map([...state.velocity].map(([name, { shape }]) => [name, new Tensor(shape)]));
    for (const resume of [
      { ...state, velocity: still },
      { ...state, seed: 10 },
    ]) {
      const net = new LeNet5({ init: 'zeros' });
      net.setParams(first.net.getParams());
      const trainer = new Trainer(net, { resume });
      await drain(trainer);
      expect(bits({ net, trainer })).not.toBe(bits(straight));
    }
  });

  it('starts anew from parameters without a state', async () => {
    const { trainer } = start({
      resume: { epoch: 0, step: 0, velocity: new Map(), seed: 9, recipe: small },
    });
    expect(await drain(trainer, { epochs: 1 })).toHaveLength(1);
  });

  it('refuses a state that does not fit', async () => {
    const first = start();
    await first.trainer.fit(data).next();
    const resume = first.trainer.state();
    const wrong = (part: object, options: TrainerOptions = {}) => {
      const { seed: _, recipe: __, ...rest } = { seed: 0, recipe: small, ...options };
      return () => new Trainer(new LeNet5(), { ...rest, ...options, resume: { ...resume, ...part } });
    };
    expect(wrong({}, { seed: 1 })).toThrow(failure('ERR_ROWNET_RANGE', /expected 9.*received 1/));
    expect(wrong({ epoch: -1 })).toThrow(failure('ERR_ROWNET_RANGE', /epoch to be an integer from 0/));
    expect(wrong({ step: 0.5 })).toThrow(failure('ERR_ROWNET_RANGE', /step to be an integer from 0/));
    expect(wrong({ velocity: new Map() })).toThrow(failure('ERR_ROWNET_SHAPE', /conv1\.weight/));
    const other = new Trainer(new LeNet5(), { resume: { ...resume, step: 4 } });
    await expect(drain(other)).rejects.toThrow(
      failure('ERR_ROWNET_RANGE', /4 steps in 1 epochs.*70 images in 3 steps/),
    );
  });
});

describe('an epoch that ends early', () => {
  it('is marked, taken back, and trained to the same bits by the next fit', async () => {
    const straight = start();
    await drain(straight.trainer);
    const run = start();
    const controller = new AbortController();
    const records = await drain(run.trainer, {
      signal: controller.signal,
      onProgress: ({ epoch, step }) => {
        if (epoch === 2 && step === 2) controller.abort();
      },
    });
    expect(records.map(({ epoch, interrupted }) => [epoch, interrupted])).toEqual([
      [1, undefined],
      [2, true],
    ]);
    expect(records[1].loss).toBeGreaterThan(0);
    expect(records[1].imagesPerSecond).toBeGreaterThan(0);
    expect(run.trainer.state()).toMatchObject({ epoch: 1, step: 3 });

    const one = start();
    for await (const _ of one.trainer.fit(data)) break;
    expect(bits(run)).toBe(bits(one));
    const rest = await drain(run.trainer);
    expect(rest.map(({ epoch }) => epoch)).toEqual([2, 3, 4]);
    expect(bits(run)).toBe(bits(straight));
  });

  it('runs no step after an abort, and finishes the epoch when it comes in the last one', async () => {
    const before = start();
    const steps: number[] = [];
    const onProgress = ({ step }: { step: number }) => steps.push(step);
    const records = await drain(before.trainer, { signal: AbortSignal.abort(), onProgress });
    expect(steps).toEqual([]);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ epoch: 1, loss: Number.NaN, imagesPerSecond: 0, interrupted: true });
    expect(before.net.arena).toEqual(new LeNet5({ seed: 1 }).arena);

    const controller = new AbortController();
    const last = start();
    const all = await drain(last.trainer, {
      epochs: 1,
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === 3) controller.abort();
      },
    });
    expect(all.map(({ interrupted }) => interrupted)).toEqual([undefined]);
    expect(last.trainer.state().epoch).toBe(1);
  });

  it('is taken back when onProgress throws', async () => {
    const run = start();
    const before = bits(run);
    const onProgress = ({ step }: { step: number }) => {
      if (step === 2) throw new Error('the display broke');
    };
    await expect(drain(run.trainer, { onProgress })).rejects.toThrow('the display broke');
    expect(bits(run)).toBe(before);
    expect(run.trainer.state()).toMatchObject({ epoch: 0, step: 0 });
    expect(await drain(run.trainer, { epochs: 1 })).toHaveLength(1);
  });

  it('keeps the state of the last completed epoch while it runs', async () => {
    const run = start();
    const before = bits(run).split(',').slice(1);
    await drain(run.trainer, {
      epochs: 1,
      onProgress: () => {
        expect(run.trainer.state()).toMatchObject({ epoch: 0, step: 0 });
        expect(bits(run).split(',').slice(1)).toEqual(before);
      },
    });
    expect(bits(run).split(',').slice(1)).not.toEqual(before);
  });
});

describe('divergence', () => {
  it('ends with an error that says where and what to try, and takes the epoch back', async () => {
    const run = start({ lr: 1e6 });
    const before = bits(run);
    await expect(drain(run.trainer)).rejects.toThrow(
      failure(
        'ERR_ROWNET_DIVERGED',
        /^Trainer\.fit: expected a finite loss in epoch 1, step [23] of 3, but received (NaN|Infinity) \(learning rate .*\)\. Hint: lower the learning rate/,
      ),
    );
    expect(bits(run)).toBe(before);
  });

  it('is seen in the parameters when the last step caused it', async () => {
    const run = start({ recipe: { ...recipes.article, batchSize: 70 }, lr: 1e38 });
    const before = bits(run);
    await expect(drain(run.trainer)).rejects.toThrow(
      failure(
        'ERR_ROWNET_DIVERGED',
        /finite parameters after the last step of epoch 1, but received -?(Inf|NaN)/,
      ),
    );
    expect(bits(run)).toBe(before);
  });

  it('is seen in the validation loss', async () => {
    const run = start({ recipe: { ...recipes.article, batchSize: 70 }, lr: 1e20 });
    const before = bits(run);
    await expect(drain(run.trainer, { validation: data })).rejects.toThrow(
      failure('ERR_ROWNET_DIVERGED', /finite validation loss after epoch 1, but received (Inf|NaN)/),
    );
    expect(bits(run)).toBe(before);
  });
});
