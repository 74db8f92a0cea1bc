/** The best epoch of a training, and its end for want of better ones. */
import { describe, expect, it } from 'vitest';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { type BestMeasure, betterValue } from '../../../lib/training/best.js';
import type { EpochRecord } from '../../../lib/training/epoch-record.js';
import { Trainer } from '../../../lib/training/trainer.js';
import type { TrainerOptions } from '../../../lib/training/trainer-options.js';
import { bits, data, drain, failure, small, start, trainedBits } from './runs.js';
import { bars, xorshift32 } from './trace.js';

const validation = bars(xorshift32(11), 40);
/** Rates at which the loss goes up and down. */
const restless = {
  ...small,
  epochs: 6,
  schedule: 'constant',
  optimizer: { lr: 0.2, momentum: 0.9 },
} as const;

describe('keepBest', () => {
  it.each<BestMeasure>(['testAccuracy', 'testLoss', 'loss'])(
    '%s: of the first epoch with the best figure',
    async (keepBest) => {
      const run = start({ recipe: restless, keepBest });
      const params: Float32Array[] = [];
      const records: EpochRecord[] = [];
      for await (const record of run.trainer.fit(data, { validation })) {
        records.push(record);
        params.push(run.net.arena.slice());
      }
      const figures = records.map((record) => record[keepBest] as number);
      const best = keepBest === 'testAccuracy' ? Math.max(...figures) : Math.min(...figures);
      const at = figures.indexOf(best);
      expect(run.trainer.best).toMatchObject({
        measure: keepBest,
        epoch: at + 1,
        step: 3 * (at + 1),
        value: best,
      });
      run.trainer.restoreBest();
      expect(run.net.arena).toEqual(params[at]);
    },
  );

  it.each<[BestMeasure, number, number]>([
    ['testAccuracy', 0.5, 0.4],
    ['testLoss', 2, 3],
    ['loss', 2, 3],
  ])('%s: neither equal nor worse figures take the place of the best', (measure, value, worse) => {
    const best = { measure, epoch: 1, step: 3, value, params: new Map() };
    const record = (figure: number) => ({ [measure]: figure }) as unknown as EpochRecord;
    for (const figure of [value, worse]) expect(betterValue(measure, record(figure), best)).toBeUndefined();
    expect(betterValue(measure, record(2 * value - worse), best)).toBe(2 * value - worse);
  });

  it('changes no bit of the training', async () => {
    const [plain, kept] = [start(), start({ keepBest: 'loss' })];
    await drain(plain.trainer);
    await drain(kept.trainer);
    expect(trainedBits(kept)).toBe(trainedBits(plain));
  });

  it('has none before the first epoch, nor without the option', async () => {
    const none = failure(
      'ERR_ROWNET_STATE',
      /^Trainer\.restoreBest: expected a best epoch but there is none yet\. Hint: /,
    );
    const run = start({ keepBest: 'loss' });
    expect(run.trainer.best).toBeUndefined();
    expect(() => run.trainer.restoreBest()).toThrow(none);
    const plain = start();
    await drain(plain.trainer, { epochs: 1 });
    expect(() => plain.trainer.restoreBest()).toThrow(none);
    for await (const _ of run.trainer.fit(data)) {
      expect(() => run.trainer.restoreBest()).toThrow(
        failure('ERR_ROWNET_STATE', /no fit of this trainer under way/),
      );
      break;
    }
    run.trainer.restoreBest();
  });

  it('wants a validation set for its figures', async () => {
    for (const keepBest of ['testAccuracy', 'testLoss'] as const) {
      await expect(drain(start({ keepBest }).trainer)).rejects.toThrow(
        failure(
          'ERR_ROWNET_TYPE',
          /^Trainer\.fit: expected a validation set, which keepBest '.*' is a figure of/,
        ),
      );
    }
  });

  it('forgets the best by another figure', async () => {
    const first = start({ keepBest: 'loss' });
    await drain(first.trainer, { epochs: 2 });
    const resume = first.trainer.state();
    expect(new Trainer(first.net, { resume }).best).toEqual(first.trainer.best);
    expect(new Trainer(first.net, { resume, keepBest: 'testLoss' }).best).toBeUndefined();
    expect(new Trainer(first.net, { resume: { ...resume, settings: {} } }).best).toBeUndefined();
  });
});

