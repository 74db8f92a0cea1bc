import { describe, expect, it, vi } from 'vitest';
import { LanesEngine } from '../../../lib/engines/lanes/engine.js';
import type { PartialEpoch } from '../../../lib/formats/checkpoint.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Tensor } from '../../../lib/tensor.js';
import type { EpochRecord } from '../../../lib/training/epoch-record.js';
import { type Recipe, recipes } from '../../../lib/training/recipes.js';
import type { TrainingState } from '../../../lib/training/state.js';
import { Trainer } from '../../../lib/training/trainer.js';
import type { TrainerOptions } from '../../../lib/training/trainer-options.js';
import { bits, data, drain, failure, small, start } from './runs.js';

const adam: Recipe = { ...small, optimizer: { kind: 'adam', lr: 2e-3, betas: [0.8, 0.99] } };

describe('resuming', () => {
  const article: Recipe = { ...recipes.article, batchSize: 32, epochs: 4 };
  it.each<['lanes' | 'rows', string, Recipe]>([
    ['lanes', 'fast', small],
    ['lanes', 'article', article],
    ['rows', 'fast', small],
    ['rows', 'article', article],
    ['lanes', 'fast with Adam', adam],
    ['rows', 'fast with Adam', adam],
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

  it.each<['lanes' | 'rows', string, Recipe]>([
    ['lanes', 'fast', small],
    ['rows', 'fast', small],
    ['lanes', 'article', article],
    ['lanes', 'fast with Adam', adam],
  ])(
    'goes on to the same bits and metrics on %s after any step of the %s recipe',
    async (engine, _, recipe) => {
      const straight = start({ recipe, engine });
      const kept = ({ seconds: _, imagesPerSecond: __, ...rest }: EpochRecord) => rest;
      const records = (await drain(straight.trainer, { validation: data })).map(kept);
      const { step: steps } = straight.trainer.state();
      let stops = 0;
      for (let stop = 1; stop <= steps; stop += 1) {
        const first = start({ recipe, engine });
        let taken: { resume: TrainingState; params: Map<string, Tensor> } | undefined;
        await drain(first.trainer, {
          onProgress() {
            const resume = first.trainer.state();
            if (resume.step === stop) taken = { resume, params: first.net.getParams() };
          },
        });
        if (taken === undefined) throw new Error(`step ${stop} has not come`);
        const { resume, params } = taken;
        // The state in a callback is that of an epoch under way, its last step included.
        expect(resume.partialEpoch?.steps).toBe(stop - (resume.epoch * steps) / 4);
        const net = new LeNet5({ init: 'zeros' });
        net.setParams(params);
        const second = { net, trainer: new Trainer(net, { resume, engine }) };
        const rest = await drain(second.trainer, { validation: data });
        expect(rest.map(kept)).toEqual(records.slice(resume.epoch));
        // Equal where only the evaluation was left.
        expect(rest[0].seconds).toBeGreaterThanOrEqual(resume.partialEpoch?.seconds ?? Number.NaN);
        expect(bits(second)).toBe(bits(straight));
        stops += 1;
      }
      expect(stops).toBe(recipe.dropLast ? 8 : 12);
    },
  );

  it('refuses a partial epoch that does not fit', async () => {
    const first = start();
    const controller = new AbortController();
    await drain(first.trainer, { signal: controller.signal, onProgress: () => controller.abort() });
    const resume = first.trainer.state();
    const partialEpoch = resume.partialEpoch as PartialEpoch;
    const wrong = (part: object) => () =>
      new Trainer(new LeNet5(), { resume: { ...resume, partialEpoch: { ...partialEpoch, ...part } } });
    expect(wrong({ steps: 2 })).toThrow(failure('ERR_ROWNET_RANGE', /at most the 1 steps .* received 2/));
    expect(wrong({ images: 0.5 })).toThrow(failure('ERR_ROWNET_RANGE', /images to be an integer from 0/));
    expect(wrong({ loss: Number.NaN })).toThrow(failure('ERR_ROWNET_RANGE', /loss to be a finite number/));
    await expect(drain(wrong({ images: 31 })())).rejects.toThrow(
      failure(
        'ERR_ROWNET_RANGE',
        /0 steps in 0 epochs and 31 images in 1 steps\) but received 70 images in 3/,
      ),
    );
  });

  it('depends on the state of the optimizer and on the seed', async () => {
    const straight = start();
    await drain(straight.trainer);
    const first = start();
    for await (const { epoch } of first.trainer.fit(data)) if (epoch === 2) break;
    const state = first.trainer.state();
    const still = new Map([...state.optimizerState].map(([name, { shape }]) => [name, new Tensor(shape)]));
    for (const resume of [
      { ...state, optimizerState: still },
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
      resume: { epoch: 0, step: 0, optimizerState: new Map(), seed: 9, recipe: small },
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
    expect(wrong({ optimizerState: new Map() })).toThrow(failure('ERR_ROWNET_SHAPE', /conv1\.weight/));
    expect(wrong({}, { recipe: adam })).toThrow(
      failure(
        'ERR_ROWNET_SHAPE',
        /adam: .*firstMoment\.conv1\.weight is missing.*velocity\.conv1\.weight is not/,
      ),
    );
    const other = new Trainer(new LeNet5(), { resume: { ...resume, step: 4 } });
    await expect(drain(other)).rejects.toThrow(
      failure('ERR_ROWNET_RANGE', /4 steps in 1 epochs.*70 images in 3 steps/),
    );
  });
});

describe('an epoch that ends early', () => {
  it('is marked, stands after its last step, and is trained to the same bits by the next fit', async () => {
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
    expect(run.trainer.state()).toMatchObject({ epoch: 1, step: 5, partialEpoch: { steps: 2, images: 64 } });
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

  it('stands after its last step when onProgress throws, too', async () => {
    const straight = start();
    await drain(straight.trainer);
    const run = start();
    let broken = true;
    const onProgress = ({ step }: { step: number }) => {
      if (step === 2 && broken) throw new Error('the display broke');
    };
    await expect(drain(run.trainer, { onProgress })).rejects.toThrow('the display broke');
    expect(run.trainer.state()).toMatchObject({ epoch: 0, step: 2, partialEpoch: { steps: 2 } });
    broken = false;
    expect(await drain(run.trainer, { onProgress })).toHaveLength(4);
    expect(bits(run)).toBe(bits(straight));
  });
});

describe('divergence', () => {
  const original = LanesEngine.prototype.trainStep;

  it('ends with an error that says where and what to try, and takes the epoch back', async () => {
    const run = start({ lr: 1e6 });
    const before = bits(run);
    await expect(drain(run.trainer)).rejects.toThrow(
      failure(
        'ERR_ROWNET_DIVERGED',
        /^Trainer\.fit: expected a finite loss in epoch 1, step [23] of 3, but received (NaN|Infinity) \(learning rate .*\); first not finite: the (parameter|output of) \w+.*\. Hint: lower the learning rate/,
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
        /finite conv1\.weight after step 1 of epoch 1, but received -?(Inf|NaN).*the parameter conv1\.weight, through/,
      ),
    );
    expect(bits(run)).toBe(before);
  });

  it('is seen in the validation loss', async () => {
    const run = start({ recipe: { ...recipes.article, batchSize: 70 }, lr: 1e20 });
    const before = bits(run);
    await expect(drain(run.trainer, { validation: data })).rejects.toThrow(
      failure(
        'ERR_ROWNET_DIVERGED',
        /finite validation loss after epoch 1, but received (Inf|NaN).*first not finite: the output of \w+/,
      ),
    );
    expect(bits(run)).toBe(before);
  });

  it('names the first layer whose output is not finite, at the step that the pass is repeated to', async () => {
    const run = start();
    for await (const _ of run.trainer.fit(data)) break;
    const before = bits(run);
    // As a broken kernel would do it: the second step of the epoch leaves a weight that overflows in the third.
    const step = vi.spyOn(LanesEngine.prototype, 'trainStep');
    let steps = 0;
    step.mockImplementation(function (this: LanesEngine, ...args) {
      const result = original.apply(this, args);
      steps += 1;
      if (run.trainer.state().partialEpoch?.steps === 1 || steps === 5) {
        run.net
          .parameters()
          .find(({ name }) => name === 'conv2.weight')
          ?.value.data.fill(3e38);
      }
      return result;
    });
    await expect(drain(run.trainer)).rejects.toThrow(
      failure(
        'ERR_ROWNET_DIVERGED',
        /epoch 2, step 3 of 3, .*; first not finite: the output of conv2, Conv2d\(6 -> 16, kernel 5x5\), for image \d+\. Hint/,
      ),
    );
    step.mockRestore();
    expect(steps).toBe(5);
    expect(bits(run)).toBe(before);
    // The trainer is as good as new.
    const straight = start();
    await drain(straight.trainer);
    await drain(run.trainer);
    expect(bits(run)).toBe(bits(straight));
  });
});
