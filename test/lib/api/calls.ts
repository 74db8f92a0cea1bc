/**
 * Every function, constructor and method of rownet's public interface, with arguments that are right. The tests beside
 * this file replace one of them by what is wrong; they fail where a public name is missing here.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as rownet from '../../../lib/index.js';
import { randomImages } from '../../support/random-data.js';
import { tinyInput, tinyLayers, tinyNet } from '../../support/tiny-net.js';
import { temporaryFolder, writeFolder } from '../data/idx-files.js';

export interface Call {
  /** New ones for each call. */
  args(): readonly unknown[];
  // biome-ignore lint/suspicious/noExplicitAny: arguments are what is tested
  call(...args: any[]): unknown;
  /** Which of the arguments are options, and those of them that cannot be left out. */
  readonly options?: readonly [position: number, ...required: string[]];
}

/** All options of a type: one that is missing here is an error of the type checker. */
const all = <Options>(options: Required<Options>): Required<Options> => options;
type Options<Callable extends (...args: never[]) => unknown, Position extends number> = NonNullable<
  Parameters<Callable>[Position]
>;

const t = (...shape: number[]) => new rownet.Tensor(shape);
const data = () => ({ ...randomImages(24, tinyInput, 3, 1) });
const normalization = { scale: 1 / 255, shift: 0 };
const recipe = { ...rownet.recipes.fast, batchSize: 4, epochs: 1 };
const folder = temporaryFolder();
const idx = writeFolder(join(folder, 'idx'));
const file = join(folder, 'file.safetensors');
mkdirSync(join(folder, 'written'));
const written = join(folder, 'written', 'file.safetensors');
const checkpoint = (): rownet.Checkpoint => {
  const net = tinyNet();
  const config = {};
  return {
    params: net.getParams(),
    velocity: new Map(),
    architecture: net.architecture,
    config,
    epoch: 1,
    step: 6,
  };
};
rownet.saveCheckpoint(file, checkpoint());
const bytes = () => rownet.encodeSafetensors(tinyNet().getParams());
const arena = () => ({
  params: new Float32Array(4),
  grads: new Float32Array(4),
  velocities: new Float32Array(4),
  segments: Float64Array.of(0, 4, 0, 1),
});
const stepped = () => {
  const net = tinyNet();
  net.forward(t(2, ...tinyInput));
  net.backward(t(2, 3));
  return net;
};
const trainer = () => new rownet.Trainer(tinyNet(), { recipe });
const state = () => trainer().state();
const loss = () => {
  const criterion = new rownet.CrossEntropyLoss();
  criterion.forward(t(2, 3), [0, 1]);
  return criterion;
};
const engine = (name: rownet.EngineName) =>
  rownet.createEngine(name, tinyNet(), { normalization, train: data() });
const window = { kernel: 2, stride: 1, padding: 0 };
const pool = { kernel: 2, stride: 2 };

/** The layer after a forward. */
function forwarded(make: () => rownet.Layer, input: rownet.Tensor): [rownet.Layer, rownet.Tensor] {
  const layer = make();
  return [layer, new rownet.Tensor(layer.forward(input).shape)];
}

function layerCalls(name: string, make: () => rownet.Layer, input: rownet.Tensor): Record<string, Call> {
  const [, gradOut] = forwarded(make, input);
  return {
    [`${name}.outputShape`]: { args: () => [input.shape], call: (shape) => make().outputShape(shape) },
    [`${name}.forward`]: { args: () => [input], call: (x) => make().forward(x) },
    [`${name}.backward`]: { args: () => [gradOut], call: (grad) => forwarded(make, input)[0].backward(grad) },
    [`${name}.backwardParameters`]: {
      args: () => [gradOut],
      call: (grad) => forwarded(make, input)[0].backwardParameters(grad),
    },
    [`${name}.parameters`]: { args: () => [], call: () => make().parameters() },
    [`${name}.describe`]: { args: () => [], call: () => make().describe() },
    [`${name}.toString`]: { args: () => [], call: () => make().toString() },
  };
}

