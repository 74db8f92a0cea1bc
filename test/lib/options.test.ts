/** What `checkOptions` says; test/lib/api looks at every function that calls it. */
import { describe, expect, it } from 'vitest';
import {
  Adam,
  BatchNorm2d,
  Conv2d,
  createEngine,
  Dropout,
  LeNet5,
  Linear,
  loadDataset,
  MaxPool2d,
  recipes,
  SGD,
  Trainer,
} from '../../lib/index.js';
import { checkOptions, editDistance } from '../../lib/options.js';
import { errorOf, itRefuses, TYPE, wrong } from '../support/misuse.js';
import { randomImages } from '../support/random-data.js';
import { tinyInput, tinyNet } from '../support/tiny-net.js';

const conv = (more: object) => () =>
  new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3, ...more } as {
    inChannels: 1;
    outChannels: 2;
    kernel: 3;
  });
const trainer = (options: object) => () => new Trainer(tinyNet(), options);
const recipe = (more: object) => trainer({ recipe: { ...recipes.fast, ...more } });

describe('what other systems call it', () => {
  itRefuses(TYPE, {
    '...received "batch_size". Hint: did you mean batchSize?': trainer({ batch_size: 8 }),
    '...received "numClasses". Hint: did you mean classes?': () => new LeNet5(wrong({ numClasses: 26 })),
    '...did you mean inChannels?': conv({ in_channels: 1 }),
    '...did you mean outChannels?': conv({ filters: 1 }),
    '...did you mean kernel?': conv({ kernelSize: 1 }),
    '...received "poolSize". Hint: did you mean kernel?': () => new MaxPool2d(wrong({ poolSize: 2 })),
    '...received "units". Hint: did you mean outFeatures?': () =>
      new Linear(wrong({ inFeatures: 1, units: 2 })),
    '...received "l2". Hint: did you mean weightDecay?': () => new SGD(tinyNet(), wrong({ lr: 1, l2: 2 })),
    '...received "regularization". Hint: did you mean reg?': () =>
      tinyNet().update(wrong({ lr: 1, regularization: 2 })),
    'Trainer: expected the options ... but received "learningRate". Hint: did you mean lr?': trainer({
      learningRate: 0.001,
    }),
    '...did you mean size?': () => loadDataset('mnist', wrong({ resize: 'pad', imageSize: 2 })),
  });
});

describe('an option of another place', () => {
  itRefuses(TYPE, {
    '...Hint: epochs, ... belong to fit...': trainer({ numEpochs: 7 }),
    '...belong to the net: new LeNet5...': trainer({ classes: 2 }),
    '...received "name", "epochs", "batchSize" and more. Hint: ...': () =>
      createEngine('rows', tinyNet(), wrong(recipes.article)),
  });
  const ofFit = 'epochs, ... belong to fit: trainer.fit(data, { epochs: 3 }).';
  itRefuses(TYPE, {
    [`...received "epochs". Hint: ${ofFit}`]: trainer({ epochs: 7 }),
    [`...received "epochs", "learningRate" and "validation". Hint: ${ofFit} did you mean lr?`]: trainer({
      epochs: 7,
      learningRate: 1,
      validation: null,
    }),
    '...new Trainer(net, { lr: 0.1 })...': recipe({ learningRate: 1 }),
  });
  it.each([
    [trainer({ momentum: 0.5 }), /belong to the recipe: { \.\.\.recipes.fast, optimizer/],
    [trainer({ shuffle: 'none' }), /belong to the recipe: { \.\.\.recipes.fast, shuffle/],
    [recipe({ momentum: 0.5 }), /^recipe: expected the options name, .*optimizer: { /],
  ])('belongs to the recipe %#', (call, message) => {
    expect(errorOf(call)).toMatchObject({ code: TYPE, message: expect.stringMatching(message) });
  });

  it('of fit', async () => {
    const data = randomImages(24, tinyInput, 3, 1);
    const train = (options: object) => new Trainer(tinyNet(), { batchSize: 4 }).fit(data, options).next();
    await expect(train({ epoch: 1 })).rejects.toThrow('received "epoch". Hint: did you mean epochs?');
    await expect(train({ validationData: data })).rejects.toThrow('Hint: did you mean validation?');
    await expect(train({ lr: 1 })).rejects.toThrow(/belong to the trainer: new Trainer/);
    // A signal in place of the options has properties of its own.
    await expect(train(new AbortController().signal)).rejects.toMatchObject({ code: TYPE });
  });
});

it.each([
  [() => new BatchNorm2d(wrong({ numFeatures: 3 })), 'features'],
  [() => new Dropout(wrong({ rate: 0.5 })), 'p'],
  [() => new MaxPool2d(wrong({ kernel: 2, pad: 1 })), 'padding'],
  [conv({ dilationRate: 2 }), 'dilation'],
  [conv({ useBias: false }), 'bias'],
  [() => new Adam(tinyNet(), wrong({ lr: 1, epsilon: 1e-8 })), 'eps'],
  [() => new Adam(tinyNet(), wrong({ lr: 1, beta1: 0.9 })), 'betas'],
])('%s: did you mean %s?', (call, meant) => {
  expect(call).toThrow(`did you mean ${meant}?`);
});

describe('what rownet has not', () => {
  const none = (name: string) => `...received "${name}". Hint: rownet has no such option: ...`;
  itRefuses(TYPE, {
    [none('padding_mode')]: conv({ padding_mode: 'reflect' }),
    [none('ceilMode')]: () => new MaxPool2d(wrong({ kernel: 2, ceilMode: true })),
    [none('dropout')]: conv({ dropout: 0.5 }),
    [none('device')]: trainer({ device: 'cuda' }),
  });
});

describe('odd names', () => {
  const check = (options: object) => () =>
    checkOptions<object>('here', options, { kernel: true } as object, '{}');
  const message = (name: string) =>
    `here: expected the option kernel but received ${name}. Hint: leave it out`;
  itRefuses(TYPE, {
    [message('"constructor"')]: check({ constructor: 1 }),
    [message('"__proto__"')]: check(JSON.parse('{"__proto__": 1}')),
    [message('"toString"')]: check({ toString: () => '' }),
    [message('""')]: check({ '': 1 }),
    [message('"a\\nb"')]: check({ 'a\nb': 1 }),
    [message('"krn"')]: check({ krn: 1 }),
    [message(`"kernel${'x'.repeat(34)}"`)]: check({ [`kernel${'x'.repeat(1e6)}`]: 1 }),
  });

  it('are no options where all objects inherit them', () => {
    const everything = Object.prototype as unknown as Record<string, unknown>;
    try {
      everything.polluted = 1;
      expect(check({ kernel: 1 })).not.toThrow();
      expect(errorOf(check({ polluted: 1 }))).toMatchObject({ code: TYPE });
    } finally {
      delete everything.polluted;
    }
  });

  it('of the fields of a class are options', () => {
    class Defaults {
      kernel = 2;
      extra = 3;
    }
    expect(errorOf(check(new Defaults()))).toMatchObject({ message: expect.stringContaining('"extra"') });
    expect(errorOf(check(Object.create(new Defaults())))).toMatchObject({ code: TYPE });
  });
});

describe('the distance of two words', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kernel', 'kernel', 0],
    ['kernel', 'kernal', 1],
    ['kernel', 'kerenl', 1],
    ['kernel', 'kernels', 1],
    ['padding', 'pading', 1],
    ['ab', 'ba', 1],
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('"%s" and "%s": %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
