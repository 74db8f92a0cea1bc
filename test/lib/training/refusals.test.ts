import { describe, expect, it } from 'vitest';
import type { PictureSet } from '../../../lib/data/datasets.js';
import type { FitOptions } from '../../../lib/training/fit-options.js';
import { Trainer } from '../../../lib/training/trainer.js';
import type { TrainerOptions } from '../../../lib/training/trainer-options.js';
import { bits, data, drain, failure, start } from './runs.js';
import { bars, xorshift32 } from './trace.js';

describe('what cannot be trained', () => {
  it.each<[string, TrainerOptions, RegExp]>([
    ['lr NaN', { lr: Number.NaN }, /lr: expected a finite number above 0.*NaN/],
    ['lr negative', { lr: -0.1 }, /lr: expected a finite number above 0.*-0\.1/],
    ['lr infinite', { lr: Number.POSITIVE_INFINITY }, /lr: expected a finite number above 0.*Infinity/],
    ['batch size 0', { batchSize: 0 }, /batchSize: expected an integer from 1/],
    ['seed -1', { seed: -1 }, /seed: expected an integer from 0 to 2\^53 - 1 but received -1/],
    ['seed 0.5', { seed: 0.5 }, /seed: expected an integer from 0/],
    ['an unknown engine', { engine: 'gpu' as 'auto' }, /'auto', 'lanes' or 'rows' but received "gpu"/],
    ['an unknown recipe', { recipe: 'quick' as 'fast' }, /'fast' or 'article' but received "quick"/],
  ])('%s is refused', (_, options, message) => {
    expect(() => start(options)).toThrow(failure('ERR_ROWNET_RANGE', message));
  });

  const empty = { ...data, images: new Uint8Array(0), labels: new Uint8Array(0), count: 0 };
  const tiny: PictureSet = { ...data, images: new Uint8Array(70 * 784), shape: [1, 28, 28] };
  it.each<[string, PictureSet, FitOptions, string, RegExp]>([
    ['no epochs', data, { epochs: 0 }, 'RANGE', /epochs: expected an integer from 1 but received 0/],
    [
      'a batch above the data',
      bars(xorshift32(1), 20),
      {},
      'RANGE',
      /at most 20.*received 32.*batchSize: 20/,
    ],
    ['no images', empty, {}, 'RANGE', /Trainer.fit: expected count to be .* from 1 .* received 0/],
    ['images of another shape', tiny, {}, 'SHAPE', /1x32x32.*1x28x28/],
    ['validation of another shape', data, { validation: tiny }, 'SHAPE', /validation.*1x32x32.*1x28x28/],
    ['validation without images', data, { validation: empty }, 'RANGE', /validation: expected at least one/],
    [
      'labels of the validation above the classes',
      data,
      { validation: { ...data, labels: data.labels.map(() => 10) } },
      'RANGE',
      /Trainer.fit: validation: expected labels from 0 to 9/,
    ],
    [
      'labels of the validation that are missing',
      data,
      { validation: { ...data, labels: data.labels.subarray(1) } },
      'SHAPE',
      /Trainer.fit: validation: .* but received \d+ and 69/,
    ],
    [
      'no data',
      null as unknown as PictureSet,
      {},
      'TYPE',
      /Trainer.fit: expected a data set .* but received null/,
    ],
    ['epochs in place of options', data, 3 as FitOptions, 'TYPE', /an options object such as { epochs: 3 }/],
    [
      'a controller in place of its signal',
      data,
      { signal: new AbortController() as unknown as AbortSignal },
      'TYPE',
      /expected signal to be an AbortSignal but received AbortController. Hint: .* controller.signal/,
    ],
    [
      'no function to call after each step',
      data,
      { onProgress: true as never },
      'TYPE',
      /expected onProgress to be a function but received boolean/,
    ],
    ['labels above the classes', { ...data, labels: data.labels.map(() => 10) }, {}, 'RANGE', /from 0 to 9/],
  ])('%s is refused before the first step', async (_, train, options, code, message) => {
    const run = start();
    const before = bits(run);
    await expect(drain(run.trainer, options, train)).rejects.toThrow(failure(`ERR_ROWNET_${code}`, message));
    expect(bits(run)).toBe(before);
    expect(await drain(run.trainer, { epochs: 1 })).toHaveLength(1);
  });

  it('epochs that are complete are refused', async () => {
    const { trainer } = start();
    await drain(trainer, { epochs: 2 });
    await expect(drain(trainer, { epochs: 2 })).rejects.toThrow(
      failure('ERR_ROWNET_RANGE', /more than the 2 that are complete but received 2/),
    );
    expect((await drain(trainer, { epochs: 3 })).map(({ epoch }) => epoch)).toEqual([3]);
  });

  it('a second fit at the same time is refused, until the first has ended', async () => {
    const { trainer } = start();
    const first = trainer.fit(data);
    await first.next();
    await expect(trainer.fit(data).next()).rejects.toThrow(failure('ERR_ROWNET_STATE', /no other fit.*Hint/));
    await first.return();
    expect(await drain(trainer, { epochs: 2 })).toHaveLength(1);
  });

  it('a loaded checkpoint with what was left out of it is a state too', () => {
    const { net, trainer } = start({ recipe: 'article' });
    const leftOut = new Map([['steps', 'I64']]);
    expect(() => new Trainer(net, { resume: { ...trainer.state(), leftOut } as never })).not.toThrow();
  });
});