describe('patience', () => {
  /** The first epoch that is followed by so many that are no better. */
  const stopOf = (figures: readonly number[], patience: number) => {
    let best = 0;
    for (const [epoch, figure] of figures.entries()) {
      if (figure < figures[best]) best = epoch;
      else if (epoch - best === patience) return { best: best + 1, end: epoch + 1 };
    }
    return undefined;
  };
  const recipe = { ...restless, epochs: 12 };

  it('stops after so many epochs without a better figure, and says why', async () => {
    const all = await drain(start({ recipe }).trainer, { validation });
    const losses = all.map(({ testLoss }) => testLoss as number);
    const expected = stopOf(losses, 2);
    if (expected === undefined) throw new Error(`no two epochs without a better one: ${losses}`);
    expect(expected.end).toBeLessThan(12);
    const run = start({ recipe, keepBest: 'testLoss', patience: 2 });
    const records = await drain(run.trainer, { validation });
    expect(records).toHaveLength(expected.end);
    const why = new RegExp(
      `^testLoss has not improved for 2 epochs: the best is [\\d.e-]+, after epoch ${expected.best}$`,
    );
    expect(records.map(({ earlyStop }) => earlyStop)).toEqual([
      ...Array(expected.end - 1).fill(undefined),
      expect.stringMatching(why),
    ]);
    expect(run.trainer.earlyStop).toMatch(why);
    expect(run.trainer.best?.epoch).toBe(expected.best);
    // It is over, for a resume too; more patience goes on, to the bits of a training that always had it.
    await expect(drain(run.trainer, { validation })).rejects.toThrow(
      failure(
        'ERR_ROWNET_RANGE',
        /a training that goes on but it has stopped early: testLoss .* Hint: new Trainer/,
      ),
    );
    const resume = run.trainer.state();
    await expect(drain(new Trainer(run.net, { resume }), { validation })).rejects.toThrow(/stopped early/);
    const patient = { net: run.net, trainer: new Trainer(run.net, { resume, patience: 20 }) };
    await drain(patient.trainer, { validation });
    const straight = start({ recipe, keepBest: 'testLoss', patience: 20 });
    await drain(straight.trainer, { validation });
    expect(bits(patient)).toBe(bits(straight));
    expect(patient.trainer.best).toEqual(straight.trainer.best);
  });

  it('counts on after a resume', async () => {
    const options: TrainerOptions = { recipe, keepBest: 'testLoss', patience: 3 };
    const straight = start(options);
    const records = await drain(straight.trainer, { validation });
    expect(records.length).toBeLessThan(12);
    for (let stop = 1; stop < records.length; stop += 1) {
      const first = start(options);
      await drain(first.trainer, { validation, epochs: stop });
      const net = new LeNet5({ init: 'zeros' });
      net.setParams(first.net.getParams());
      const second = { net, trainer: new Trainer(net, { resume: { ...first.trainer.state(), recipe } }) };
      const rest = await drain(second.trainer, { validation });
      expect(rest).toHaveLength(records.length - stop);
      expect(rest.at(-1)?.earlyStop).toBe(records.at(-1)?.earlyStop);
      expect(bits(second)).toBe(bits(straight));
    }
  });

  it.each<[object, string, RegExp]>([
    [
      { patience: 3 },
      'TYPE',
      /^Trainer: expected keepBest beside patience, .* Hint: \{ keepBest: 'testLoss', patience: 3 \}/,
    ],
    [{ keepBest: 'loss', patience: 0 }, 'RANGE', /patience .* received 0/],
    [{ keepBest: 'loss', patience: 1.5 }, 'RANGE', /patience .* received 1\.5/],
    [
      { keepBest: 'accuracy' },
      'RANGE',
      /^Trainer: keepBest: expected 'testAccuracy' or 'testLoss' or 'loss' but received "accuracy"/,
    ],
    [{ saveBest: 'loss' }, 'TYPE', /did you mean keepBest\?/],
  ])('refuses %j', (options, code, message) => {
    expect(() => start(options)).toThrow(failure(`ERR_ROWNET_${code}`, message));
  });
});
