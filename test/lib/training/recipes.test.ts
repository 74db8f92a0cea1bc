import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { mnistNormalization, pixelStatistics } from '../../../lib/data/normalize.js';
import { type Recipe, recipes, resolveRecipe } from '../../../lib/training/recipes.js';
import { recipeForRun } from '../../../lib/training/run-recipe.js';

type RecipeSGD = Extract<Recipe['optimizer'], { kind?: 'sgd' }>;

describe('recipes', () => {
  it('has the article run to the letter', () => {
    expect(recipes.article).toEqual({
      name: 'article',
      epochs: 25,
      batchSize: 128,
      resize: 'bilinear',
      normalization: { scale: 1 / 255, shift: -0.5 },
      init: 'article',
      loss: 'sum',
      biasGradient: 'mean',
      shuffle: 'once',
      dropLast: true,
      optimizer: { lr: 1e-3, momentum: 0, nesterov: false, weightDecay: 1e-3 },
      schedule: 'constant',
      warmup: 0,
    });
  });

  it('trains fast with Nesterov momentum, one cycle, every image', () => {
    expect(recipes.fast).toMatchObject({
      name: 'fast',
      batchSize: 'auto',
      resize: 'pad',
      normalization: 'measured',
      init: 'he',
      loss: 'mean',
      biasGradient: 'sum',
      shuffle: 'everyEpoch',
      dropLast: false,
      optimizer: { lr: 'auto', momentum: 0.9, nesterov: true },
      schedule: 'oneCycle',
    });
    expect(recipes.fast.epochs).toBe(3);
  });

  it('trains on MNIST with what was found for it, normalized to mean 0 and deviation 1', () => {
    const { train } = loadDataset('mnist', { resize: 'pad' });
    expect(train.count).toBe(60_000);
    const { mean, deviation } = pixelStatistics(train.images);
    expect(mean).toBeCloseTo(0.1000369, 7);
    expect(deviation).toBeCloseTo(0.2752173, 7);
    const { scale, shift } = mnistNormalization;
    expect(mean * 255 * scale + shift).toBeCloseTo(0, 3);
    expect(deviation * 255 * scale).toBeCloseTo(1, 3);
    const { optimizer, ...rest } = recipeForRun(recipes.fast, train);
    expect(rest).toMatchObject({ batchSize: 64, epochs: 3, normalization: mnistNormalization });
    expect(optimizer).toEqual({ lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 2e-3 });
  });
});

