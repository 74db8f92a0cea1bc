/** Calls of engines and trainers, with the options that stand within options. */
import * as rownet from '../../../../lib/index.js';
import { tinyInput, tinyNet } from '../../../support/tiny-net.js';
import { all, type Call, type Calls, data, normalization, t } from './call.js';

const recipe = { ...rownet.recipes.fast, batchSize: 4, epochs: 1 };
const trainer = () => new rownet.Trainer(tinyNet(), { recipe });
const state = () => trainer().state();
const engine = (name: rownet.EngineName) =>
  rownet.createEngine(name, tinyNet(), { normalization, train: data() });

async function restoreBest(): Promise<void> {
  const keeping = new rownet.Trainer(tinyNet(), { recipe, keepBest: 'loss' });
  await keeping.fit(data()).next();
  keeping.restoreBest();
}

function partialEpoch(): rownet.PartialEpoch {
  return { steps: 1, images: 4, loss: 4, correct: 1, seconds: 1 };
}

/** The velocity of a run under the recipe, which has momentum. */
function momentum() {
  return { optimizerState: new rownet.SGD(tinyNet(), { lr: 0.1, momentum: 0.9 }).state() };
}

const augment: rownet.Augmentation = { shift: 1, rotate: 10, scale: 0.1, shear: 5, flip: 0.5 };

