/** What a recipe leaves to the data gets its numbers when a run starts, and keeps them. */
import { describe, expect, it } from 'vitest';
import {
  mnistNormalization,
  pixelStatistics,
  type UniformNormalization,
} from '../../../lib/data/normalize.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import { type Recipe, recipes } from '../../../lib/training/recipes.js';
import { recipeForRun, recipeOf } from '../../../lib/training/run-recipe.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { randomImages } from '../../support/random-data.js';
import { data, drain, failure } from './runs.js';

const { fast, article } = recipes;
/** The rule sees how many images there are, and their pixels alone. */
const images = (count: number) => ({ count, images: Uint8Array.of(0, 255) });
const settled = (recipe: Recipe, count: number) => {
  const { batchSize, optimizer } = recipeForRun(recipe, images(count));
  return [batchSize, optimizer.lr];
};
const withRate = (recipe: Recipe, lr: number): Recipe => ({
  ...recipe,
  optimizer: { ...recipe.optimizer, lr },
});

describe('recipeForRun', () => {
  it('takes smaller batches where a run would have fewer than 500 steps, 16 at the least', () => {
    const batches = [60_000, 10_700, 10_600, 5_400, 5_300, 1000, 40].map((count) => settled(fast, count)[0]);
    expect(batches).toEqual([64, 64, 32, 32, 16, 16, 16]);
    expect(settled({ ...fast, epochs: 60 }, 1000)[0]).toBe(64);
  });

  it('takes no larger a batch than there are images', () => {
    expect(settled(fast, 5)[0]).toBe(5);
    expect(settled(fast, 1)[0]).toBe(1);
    expect(settled({ ...fast, dropLast: true }, 7)[0]).toBe(7);
  });

  it('never raises the rate, and lowers it for small batches and for short runs', () => {
    expect(settled(fast, 60_000)).toEqual([64, 0.1]);
    expect(settled({ ...fast, epochs: 20 }, 60_000)).toEqual([64, 0.1]);
    expect(settled({ ...fast, batchSize: 256, epochs: 40 }, 60_000)).toEqual([256, 0.1]);
    // As the batch, where there are steps enough.
    const large = (batchSize: number) => settled({ ...fast, batchSize }, 60_000)[1];
    expect([32, 16, 1].map(large)).toEqual([0.05, 0.025, 0.00156]);
    // As the root of the number of steps: 48, 141 and 471 of 2814.
    const short = (count: number) => settled({ ...fast, batchSize: 64 }, count)[1];
    expect([1000, 3000, 10_000].map(short)).toEqual([0.0131, 0.0224, 0.0409]);
    // Whichever is lower.
    expect(settled({ ...fast, batchSize: 8 }, 3000)).toEqual([8, 0.0125]);
  });

  it('counts the steps that a run has, without the last ones that it drops', () => {
    expect(settled({ ...fast, batchSize: 64, epochs: 1, dropLast: true }, 127)[1]).toBe(0.00189);
    expect(settled({ ...fast, batchSize: 64, epochs: 1 }, 127)[1]).toBe(0.00267);
  });

  it('leaves every number as it is', () => {
    expect(recipeForRun(article, images(100))).toEqual(article);
    expect(settled(withRate(fast, 0.3), 1000)).toEqual([16, 0.3]);
    expect(settled(withRate({ ...fast, batchSize: 4 }, 0.3), 1000)).toEqual([4, 0.3]);
    const normalization = { scale: 2, shift: 1 };
    expect(recipeForRun({ ...fast, normalization }, images(9)).normalization).toEqual(normalization);
  });

  it('refuses what is no data set', () => {
    expect(() => recipeForRun(fast, undefined as never)).toThrow(failure('ERR_ROWNET_TYPE', /a data set/));
    expect(() => recipeForRun(fast, images(0))).toThrow(failure('ERR_ROWNET_RANGE', /count .* received 0/));
  });
});

describe('a recipe of rownet 0.1.0, as its checkpoints hold it', () => {
  const stored: Recipe = {
    ...fast,
    batchSize: 64,
    normalization: { scale: 0.014249886000911993, shift: -0.36337209302325585 },
    optimizer: { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 2e-3 },
  };

  it('is run as it is, however short the run', () => {
    expect(recipeForRun(stored, images(1000))).toEqual(stored);
    expect(recipeOf({ config: { recipe: stored } })).toEqual(stored);
    expect(mnistNormalization).toEqual(stored.normalization);
  });

  it('is continued', async () => {
    const net = new LeNet5({ seed: 1 });
    const resume = {
      epoch: 0,
      step: 0,
      optimizerState: new Map(),
      seed: 1,
      recipe: { ...stored, epochs: 1 },
    };
    const trainer = new Trainer(net, { resume });
    expect(trainer.normalization).toEqual(stored.normalization);
    await drain(trainer);
    expect(trainer.recipe).toEqual({ ...stored, epochs: 1 });
  });
});

