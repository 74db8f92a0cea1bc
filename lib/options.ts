/** Options objects: their names are checked in one place, here. Knows only errors.ts and tensor.ts. */
import { ArgumentTypeError } from './errors.js';
import { typeName } from './tensor.js';

/** All names of the options in `Options`: the type checker refuses a list that lacks one, or has another. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses what is no options object, and an option that is not known, with what was meant.
 *
 * Options may be inherited, and one that is undefined counts as left out, whatever its name. Symbols are not looked at.
 * What the objects of a program inherit from `Object.prototype` is nobody's option. A class instance is taken as any
 * other object: its fields are options.
 * @param example an options object, for the message.
 * @throws {ArgumentTypeError}
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  known: OptionNames<Options>,
  example: string,
): void {
  const unknown = unknownNames(options, known);
  if (unknown === undefined) {
    throw new ArgumentTypeError(
      `${where}: expected an options object such as ${example} but received ${typeName(options)}`,
    );
  }
  if (unknown.length === 0) return;
  const names = Object.keys(known);
  const expected = names.length === 1 ? `the option ${names[0]}` : `the options ${listed(names)}`;
  const shown = unknown.slice(0, MOST_SHOWN);
  const received = shown.map((name) => JSON.stringify(name.slice(0, MOST_CHARACTERS)));
  if (unknown.length > shown.length) received.push('more');
  const hints = [...new Set(shown.map((name) => hintFor(name, names)))].filter((hint) => hint !== undefined);
  throw new ArgumentTypeError(
    `${where}: expected ${expected} but received ${listed(received, 'and')}. ` +
      `Hint: ${hints.length === 0 ? 'leave it out' : hints.join(' ')}`,
  );
}

const MOST_SHOWN = 3;
const MOST_CHARACTERS = 40;

/** The names that are not known; undefined for what is no options object. */
function unknownNames(options: unknown, known: object): string[] | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const unknown: string[] = [];
  // A list, a map or a promise would be an options object without options, were its kind not looked at.
  const kind = Object.prototype.toString.call(options);
  if (kind !== '[object Object]' && kind !== '[object Module]') return undefined;
  for (const name in options) {
    if (Object.hasOwn(known, name) || (options as Record<string, unknown>)[name] === undefined) continue;
    if (Object.hasOwn(options, name) || !(name in Object.prototype)) unknown.push(name);
  }
  return unknown;
}

/** `a, b or c` */
function listed(words: readonly string[], last = 'or'): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** What was meant, as far as it can be told. */
function hintFor(name: string, known: readonly string[]): string | undefined {
  const plain = plainName(name);
  const meant = ownNames(plain);
  const here = knownAs(name, known);
  if (here !== undefined) return `did you mean ${here}?`;
  const absent = [name, ...meant]
    .map((one) => notInRownet.get(plainName(one)))
    .find((text) => text !== undefined);
  if (absent !== undefined) return `rownet has no such option: ${absent}.`;
  const place = places.find(({ options }) =>
    options.some((one) => plainName(one) === plain || meant.includes(one)),
  );
  if (place !== undefined) return `${place.hint}.`;
  const near = nearest(plain, known);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

/** The known name of which this is another spelling, or what it is called elsewhere. */
export function knownAs(name: string, known: readonly string[]): string | undefined {
  const plain = plainName(name);
  return known.find((one) => plainName(one) === plain) ?? ownNames(plain).find((one) => known.includes(one));
}

/** What rownet calls that which is called so elsewhere. */
function ownNames(plain: string): string[] {
  return synonyms.filter((names) => names.some((one) => plainName(one) === plain)).map(([one]) => one);
}

/** `batch_size`, `batch-size` and `BatchSize` are `batchsize`. */
function plainName(name: string): string {
  return name
    .slice(0, MOST_CHARACTERS)
    .replace(/[_\-\s]/g, '')
    .toLowerCase();
}

/** The known name that was meant, as far as it can be told. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return nearest(plainName(name), known);
}

/** The known name with the fewest letters to change, if that is at most one in three. */
function nearest(plain: string, known: readonly string[]): string | undefined {
  const limit = Math.min(2, Math.floor(plain.length / 3));
  const distances = known.map((name) => ({ name, distance: editDistance(plain, plainName(name)) }));
  distances.sort((a, b) => a.distance - b.distance);
  return distances[0]?.distance <= limit ? distances[0].name : undefined;
}

/** Letters to insert, remove, replace, or swap with the next: the optimal string alignment distance. */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}