export const trainingCalls: Calls = {
  createEngine: {
    args: () => [
      'auto',
      tinyNet(),
      all<rownet.EngineOptions>({
        normalization,
        train: data(),
        loss: new rownet.CrossEntropyLoss({ reduction: 'sum' }),
        reduction: 'sum',
        augment,
      }),
    ],
    call: rownet.createEngine,
    options: [2, 'normalization'],
  },
  ...Object.fromEntries(
    (['lanes', 'rows'] as const).flatMap((name): [string, Call][] => [
      [
        `${name}.trainStep`,
        {
          args: () => [
            Uint32Array.of(0, 1),
            all<rownet.StepOptions>({
              update: new rownet.SGD(tinyNet(), { lr: 0.1 }).update(),
              seed: 1,
              step: 2,
              epoch: 1,
            }),
          ],
          call: (indices, options) => engine(name).trainStep(indices, options),
          options: [1],
        },
      ],
      [
        `${name}.evaluate`,
        { args: () => [data(), 2], call: (set, size) => engine(name).evaluate(set, size) },
      ],
      [`${name}.predict`, { args: () => [t(2, ...tinyInput)], call: (x) => engine(name).predict(x) }],
    ]),
  ),
  computeAccuracy: {
    args: () => [
      tinyNet(),
      data(),
      all<rownet.AccuracyOptions>({
        normalization,
        loss: new rownet.CrossEntropyLoss(),
        engine: 'auto',
        batchSize: 2,
      }),
    ],
    call: rownet.computeAccuracy,
    options: [2, 'normalization'],
  },
  learningRate: { args: () => [rownet.recipes.article, 0, 10], call: rownet.learningRate },
  recipeForRun: { args: () => [rownet.recipes.fast, data()], call: rownet.recipeForRun },
  recipeOf: { args: () => [{ config: { recipe: rownet.recipes.article } }], call: rownet.recipeOf },
  'new Trainer': {
    args: () => [
      tinyNet(),
      all<rownet.TrainerOptions>({
        recipe,
        engine: 'auto',
        seed: 1,
        // Refused beside a function as schedule: the next call has it.
        lr: undefined as never,
        batchSize: 2,
        schedule: () => 0.01,
        augment,
        resume: state(),
        live: false,
        keepBest: 'testLoss',
        // Refused without keepBest.
        patience: undefined as never,
        averaging: { decay: 0.9 },
        freeze: ['conv'],
      }),
    ],
    call: (net, options) => new rownet.Trainer(net, options),
    options: [1],
  },
  'new Trainer with patience': {
    args: () => [tinyNet(), { recipe, keepBest: 'testLoss', patience: 2 }],
    call: (net, options) => new rownet.Trainer(net, options),
  },
  'new Trainer with a rate': {
    args: () => [tinyNet(), { recipe, lr: 0.01 }],
    call: (net, options) => new rownet.Trainer(net, options),
    options: [1],
  },
  'recipe.schedule': {
    args: () => [all<rownet.StepLR>({ kind: 'step', every: 2, factor: 0.5, warmup: 0.1 })],
    call: (schedule) => new rownet.Trainer(tinyNet(), { recipe: { ...recipe, schedule } }),
    options: [0, 'kind', 'every'],
  },
  'recipe.schedule of half a cosine': {
    args: () => [all<rownet.CosineAnnealing>({ kind: 'cosine', min: 0.001, warmup: 0.1 })],
    call: (schedule) => new rownet.Trainer(tinyNet(), { recipe: { ...recipe, schedule } }),
    options: [0, 'kind'],
  },
  'Trainer.normalization': { args: () => [], call: () => trainer().normalization },
  'Trainer.engine': { args: () => [], call: () => trainer().engine },
  'Trainer.recipe': { args: () => [], call: () => trainer().recipe },
  'Trainer.best': { args: () => [], call: () => trainer().best },
  'Trainer.restoreBest': { args: () => [], call: restoreBest },
  'Trainer.averaged': { args: () => [], call: () => trainer().averaged },
  'Trainer.earlyStop': { args: () => [], call: () => trainer().earlyStop },
  'Trainer.state': { args: () => [], call: () => state() },
  'Trainer.fit': {
    args: () => [
      data(),
      all<rownet.FitOptions>({
        epochs: 1,
        validation: data(),
        signal: new AbortController().signal,
        onProgress: () => {},
      }),
    ],
    call: (train, options) => trainer().fit(train, options).next(),
    options: [1],
  },
  // Options within options
  recipe: {
    args: () => [all<rownet.Recipe>({ ...recipe, criterion: 'crossEntropy', labelSmoothing: 0.1 })],
    call: (options) => new rownet.Trainer(tinyNet(), { recipe: options }),
    options: [0, ...Object.keys(recipe)],
  },
  'recipe.optimizer': {
    args: () => [
      all<Extract<rownet.Recipe['optimizer'], { kind?: 'sgd' }>>({
        kind: 'sgd',
        lr: 0.1,
        momentum: 0.9,
        nesterov: false,
        weightDecay: 1e-3,
        groups: [{ layers: ['conv'], lr: 0.01 }],
      }),
    ],
    call: (optimizer) => new rownet.Trainer(tinyNet(), { recipe: { ...recipe, optimizer } }),
    options: [0, 'lr'],
  },
  'recipe.normalization': {
    args: () => [all<rownet.Normalization>(normalization)],
    call: (given) => new rownet.Trainer(tinyNet(), { recipe: { ...recipe, normalization: given } }),
    options: [0, 'scale', 'shift'],
  },
  resume: {
    args: () => [
      {
        ...all<rownet.TrainingState>({
          ...state(),
          step: 6,
          partialEpoch: partialEpoch(),
          settings: { keepBest: 'loss', averaging: { decay: 0.9 } },
          best: { measure: 'loss', epoch: 1, step: 2, value: 0.5, params: tinyNet().getParams() },
          averaged: tinyNet().getParams(),
        }),
        ...momentum(),
      },
    ],
    call: (resume) => new rownet.Trainer(tinyNet(), { resume }),
    options: [0, 'epoch', 'step', 'optimizerState', 'seed'],
  },
  live: {
    args: () => [all<rownet.LiveOptions>({ port: 0, onListen: () => {}, runs: async () => [] })],
    call: (live) => new rownet.Trainer(tinyNet(), { recipe, live }),
    options: [0],
  },
};
