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
import { errorOf, itRefuses, type Misuse, TYPE, wrong } from '../support/misuse.js';
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
  itRefuses([
    [
      'learningRate',
      trainer({ learningRate: 0.001 }),
      TYPE,
      'Trainer: expected the options recipe, engine, seed, lr, batchSize, resume or live but received "learningRate". ' +
        'Hint: did you mean lr?',
    ],
    [
      'batch_size',
      trainer({ batch_size: 8 }),
      TYPE,
      /received "batch_size". Hint: did you mean batchSize\?$/,
    ],
    ['numClasses', () => new LeNet5(wrong({ numClasses: 26 })), TYPE, /did you mean classes\?$/],
    ['in_channels', conv({ in_channels: 1 }), TYPE, /did you mean inChannels\?$/],
    ['filters', conv({ filters: 1 }), TYPE, /did you mean outChannels\?$/],
    ['kernelSize', conv({ kernelSize: 1 }), TYPE, /did you mean kernel\?$/],
    ['poolSize', () => new MaxPool2d(wrong({ poolSize: 2 })), TYPE, /did you mean kernel\?$/],
    ['units', () => new Linear(wrong({ inFeatures: 1, units: 2 })), TYPE, /did you mean outFeatures\?$/],
    ['l2', () => new SGD(tinyNet(), wrong({ lr: 1, l2: 2 })), TYPE, /did you mean weightDecay\?$/],
    [
      'regularization',
      () => tinyNet().update(wrong({ lr: 1, regularization: 2 })),
      TYPE,
      /did you mean reg\?$/,
    ],
    [
      'imageSize',
      () => loadDataset('mnist', wrong({ resize: 'pad', imageSize: 2 })),
      TYPE,
      /did you mean size\?$/,
    ],
  ]);
});

describe('an option of another place', () => {
  itRefuses([
    [
      'epochs of the trainer',
      trainer({ epochs: 7 }),
      TYPE,
      /received "epochs". Hint: epochs, .* belong to fit: trainer.fit\(data, { epochs: 3 }\)\.$/,
    ],
    ['numEpochs of the trainer', trainer({ numEpochs: 7 }), TYPE, /Hint: epochs, .* belong to fit/],
    [
      'momentum of the trainer',
      trainer({ momentum: 0.5 }),
      TYPE,
      /belong to the recipe: { \.\.\.recipes.fast, optimizer/,
    ],
    [
      'shuffle of the trainer',
      trainer({ shuffle: 'none' }),
      TYPE,
      /belong to the recipe: { \.\.\.recipes.fast, shuffle/,
    ],
    ['classes of the trainer', trainer({ classes: 2 }), TYPE, /belong to the net: new LeNet5/],
    [
      'momentum in a recipe',
      recipe({ momentum: 0.5 }),
      TYPE,
      /^recipe: expected the options name, .*optimizer: { /,
    ],
    ['learningRate in a recipe', recipe({ learningRate: 1 }), TYPE, /new Trainer\(net, { lr: 0.1 }\)/],
    [
      'two of them',
      trainer({ epochs: 7, learningRate: 1, validation: null }),
      TYPE,
      /received "epochs", "learningRate" and "validation". Hint: epochs, .* 3 }\)\. did you mean lr\?$/,
    ],
    [
      'a whole recipe as the options of an engine',
      () => createEngine('rows', tinyNet(), wrong(recipes.article)),
      TYPE,
      /received "name", "epochs", "batchSize" and more\. Hint: /,
    ],
  ]);

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
  [() => new Adam(tinyNet(), wrong({ lr: 1, epsilon: 1e-8 })), 'eps'],
  [() => new Adam(tinyNet(), wrong({ lr: 1, beta1: 0.9 })), 'betas'],
])('%s: did you mean %s?', (call, meant) => {
  expect(call).toThrow(`did you mean ${meant}?`);
});

describe('what rownet has not', () => {
  const none = (name: string, call: () => unknown): Misuse => [
    name,
    call,
    TYPE,
    new RegExp(`received "${name}". Hint: rownet has no such option: `),
  ];
  itRefuses([
    none('dilation', conv({ dilation: 2 })),
    none('groups', conv({ groups: 1 })),
    none('bias', conv({ bias: false })),
    none('padding_mode', conv({ padding_mode: 'reflect' })),
    none('padding', () => new MaxPool2d(wrong({ kernel: 2, padding: 1 }))),
    none('pad', () => new MaxPool2d(wrong({ kernel: 2, pad: 1 }))),
    none('ceilMode', () => new MaxPool2d(wrong({ kernel: 2, ceilMode: true }))),
    none('dropout', conv({ dropout: 0.5 })),
    none('device', trainer({ device: 'cuda' })),
  ]);
});

describe('odd names', () => {
  const check = (options: object) => () =>
    checkOptions<object>('here', options, { kernel: true } as object, '{}');
  itRefuses([
    [
      'of objects',
      check({ constructor: 1 }),
      TYPE,
      'here: expected the option kernel but received "constructor". Hint: leave it out',
    ],
    ['a prototype from JSON', check(JSON.parse('{"__proto__": 1}')), TYPE, /received "__proto__"/],
    ['an own toString', check({ toString: () => '' }), TYPE, /received "toString"/],
    ['none', check({ '': 1 }), TYPE, /received ""\. Hint: leave it out$/],
    ['line feeds', check({ 'a\nb': 1 }), TYPE, /received "a\\nb"/],
    [
      'long',
      check({ [`kernel${'x'.repeat(1e6)}`]: 1 }),
      TYPE,
      /received "kernelx{34}"\. Hint: leave it out$/,
    ],
    ['two of three letters changed', check({ krn: 1 }), TYPE, /Hint: leave it out$/],
  ]);

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
