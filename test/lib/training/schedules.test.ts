import { describe, expect, it } from 'vitest';
import { recipes } from '../../../lib/training/recipes.js';
import { learningRate } from '../../../lib/training/schedule.js';
import { followsLength, type Schedule } from '../../../lib/training/schedules.js';
import type { Trainer } from '../../../lib/training/trainer.js';
import { bits, drain, failure, small, start } from './runs.js';

const recipe = { ...recipes.fast, epochs: 5, warmup: 0, optimizer: { lr: 0.5 } };

/** The rates of a run of 5 epochs of 4 steps. */
const ratesOf = (schedule: Schedule, warmup = 0) =>
  Array.from({ length: 20 }, (_, step) => learningRate({ ...recipe, schedule, warmup }, step, 20));

describe('a schedule as data', () => {
  it('multiplies the rate after every so many epochs', () => {
    const repeated = (rates: number[]) => rates.flatMap((rate) => [rate, rate, rate, rate]);
    expect(ratesOf({ kind: 'step', every: 2, factor: 0.5 })).toEqual(repeated([0.5, 0.5, 0.25, 0.25, 0.125]));
    expect(ratesOf({ kind: 'step', every: 1, factor: 2 })).toEqual(repeated([0.5, 1, 2, 4, 8]));
    const tenth = ratesOf({ kind: 'step', every: 4 });
    expect([tenth[15], tenth[16]]).toEqual([0.5, 0.05]);
  });

  it('falls by half a cosine to min, which the step behind the last would have', () => {
    for (const [step, rate] of ratesOf({ kind: 'cosine', min: 0.1 }).entries()) {
      expect(rate).toBeCloseTo(0.1 + 0.2 * (1 + Math.cos((Math.PI * step) / 20)), 14);
    }
    expect(ratesOf({ kind: 'cosine' })).toEqual(ratesOf({ kind: 'oneCycle' }));
    expect(ratesOf({ kind: 'cosine' })[0]).toBe(0.5);
  });

  it('is to the bits what the texts are', () => {
    for (const warmup of [0, 0.3, 1]) {
      for (let step = 0; step < 20; step += 1) {
        const text = learningRate({ ...recipe, schedule: 'oneCycle', warmup }, step, 20);
        expect(learningRate({ ...recipe, schedule: { kind: 'oneCycle', warmup } }, step, 20)).toBe(text);
        expect(learningRate({ ...recipe, schedule: { kind: 'oneCycle' }, warmup }, step, 20)).toBe(text);
      }
    }
    // A text has no warm-up, whatever the recipe says; the kind takes it.
    expect(learningRate({ ...recipe, schedule: 'constant', warmup: 0.5 }, 0, 20)).toBe(0.5);
    expect(learningRate({ ...recipe, schedule: { kind: 'constant' }, warmup: 0.5 }, 0, 20)).toBe(0.05);
  });

  it.each<Schedule>([
    { kind: 'constant' },
    { kind: 'step', every: 3 },
    { kind: 'cosine', min: 0.1 },
    { kind: 'oneCycle' },
  ])('has a warm-up in front: %j', (schedule) => {
    const rates = ratesOf({ ...schedule, warmup: 0.2 }, 0.9);
    for (const step of [0, 1, 2, 3]) expect(rates[step]).toBeCloseTo(0.5 * ((step + 1) / 4), 15);
    expect(rates[4]).toBe(0.5);
    expect(ratesOf(schedule, 0.2)).toEqual(rates);
    // Epochs of the warm-up count: the third ends with step 12.
    if (schedule.kind === 'step') expect([rates[11], rates[12]]).toEqual([0.5, 0.05]);
  });

  it('knows whether its rates follow from the length of the run', () => {
    expect(followsLength('constant', 0.3)).toBe(false);
    expect(followsLength({ kind: 'step', every: 2 }, 0)).toBe(false);
    expect(followsLength({ kind: 'step', every: 2 }, 0.3)).toBe(true);
    expect(followsLength({ kind: 'step', every: 2, warmup: 0 }, 0.3)).toBe(false);
    for (const schedule of ['oneCycle', 'function', { kind: 'cosine' }] as const)
      expect(followsLength(schedule, 0)).toBe(true);
  });

  const wrong = (schedule: object) => () => start({ recipe: { ...small, schedule: schedule as Schedule } });
  it.each<[string, object, string, RegExp]>([
    ['no kind', {}, 'RANGE', /recipe: schedule: expected kind 'constant' or 'step' or .* received undefined/],
    ['another kind', { kind: 'poly' }, 'RANGE', /expected kind 'constant' or .* received "poly"/],
    ['an inherited kind', { kind: 'toString' }, 'RANGE', /received "toString"/],
    ['step without every', { kind: 'step' }, 'TYPE', /recipe: schedule: expected every to be/],
    ['every 0', { kind: 'step', every: 0 }, 'RANGE', /expected every to be .* received 0/],
    ['factor 0', { kind: 'step', every: 1, factor: 0 }, 'RANGE', /expected factor above 0 but received 0/],
    ['factor NaN', { kind: 'step', every: 1, factor: Number.NaN }, 'RANGE', /factor .* received NaN/],
    [
      "PyTorch's names",
      { kind: 'step', every: 1, gamma: 0.5 },
      'TYPE',
      /"gamma"\. Hint: did you mean factor\?/,
    ],
    [
      'a minimum above the rate',
      { kind: 'cosine', min: 0.06 },
      'RANGE',
      /min at most 0\.05, .* received 0\.06/,
    ],
    ['a negative minimum', { kind: 'cosine', min: -1 }, 'RANGE', /expected min to be a number of at least 0/],
    [
      'what another kind has',
      { kind: 'cosine', every: 2 },
      'TYPE',
      /options kind, min or warmup but .* "every"/,
    ],
    [
      'a warm-up of 2',
      { kind: 'cosine', warmup: 2 },
      'RANGE',
      /expected warmup as a share from 0 to 1 but received 2/,
    ],
    ['a list', ['cosine'], 'RANGE', /expected kind .* received undefined/],
    ['a function', () => 0.1, 'TYPE', /received a function\. Hint: new Trainer\(net, \{ schedule: /],
  ])('refuses %s', (_, schedule, code, message) => {
    expect(wrong(schedule)).toThrow(failure(`ERR_ROWNET_${code}`, message));
  });
});

describe('a function as schedule', () => {
  it('gives the rate of every step, and is needed again by a resume', async () => {
    const calls: number[][] = [];
    const schedule = (step: number, steps: number) => {
      calls.push([step, steps]);
      return 0.05 / (1 + step);
    };
    const straight = start({ schedule });
    const records = await drain(straight.trainer);
    expect(new Set(calls.map(String))).toEqual(
      new Set(Array.from({ length: 12 }, (_, step) => `${step},12`)),
    );
    expect(records.map(({ lr }) => lr)).toEqual([2, 5, 8, 11].map((step) => 0.05 / (1 + step)));
    expect(straight.trainer.recipe.schedule).toBe('function');

    const first = start({ schedule });
    await stopAfter(first.trainer, 5);
    const resume = JSON.parse(JSON.stringify(first.trainer.state()));
    const { optimizerState } = first.trainer.state();
    const again = (options: object) => {
      const second = start({ resume: { ...resume, optimizerState }, recipe: resume.recipe, ...options });
      second.net.setParams(first.net.getParams());
      return second;
    };
    expect(() => again({})).toThrow(
      failure(
        'ERR_ROWNET_TYPE',
        /^Trainer: schedule: expected the function that the run was started with, .* Hint: /,
      ),
    );
    const second = again({ schedule });
    await drain(second.trainer);
    expect(bits(second)).toBe(bits(straight));
  });

  it('is to the bits a schedule as data that gives the same rates', async () => {
    const data = start({ recipe: { ...small, schedule: 'constant' } });
    await drain(data.trainer);
    const own = start({ schedule: () => 0.05 });
    await drain(own.trainer);
    expect(bits(own)).toBe(bits(data));
  });

  it.each<[unknown, string, string]>([
    [Number.NaN, 'RANGE', 'but received NaN'],
    [-0.1, 'RANGE', 'but received -0.1'],
    [1e39, 'RANGE', 'but received 1e+39'],
    ['0.1', 'TYPE', 'but received string'],
    [undefined, 'TYPE', 'but received undefined'],
  ])('refuses %s, naming the step', async (value, code, message) => {
    const schedule = (step: number) => (step === 4 ? (value as number) : 0.05);
    const run = start({ schedule });
    await expect(drain(run.trainer)).rejects.toThrow(
      failure(
        `ERR_ROWNET_${code}`,
        new RegExp(
          `^Trainer: schedule: expected a finite number from 0 of step 4 of 12 ${message.replace('+', '\\+')}`,
        ),
      ),
    );
    // It stands after the last step, as after any exception.
    expect(run.trainer.state().step).toBe(4);
  });

  it('is refused beside a rate, and as anything else', () => {
    expect(() => start({ schedule: () => 0.1, lr: 0.1 })).toThrow(
      failure('ERR_ROWNET_TYPE', /expected lr or a function as schedule, .* received both/),
    );
    expect(() => start({ schedule: { kind: 'cosine' } as never })).toThrow(
      failure(
        'ERR_ROWNET_TYPE',
        /expected a function \(step, steps\) => lr but received .* belongs to the recipe/,
      ),
    );
    const functional = { ...small, schedule: 'function' } as const;
    expect(() => start({ recipe: functional })).toThrow(failure('ERR_ROWNET_TYPE', /which no file holds/));
    expect(() => learningRate(functional, 0, 1)).toThrow(
      failure('ERR_ROWNET_STATE', /as data but received 'function'/),
    );
  });
});

async function stopAfter(trainer: Trainer, step: number): Promise<void> {
  const controller = new AbortController();
  const onProgress = () => trainer.state().step === step && controller.abort();
  await drain(trainer, { signal: controller.signal, onProgress });
}