describe('recipeOf', () => {
  const run = recipeForRun(fast, images(1000));

  it('is the recipe of a run', () => {
    expect(recipeOf({ config: { recipe: run } })).toEqual(run);
  });

  it.each<[string, unknown, RegExp]>([
    ['parameters alone', {}, /a checkpoint that holds the recipe of a run but recipe: expected .* undefined/],
    ['a recipe that is none', { recipe: { ...run, epochs: 0 } }, /but recipe: epochs: expected/],
    ['a recipe that is not settled', { recipe: fast }, /one of a run that has not begun/],
  ])('refuses %s', (_, config, message) => {
    expect(() => recipeOf({ config: config as object })).toThrow(failure('ERR_ROWNET_DATA', message));
  });
});

describe('a trainer with a recipe that is left to the data', () => {
  const make = (recipe: Recipe = fast) => {
    const net = new LeNet5({ seed: 1 });
    return { net, trainer: new Trainer(net, { recipe, seed: 1 }) };
  };

  it('measures its training images, and keeps what it found', async () => {
    const { trainer } = make();
    expect(trainer.recipe).toEqual(fast);
    await drain(trainer, { epochs: 2 });
    const { mean, deviation } = pixelStatistics(data.images);
    const { scale, shift } = trainer.normalization as UniformNormalization;
    expect(mean * 255 * scale + shift).toBeCloseTo(0, 3);
    expect(deviation * 255 * scale).toBeCloseTo(1, 3);
    const expected = recipeForRun({ ...fast, epochs: 2 }, data);
    expect(trainer.recipe).toEqual(expected);
    expect(trainer.state().recipe).toEqual(expected);
    // More epochs, other images: the run goes on as it began.
    const inverted = { ...data, images: data.images.map((pixel) => 255 - pixel) };
    await drain(trainer, { epochs: 3 }, inverted);
    expect(trainer.recipe).toEqual({ ...expected, epochs: 3 });
  });

  it('goes on after a resume with exactly the numbers of the run, to the same bits', async () => {
    const straight = make();
    await drain(straight.trainer);
    const first = make();
    for await (const { epoch } of first.trainer.fit(data)) if (epoch === 1) break;
    const net = new LeNet5({ init: 'zeros' });
    net.setParams(first.net.getParams());
    const second = new Trainer(net, { resume: first.trainer.state() });
    expect(second.normalization).toEqual(straight.trainer.normalization);
    await drain(second);
    expect(second.recipe).toEqual(straight.trainer.recipe);
    expect(net.arena).toEqual(straight.net.arena);
  });

  it('evaluates and predicts by them', async () => {
    const { net, trainer } = make();
    const [record] = await drain(trainer, { epochs: 1, validation: data });
    const { correct = 0, images: count } = trainer.engine.evaluate(data);
    expect(correct / count).toBe(record.testAccuracy);
    expect(trainer.engine).toBe(trainer.engine);
    expect(net.arena.every(Number.isFinite)).toBe(true);
  });

  it('has no normalization and no engine before', () => {
    const { trainer } = make();
    const hint = /measured by fit, which has not begun\. Hint: .*measureNormalization/;
    expect(() => trainer.normalization).toThrow(failure('ERR_ROWNET_STATE', hint));
    expect(() => trainer.engine).toThrow(failure('ERR_ROWNET_STATE', hint));
    const known = make({ ...fast, normalization: mnistNormalization }).trainer;
    expect(known.normalization).toEqual(mnistNormalization);
    expect(known.engine.name).toBe('lanes');
  });

  it('takes the rate and the batch size of its options as they are', async () => {
    const net = new LeNet5({ seed: 1 });
    const trainer = new Trainer(net, { lr: 0.07, batchSize: 7, seed: 1 });
    const [first] = await drain(trainer, { epochs: 1 });
    expect(trainer.recipe).toMatchObject({ batchSize: 7, optimizer: { lr: 0.07 } });
    expect(trainer.state().step).toBe(10);
    expect(first.lr).toBeLessThan(0.07);
  });

  it('checks the net when it is made', () => {
    const flat = new Net(new Sequential({ scores: new Linear({ inFeatures: 4, outFeatures: 2 }) }), {
      inputShape: [4],
    });
    structuredClone(flat.arena.buffer, { transfer: [flat.arena.buffer as ArrayBuffer] });
    expect(() => new Trainer(flat)).toThrow(failure('ERR_ROWNET_TYPE', /detached|transferred/));
  });

  it('trains on images of one grey, whose deviation is 0', async () => {
    const grey = randomImages(20, [1, 4, 4], 2, 1);
    grey.images.fill(77);
    const layers = new Sequential({
      flatten: new Flatten(),
      scores: new Linear({ inFeatures: 16, outFeatures: 2 }),
    });
    const trainer = new Trainer(new Net(layers, { inputShape: [1, 4, 4], seed: 1 }));
    for await (const { loss } of trainer.fit({ ...data, ...grey, classes: 2 }, { epochs: 1 }))
      expect(loss).toBeCloseTo(Math.LN2, 1);
    const { scale, shift } = trainer.normalization as UniformNormalization;
    expect(77 * scale + shift).toBeCloseTo(0, 12);
  });
});