describe('resolveRecipe', () => {
  it('takes names and recipes, and replaces single values', () => {
    expect(resolveRecipe('article')).toEqual(recipes.article);
    expect(resolveRecipe(recipes.fast)).toEqual(recipes.fast);
    const changed = resolveRecipe('fast', { lr: 0.02, batchSize: 32 });
    expect(changed).toEqual({
      ...recipes.fast,
      batchSize: 32,
      optimizer: { ...recipes.fast.optimizer, lr: 0.02 },
    });
    expect(recipes.fast.batchSize).toBe('auto');
  });

  const { fast } = recipes;
  const optimizer = (part: Partial<RecipeSGD>): Recipe => ({
    ...fast,
    optimizer: { ...fast.optimizer, ...part },
  });
  const other = (part: object): Recipe => ({ ...fast, optimizer: { kind: 'adam', lr: 1e-3, ...part } });
  it.each<[string, Recipe]>([
    ['epochs: expected an integer from 1 but received 0', { ...fast, epochs: 0 }],
    ['epochs: expected an integer from 1 but received 1.5', { ...fast, epochs: 1.5 }],
    ["batchSize: expected an integer from 1, or 'auto', but received 0", { ...fast, batchSize: 0 }],
    [
      "batchSize: expected an integer from 1, or 'auto', but received NaN",
      { ...fast, batchSize: Number.NaN },
    ],
    ["batchSize: expected an integer from 1, or 'auto', but", { ...fast, batchSize: 'small' as 'auto' }],
    ['lr: expected a number where loss is \'sum\' but received "auto"', { ...fast, loss: 'sum' }],
    [
      "lr: expected a finite number above 0, such as 0.1, or 'auto', but received NaN",
      optimizer({ lr: Number.NaN }),
    ],
    ["lr: expected a finite number above 0, such as 0.1, or 'auto', but received -1", optimizer({ lr: -1 })],
    ["lr: expected a finite number above 0, such as 0.1, or 'auto', but received 0", optimizer({ lr: 0 })],
    [
      "lr: expected a finite number above 0, such as 0.1, or 'auto', but received Infinity",
      optimizer({ lr: 1 / 0 }),
    ],
    ['sgd: expected momentum below 1 but received 1', optimizer({ momentum: 1 })],
    ['sgd: expected momentum to be a number of at least 0', optimizer({ momentum: -0.1 })],
    ['sgd: expected momentum above 0, which nesterov needs, but received 0', optimizer({ momentum: 0 })],
    ['sgd: expected weightDecay to be a number of at least 0', optimizer({ weightDecay: -1 })],
    [
      "optimizer: expected kind 'sgd' or 'adam' or 'adamw' or 'rmsprop' but received \"adagrad\"",
      other({ kind: 'adagrad' }),
    ],
    ['lr: expected a finite number above 0, such as 0.001, but received "auto"', other({ lr: 'auto' })],
    [
      'lr: expected a finite number above 0, such as 0.001, but received undefined',
      other({ lr: undefined as never }),
    ],
    ['adam: expected betas[1] below 1 but received 1', other({ betas: [0.9, 1] })],
    ['warmup: expected a share from 0 to 1 but received 1.1', { ...fast, warmup: 1.1 }],
    ['normalization.scale: expected a finite number', { ...fast, normalization: { scale: 1 / 0, shift: 0 } }],
    ['normalization.shift: expected a finite number', { ...fast, normalization: { scale: 1, shift: 0 / 0 } }],
    [
      "schedule: expected 'constant' or 'oneCycle' or an object such as { kind: 'cosine' } but received \"x\"",
      { ...fast, schedule: 'x' as 'constant' },
    ],
    ["or an object such as { kind: 'cosine' } but received null", { ...fast, schedule: null as never }],
    ["loss: expected 'mean' or 'sum' but received \"x\"", { ...fast, loss: 'x' as 'sum' }],
    ["biasGradient: expected 'sum' or 'mean' but received \"x\"", { ...fast, biasGradient: 'x' as 'sum' }],
    ['dropLast: expected true or false but received undefined', { ...fast, dropLast: undefined as never }],
    ['warmup: expected a share from 0 to 1 but received null', { ...fast, warmup: null as never }],
    [
      "batchSize: expected an integer from 1, or 'auto', but received 4n",
      { ...fast, batchSize: 4n as never },
    ],
    ["shuffle: expected 'everyEpoch' or 'once' or 'none' but", { ...fast, shuffle: 'x' as 'none' }],
  ])('refuses %s', (message, recipe) => {
    expect(() => resolveRecipe(recipe)).toThrow(
      expect.objectContaining({ code: 'ERR_ROWNET_RANGE', message: expect.stringContaining(message) }),
    );
  });

  it('takes other optimizers, and refuses the settings of one for another', () => {
    const adam = { kind: 'adam', lr: 1e-3, betas: [0.9, 0.99] } as const;
    expect(resolveRecipe({ ...fast, optimizer: adam }).optimizer).toEqual(adam);
    const rmsprop = { kind: 'rmsprop', lr: 1e-3, alpha: 0.9, momentum: 0.5, centered: true } as const;
    expect(resolveRecipe({ ...fast, optimizer: rmsprop }).optimizer).toEqual(rmsprop);
    const adamw = { kind: 'adamw', lr: 1e-3, weightDecay: 0.1 } as const;
    expect(resolveRecipe({ ...fast, optimizer: adamw }).optimizer).toEqual(adamw);
    const both = { ...fast.optimizer, kind: 'adam', lr: 1e-3 };
    expect(() => resolveRecipe({ ...fast, optimizer: both as never })).toThrow(
      'recipe: optimizer: expected settings of adam (kind, lr, betas, eps, weightDecay, groups) ' +
        'but received momentum and nesterov. Hint: leave out those of another kind',
    );
    expect(() => resolveRecipe(optimizer({ nesterov: 'no' as never }))).toThrow(TypeError);
  });

  it('refuses what is no recipe', () => {
    expect(() => resolveRecipe('quick' as 'fast')).toThrow(
      expect.objectContaining({
        code: 'ERR_ROWNET_RANGE',
        message: `recipe: expected 'fast' or 'article' but received "quick"`,
      }),
    );
    for (const value of [null, 3, {}, { epochs: 3 }]) {
      expect(() => resolveRecipe(value as unknown as Recipe)).toThrow(
        expect.objectContaining({ code: 'ERR_ROWNET_TYPE' }),
      );
    }
  });
});