const layers = {
  Conv2d: () => new rownet.Conv2d({ inChannels: 1, outChannels: 2, kernel: 2 }),
  MaxPool2d: () => new rownet.MaxPool2d({ kernel: 2 }),
  Linear: () => new rownet.Linear({ inFeatures: 4, outFeatures: 3 }),
  ReLU: () => new rownet.ReLU(),
  Flatten: () => new rownet.Flatten(),
  Sequential: tinyLayers,
};

/** By name: `matmul`, `new Conv2d`, `Net.forward` for the method, `Tensor.from` for the static one. */
export const calls: Readonly<Record<string, Call>> = {
  // Kernels
  conv2d: {
    args: () => [
      t(1, 1, 3, 3),
      t(2, 1, 2, 2),
      t(2),
      all<Options<typeof rownet.conv2d, 3>>({ stride: 1, padding: 0, out: t(1, 2, 2, 2) }),
    ],
    call: rownet.conv2d,
    options: [3],
  },
  conv2dBackward: {
    args: () => [
      t(1, 1, 3, 3),
      t(2, 1, 2, 2),
      t(1, 2, 2, 2),
      all<Options<typeof rownet.conv2dBackward, 3>>({
        stride: 1,
        padding: 0,
        dx: t(1, 1, 3, 3),
        dw: t(2, 1, 2, 2),
        db: t(2),
      }),
    ],
    call: rownet.conv2dBackward,
    options: [3],
  },
  maxPool2d: {
    args: () => [
      t(1, 1, 4, 4),
      all<Options<typeof rownet.maxPool2d, 1>>({ ...pool, out: t(1, 1, 2, 2), argmax: new Uint16Array(4) }),
    ],
    call: rownet.maxPool2d,
    options: [1, 'kernel'],
  },
  maxPool2dBackward: {
    args: () => [
      t(1, 1, 2, 2),
      new Uint16Array(4),
      [1, 1, 4, 4],
      all<Options<typeof rownet.maxPool2dBackward, 3>>({ ...pool, out: t(1, 1, 4, 4) }),
    ],
    call: rownet.maxPool2dBackward,
    options: [3, 'kernel'],
  },
  relu: {
    args: () => [t(2), all<Options<typeof rownet.relu, 1>>({ out: t(2) })],
    call: rownet.relu,
    options: [1],
  },
  reluBackward: {
    args: () => [t(2), t(2), all<Options<typeof rownet.reluBackward, 2>>({ out: t(2) })],
    call: rownet.reluBackward,
    options: [2],
  },
  linear: {
    args: () => [t(2, 4), t(3, 4), t(3), all<Options<typeof rownet.linear, 3>>({ out: t(2, 3) })],
    call: rownet.linear,
    options: [3],
  },
  linearBackward: {
    args: () => [
      t(2, 4),
      t(3, 4),
      t(2, 3),
      all<Options<typeof rownet.linearBackward, 3>>({ dx: t(2, 4), dw: t(3, 4), db: t(3) }),
    ],
    call: rownet.linearBackward,
    options: [3],
  },
  im2row: {
    args: () => [t(1, 1, 3, 3), all<Options<typeof rownet.im2row, 1>>({ ...window, out: t(4, 4) })],
    call: rownet.im2row,
    options: [1, 'kernel'],
  },
  row2im: {
    args: () => [
      t(4, 4),
      [1, 1, 3, 3],
      all<Options<typeof rownet.row2im, 2>>({ ...window, out: t(1, 1, 3, 3), average: true }),
    ],
    call: rownet.row2im,
    options: [2, 'kernel'],
  },
  pool2row: {
    args: () => [t(1, 1, 4, 4), all<Options<typeof rownet.pool2row, 1>>({ ...pool, out: t(4, 4) })],
    call: rownet.pool2row,
    options: [1, 'kernel'],
  },
  row2pool: {
    args: () => [
      t(4, 4),
      [1, 1, 4, 4],
      all<Options<typeof rownet.row2pool, 2>>({ ...pool, out: t(1, 1, 4, 4), average: true }),
    ],
    call: rownet.row2pool,
    options: [2, 'kernel'],
  },
  matmul: {
    args: () => [
      t(2, 2),
      t(2, 2),
      all<Options<typeof rownet.matmul, 2>>({
        transposeA: true,
        transposeB: false,
        alpha: 2,
        beta: 0,
        out: t(2, 2),
      }),
    ],
    call: rownet.matmul,
    options: [2],
  },
  softmaxCrossEntropy: {
    args: () => [
      t(2, 3),
      Int32Array.of(0, 2),
      all<rownet.CrossEntropyOptions>({ grad: t(2, 3), gradScale: 0.5 }),
    ],
    call: rownet.softmaxCrossEntropy,
    options: [2],
  },
  sgdUpdate: {
    args: () => [
      t(2),
      t(2),
      all<rownet.SgdUpdateOptions>({
        lr: 0.1,
        velocity: t(2),
        momentum: 0.9,
        nesterov: true,
        weightDecay: 0.1,
        gradScale: 1,
      }),
    ],
    call: rownet.sgdUpdate,
    options: [2, 'lr'],
  },
  sgdUpdateArena: {
    args: () => [arena(), all<rownet.SgdRates>({ lr: 0.1, momentum: 0.9, nesterov: true })],
    call: rownet.sgdUpdateArena,
    options: [1, 'lr'],
  },
  gatherImages: {
    args: () => [
      new Uint8Array(8),
      [1, 2, 2],
      Uint32Array.of(1, 0),
      all<rownet.GatherOptions>({ scale: 1 / 255, shift: 0, out: t(2, 1, 2, 2) }),
    ],
    call: rownet.gatherImages,
    options: [3],
  },
  fmaBurst: { args: () => [1, 0.001], call: rownet.fmaBurst },
  runtimeInfo: { args: () => [], call: rownet.runtimeInfo },
  setThreads: { args: () => [rownet.runtimeInfo().threads], call: rownet.setThreads },

  // Tensors and random numbers
  'new Tensor': { args: () => [[2, 3], new Float32Array(6)], call: (...a) => new rownet.Tensor(a[0], a[1]) },
  'Tensor.from': { args: () => [[1, 2], [2]], call: (values, shape) => rownet.Tensor.from(values, shape) },
  'Tensor.size': { args: () => [], call: () => t(2).size },
  'Tensor.reshape': { args: () => [[3, -1]], call: (shape) => t(2, 3).reshape(shape) },
  'Tensor.toString': { args: () => [], call: () => String(t(2)) },
  formatShape: { args: () => [[2, 3]], call: rownet.formatShape },
  sizeOf: { args: () => [[2, 3]], call: rownet.sizeOf },
  'new Random': { args: () => [1], call: (seed) => new rownet.Random(seed) },
  'Random.derive': { args: () => [1, 2], call: (seed, stream) => rownet.Random.derive(seed, stream) },
  'Random.uint32': { args: () => [], call: () => new rownet.Random(1).uint32() },
  'Random.uniform': { args: () => [], call: () => new rownet.Random(1).uniform() },
  'Random.integer': { args: () => [6], call: (bound) => new rownet.Random(1).integer(bound) },
  'Random.normal': { args: () => [], call: () => new rownet.Random(1).normal() },
  'Random.shuffle': {
    args: () => [Uint32Array.of(1, 2)],
    call: (list) => new rownet.Random(1).shuffle(list),
  },

  // Layers, losses, optimizers, nets
  'new Conv2d': {
    args: () => [
      all<rownet.Conv2dOptions>({ inChannels: 1, outChannels: 2, kernel: 3, stride: 1, padding: 1 }),
    ],
    call: (options) => new rownet.Conv2d(options),
    options: [0, 'inChannels', 'outChannels', 'kernel'],
  },
  'new MaxPool2d': {
    args: () => [all<rownet.PoolOptions>({ kernel: 2, stride: 1 })],
    call: (options) => new rownet.MaxPool2d(options),
    options: [0, 'kernel'],
  },
  'new Linear': {
    args: () => [all<rownet.LinearOptions>({ inFeatures: 2, outFeatures: 3 })],
    call: (options) => new rownet.Linear(options),
    options: [0, 'inFeatures', 'outFeatures'],
  },
  'new ReLU': { args: () => [], call: () => new rownet.ReLU() },
  'new Flatten': { args: () => [], call: () => new rownet.Flatten() },
  'new Sequential': {
    args: () => [{ relu: new rownet.ReLU() }],
    call: (options) => new rownet.Sequential(options),
  },
  ...layerCalls('Conv2d', layers.Conv2d, t(2, ...tinyInput)),
  ...layerCalls('MaxPool2d', layers.MaxPool2d, t(2, ...tinyInput)),
  ...layerCalls('Linear', layers.Linear, t(2, 4)),
  ...layerCalls('ReLU', layers.ReLU, t(2, 4)),
  ...layerCalls('Flatten', layers.Flatten, t(2, ...tinyInput)),
  ...layerCalls('Sequential', layers.Sequential, t(2, ...tinyInput)),
  'new LayerParameter': {
    args: () => ['weight', [2, 3], 3],
    call: (...a) => new rownet.LayerParameter(a[0], a[1], a[2]),
  },
  'LayerParameter.value': { args: () => [], call: () => new rownet.LayerParameter('bias', [2], 3).value },
  'LayerParameter.grad': { args: () => [], call: () => new rownet.LayerParameter('bias', [2], 3).grad },
  'LayerParameter.bound': { args: () => [], call: () => new rownet.LayerParameter('bias', [2], 3).bound },
  'LayerParameter.bind': {
    args: () => [t(2), t(2)],
    call: (value, grad) => new rownet.LayerParameter('bias', [2], 3).bind(value, grad),
  },
  initParameters: { args: () => [tinyNet().parameters(), 'he', 1], call: rownet.initParameters },
  'new CrossEntropyLoss': {
    args: () => [all<rownet.CrossEntropyLossOptions>({ reduction: 'sum' })],
    call: (options) => new rownet.CrossEntropyLoss(options),
    options: [0],
  },
  'CrossEntropyLoss.correct': { args: () => [], call: () => loss().correct },
  'CrossEntropyLoss.forward': {
    args: () => [t(2, 3), [0, 1]],
    call: (scores, labels) => new rownet.CrossEntropyLoss().forward(scores, labels),
  },
  'CrossEntropyLoss.backward': { args: () => [], call: () => loss().backward() },
  'new SGD': {
    args: () => [
      tinyNet(),
      all<rownet.SGDOptions>({
        lr: 0.1,
        momentum: 0.9,
        nesterov: false,
        weightDecay: 0.1,
        biasGradient: 'sum',
      }),
    ],
    call: (target, options) => new rownet.SGD(target, options),
    options: [1, 'lr'],
  },
  'SGD.step': { args: () => [0.1], call: (lr) => new rownet.SGD(stepped(), { lr: 0.1 }).step(lr) },
  'SGD.update': { args: () => [0.1], call: (lr) => new rownet.SGD(stepped(), { lr: 0.1 }).update(lr) },
  'SGD.getVelocity': { args: () => [], call: () => new rownet.SGD(tinyNet(), { lr: 0.1 }).getVelocity() },
  'SGD.setVelocity': {
    args: () => [tinyNet().getParams()],
    call: (velocity) => new rownet.SGD(tinyNet(), { lr: 0.1, momentum: 0.9 }).setVelocity(velocity),
  },
  'SGD.toString': { args: () => [], call: () => String(new rownet.SGD(tinyNet(), { lr: 0.1 })) },
  'new LeNet5': {
    args: () => [all<rownet.LeNet5Options>({ seed: 1, init: 'zeros', classes: 3, inputSize: [36, 32] })],
    call: (options) => new rownet.LeNet5(options),
    options: [0],
  },
  'new Net': {
    args: () => [tinyLayers(), all<rownet.NetOptions>({ inputShape: tinyInput, seed: 1, init: 'he' })],
    call: (layer, options) => new rownet.Net(layer, options),
    options: [1, 'inputShape'],
  },
  'Net.parameters': { args: () => [], call: () => tinyNet().parameters() },
  'Net.forward': { args: () => [t(2, ...tinyInput)], call: (x) => tinyNet().forward(x) },
  'Net.forwardByLayers': { args: () => [t(2, ...tinyInput)], call: (x) => [...tinyNet().forwardByLayers(x)] },
  'Net.backward': {
    args: () => [t(2, 3), all<Options<rownet.Net['backward'], 1>>({ inputGradient: true })],
    call: (grad, options) => stepped().backward(grad, options),
    options: [1],
  },
  'Net.update': {
    args: () => [all<rownet.UpdateOptions>({ lr: 0.1, reg: 0.1, biasGradient: 'mean' })],
    call: (options) => stepped().update(options),
    options: [0, 'lr'],
  },
  'Net.getParams': { args: () => [], call: () => tinyNet().getParams() },
  'Net.setParams': { args: () => [tinyNet().getParams()], call: (params) => tinyNet().setParams(params) },
  'Net.predict': { args: () => [t(2, ...tinyInput), 2], call: (x, size) => tinyNet().predict(x, size) },
  'Net.predictByLayers': {
    args: () => [t(2, ...tinyInput), 2],
    call: (x, size) => tinyNet().predictByLayers(x, size),
  },
  'Net.activations': { args: () => [t(2, ...tinyInput)], call: (x) => tinyNet().activations(x) },
  'Net.summary': { args: () => [], call: () => tinyNet().summary() },
  'Net.toString': { args: () => [], call: () => String(tinyNet()) },

  // Engines, training
  createEngine: {
    args: () => [
      'auto',
      tinyNet(),
      all<rownet.EngineOptions>({ normalization, train: data(), reduction: 'sum' }),
    ],
    call: rownet.createEngine,
    options: [2, 'normalization'],
  },
  ...Object.fromEntries(
    (['lanes', 'rows'] as const).flatMap((name): [string, Call][] => [
      [
        `${name}.trainStep`,
        {
          args: () => [Uint32Array.of(0, 1), new rownet.SGD(tinyNet(), { lr: 0.1 }).update()],
          call: (indices, update) => engine(name).trainStep(indices, update),
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
      all<rownet.AccuracyOptions>({ normalization, engine: 'auto', batchSize: 2 }),
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
        lr: 0.01,
        batchSize: 2,
        resume: state(),
        live: false,
      }),
    ],
    call: (net, options) => new rownet.Trainer(net, options),
    options: [1],
  },
  'Trainer.normalization': { args: () => [], call: () => trainer().normalization },
  'Trainer.engine': { args: () => [], call: () => trainer().engine },
  'Trainer.recipe': { args: () => [], call: () => trainer().recipe },
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
    args: () => [all<rownet.Recipe>(recipe)],
    call: (options) => new rownet.Trainer(tinyNet(), { recipe: options }),
    options: [0, ...Object.keys(recipe)],
  },
  'recipe.optimizer': {
    args: () => [all<rownet.Recipe['optimizer']>({ ...recipe.optimizer, nesterov: false })],
    call: (optimizer) => new rownet.Trainer(tinyNet(), { recipe: { ...recipe, optimizer } }),
    options: [0, ...Object.keys(recipe.optimizer)],
  },
  'recipe.normalization': {
    args: () => [all<rownet.Normalization>(normalization)],
    call: (given) => new rownet.Trainer(tinyNet(), { recipe: { ...recipe, normalization: given } }),
    options: [0, 'scale', 'shift'],
  },
  resume: {
    args: () => [
      { ...all<rownet.TrainingState>({ ...state(), step: 6, partialEpoch: partialEpoch() }), ...momentum() },
    ],
    call: (resume) => new rownet.Trainer(tinyNet(), { resume }),
    options: [0, 'epoch', 'step', 'velocity', 'seed'],
  },
  live: {
    args: () => [all<rownet.LiveOptions>({ port: 0, onListen: () => {}, runs: async () => [] })],
    call: (live) => new rownet.Trainer(tinyNet(), { recipe, live }),
    options: [0],
  },

  // Data and files
  loadDataset: {
    args: () => [
      idx,
      all<rownet.LoadOptions>({
        resize: 'bilinear',
        size: 8,
        preparation: { resize: 'bilinear', size: [8, 8] },
        limit: 5,
        classes: 10,
        transpose: false,
        skipEmptyClasses: false,
        env: {},
        cwd: folder,
        offline: true,
      }),
    ],
    call: rownet.loadDataset,
    options: [1],
  },
  imagesToTensor: {
    args: () => [new Uint8Array(8), [1, 2, 2], all<rownet.Normalization>(normalization), [1, 0]],
    call: rownet.imagesToTensor,
    options: [2, 'scale', 'shift'],
  },
  measureNormalization: { args: () => [Uint8Array.of(1, 2)], call: rownet.measureNormalization },
  pixelStatistics: { args: () => [Uint8Array.of(1, 2)], call: rownet.pixelStatistics },
  standardization: {
    args: () => [all<rownet.PixelStatistics>({ mean: 0.1, deviation: 0.3 })],
    call: rownet.standardization,
    options: [0, 'mean', 'deviation'],
  },
  exportOnnx: {
    args: () => [tinyNet(), all<rownet.OnnxOptions>({ normalization, input: 'normalized' })],
    call: rownet.exportOnnx,
    options: [1],
  },
  saveCheckpoint: {
    args: () => [
      written,
      checkpoint(),
      all<rownet.ReplaceOptions>({ previous: join(folder, 'written', 'previous.safetensors') }),
    ],
    call: rownet.saveCheckpoint,
    options: [2],
  },
  loadCheckpoint: { args: () => [file], call: rownet.loadCheckpoint },
  saveParams: { args: () => [tinyNet().getParams(), written], call: rownet.saveParams },
  loadParams: { args: () => [file], call: rownet.loadParams },
  encodeNpz: { args: () => [tinyNet().getParams()], call: rownet.encodeNpz },
  decodeNpz: { args: () => [rownet.encodeNpz(tinyNet().getParams()), 'here'], call: rownet.decodeNpz },
  encodeSafetensors: { args: () => [tinyNet().getParams(), { a: 'b' }], call: rownet.encodeSafetensors },
  decodeSafetensors: { args: () => [bytes(), 'here'], call: rownet.decodeSafetensors },
  readSafetensors: { args: () => [file], call: rownet.readSafetensors },
};