/** rownet's name, then what it is called elsewhere, in any spelling. */
const synonyms: readonly (readonly string[])[] = [
  ['lr', 'learningRate', 'learnRate', 'stepSize', 'eta'],
  ['epochs', 'numEpochs', 'nEpochs', 'maxEpochs', 'epoch', 'iterations'],
  ['batchSize', 'batch', 'miniBatch', 'miniBatchSize'],
  ['classes', 'numClasses', 'nClasses', 'nbClasses', 'classCount', 'numLabels', 'outputs'],
  ['validation', 'validationData', 'validationSet', 'valData', 'val', 'testData', 'test'],
  ['every', 'stepSize'],
  ['factor', 'gamma'],
  ['min', 'etaMin', 'minLr'],
  ['warmup', 'pctStart', 'warmupSteps'],
  ['onProgress', 'callback', 'callbacks', 'onStep', 'onBatchEnd', 'onEpochEnd', 'progress'],
  ['signal', 'abortSignal', 'abortController', 'abort'],
  ['kernel', 'kernelSize', 'kernelShape', 'filterSize', 'poolSize', 'windowSize', 'window'],
  ['stride', 'strides'],
  ['padding', 'pad', 'pads'],
  ['dilation', 'dilationRate'],
  ['bias', 'useBias'],
  ['labelSmoothing', 'smoothing'],
  ['inChannels', 'inputChannels', 'inPlanes', 'channelsIn'],
  ['outChannels', 'outputChannels', 'outPlanes', 'channelsOut', 'filters'],
  ['inFeatures', 'inputFeatures', 'inputSize', 'inputDim'],
  ['outFeatures', 'outputFeatures', 'outputSize', 'outputDim', 'units'],
  ['inputShape', 'inShape', 'inputSize', 'shape'],
  ['seed', 'randomSeed', 'randomState'],
  ['init', 'initializer', 'initialization', 'kernelInitializer', 'weightInit'],
  ['weightDecay', 'reg', 'l2', 'regularization'],
  ['reg', 'weightDecay', 'l2', 'regularization'],
  ['inputGradient', 'gradInput', 'dx'],
  ['transposeA', 'transA'],
  ['transposeB', 'transB'],
  ['normalization', 'normalisation', 'normalize'],
  ['resume', 'state', 'checkpoint', 'resumeFrom'],
  ['keepBest', 'saveBest', 'saveBestOnly', 'monitor'],
  ['patience', 'earlyStopping'],
  ['averaging', 'ema', 'swa'],
  ['optimizerState', 'velocity'],
  ['engine', 'backend'],
  ['features', 'numFeatures', 'channels', 'numChannels'],
  ['p', 'rate', 'prob', 'probability', 'dropRate'],
  ['betas', 'beta', 'beta1', 'beta2'],
  ['eps', 'epsilon'],
  ['deviation', 'std', 'stddev', 'standardDeviation'],
  ['limit', 'maxImages'],
  ['label', 'labels', 'labelColumn', 'target'],
  ['delimiter', 'sep', 'separator'],
  ['size', 'imageSize'],
];

/** What other systems have and rownet has not, so that no name that only looks alike is proposed. */
const notInRownet = new Map(
  Object.entries({
    paddingmode: 'padding is of zeros',
    ceilmode: 'rows and columns that no whole window covers are left out',
    returnindices: 'the function maxPool2d returns them as argmax',
    activation: 'put a ReLU after the layer',
    dropout: 'Dropout is a layer',
    device: 'everything runs on the CPU',
    dtype: 'everything is float32',
    dampening: 'SGD has momentum and nesterov',
    amsgrad: 'Adam has betas and eps',
  }),
);

/** Options that are known elsewhere. */
const places: readonly { readonly options: readonly string[]; readonly hint: string }[] = [
  {
    options: ['epochs', 'validation', 'signal', 'onProgress'],
    hint: 'epochs, validation, signal and onProgress belong to fit: trainer.fit(data, { epochs: 3 })',
  },
  {
    options: ['recipe', 'engine', 'lr', 'batchSize', 'resume', 'live'],
    hint: 'recipe, engine, lr, batchSize, resume and live belong to the trainer: new Trainer(net, { lr: 0.1 })',
  },
  {
    options: ['optimizer', 'momentum', 'nesterov', 'weightDecay', 'betas', 'alpha', 'centered'],
    hint:
      'the values of the optimizer belong to the recipe: ' +
      '{ ...recipes.fast, optimizer: { ...recipes.fast.optimizer, momentum: 0.9 } }',
  },
  {
    options: [
      'normalization',
      'loss',
      'criterion',
      'labelSmoothing',
      'biasGradient',
      'shuffle',
      'dropLast',
      'schedule',
      'warmup',
    ],
    hint: "normalization, shuffle, schedule and the like belong to the recipe: { ...recipes.fast, shuffle: 'once' }",
  },
  {
    options: ['seed', 'init', 'classes', 'inputShape'],
    hint: 'seed, init and classes belong to the net: new LeNet5({ classes: 10, seed: 1 })',
  },
  {
    options: ['resize', 'size', 'limit'],
    hint: "resize, size and limit belong to the data: loadDataset('mnist', { resize: 'pad' })",
  },
];