function partialEpoch(): rownet.PartialEpoch {
  return { steps: 1, images: 4, loss: 4, correct: 1, seconds: 1 };
}

/** The velocity of a run under the recipe, which has momentum. */
function momentum() {
  return { velocity: new rownet.SGD(tinyNet(), { lr: 0.1, momentum: 0.9 }).getVelocity() };
}

/** A public function, and its parameters as its source names them. */
export interface PublicName {
  readonly name: string;
  readonly parameters: string;
}

/** All that can be called: functions, constructors, their static and other methods. Errors are thrown, not called. */
export function publicNames(): PublicName[] {
  return Object.entries(rownet).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function' || value.prototype instanceof Error) return [];
    const source = Function.prototype.toString.call(value);
    if (!/^class\b/.test(source)) return [{ name, parameters: parametersOf(source) }];
    const head = /\bconstructor\(.*/s.exec(source)?.[0] ?? '()';
    return [
      { name: `new ${name}`, parameters: parametersOf(head) },
      ...members(name, value.prototype, ['constructor']),
      ...members(name, value, ['length', 'name', 'prototype']),
    ];
  });
}

function members(name: string, of: object, skip: readonly string[]): PublicName[] {
  return Object.entries(Object.getOwnPropertyDescriptors(of))
    .filter(([key]) => !skip.includes(key))
    .map(([key, { value }]) => ({
      name: `${name}.${key}`,
      parameters: typeof value === 'function' ? parametersOf(Function.prototype.toString.call(value)) : '',
    }));
}

/** What stands in the first parentheses of a source, up to the body. */
function parametersOf(source: string): string {
  return /\(([^)]*)\)/.exec(source)?.[1] ?? '';
}
