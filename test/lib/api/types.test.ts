/** Mistakes that the types refuse, and that are refused again where there are no types. */
import { describe, expect, it } from 'vitest';
import {
  Adam,
  BatchNorm2d,
  Conv2d,
  CrossEntropyLoss,
  computeAccuracy,
  createEngine,
  Linear,
  loadDataset,
  MSELoss,
  Net,
  recipes,
  Tensor,
  Trainer,
} from '../../../lib/index.js';
import { errorOf } from '../../support/misuse.js';
import { tinyNet } from '../../support/tiny-net.js';

const scores = new Tensor([2, 3]);
const net = tinyNet();
const normalization = { scale: 1, shift: 0 };

/** `npm run check:types` fails where one of them is no longer a type error. */
const mistakes: Readonly<Record<string, () => unknown>> = {
  // @ts-expect-error: labels are no values
  'labels for MSELoss': () => new MSELoss().forward(scores, Int32Array.of(0, 2)),
  // @ts-expect-error
  'a list of labels for MSELoss': () => new MSELoss().forward(scores, [0, 2]),
  // @ts-expect-error
  'bytes for MSELoss': () => new MSELoss().forward(scores, Uint8Array.of(0, 2)),
  // @ts-expect-error: values are no labels
  'a tensor of values for CrossEntropyLoss': () => new CrossEntropyLoss().forward(scores, new Tensor([2, 3])),
  // @ts-expect-error
  'texts for CrossEntropyLoss': () => new CrossEntropyLoss().forward(scores, ['cat', 'dog']),
  // @ts-expect-error
  'one label for CrossEntropyLoss': () => new CrossEntropyLoss().forward(scores, 1),
  // @ts-expect-error
  'scores that are no tensor': () => new MSELoss().forward(new Float32Array(6), new Float32Array(6)),
  // @ts-expect-error
  'a reduction of another name': () => new MSELoss({ reduction: 'none' }),
  // @ts-expect-error
  'a loss by its name for an engine': () => createEngine('rows', net, { normalization, loss: 'mse' }),
  // @ts-expect-error
  'an engine of another name': () => createEngine('gpu', net, { normalization }),
  // @ts-expect-error
  'a criterion of another name': () => new Trainer(net, { recipe: { ...recipes.fast, criterion: 'l1' } }),
  // @ts-expect-error
  'a recipe of another name': () => new Trainer(net, { recipe: 'slow' }),
  // @ts-expect-error
  'a part of a recipe': () => new Trainer(net, { recipe: { epochs: 3 } }),
  'an option of another optimizer': () =>
    // @ts-expect-error
    new Trainer(net, { recipe: { ...recipes.fast, optimizer: { kind: 'adam', lr: 0.1, nesterov: true } } }),
  'a step schedule without its length': () =>
    // @ts-expect-error
    new Trainer(net, { recipe: { ...recipes.fast, schedule: { kind: 'step' } } }),
  // @ts-expect-error
  'a schedule as data for a function': () => new Trainer(net, { schedule: { kind: 'cosine' } }),
  // @ts-expect-error
  'an optimizer of parameters': () => new Adam(net.arena, { lr: 0.1 }),
  // @ts-expect-error
  'a convolution without its channels': () => new Conv2d({ kernel: 3 }),
  // @ts-expect-error
  'a linear layer without its outputs': () => new Linear({ inFeatures: 3 }),
  // @ts-expect-error
  'a normalisation without its features': () => new BatchNorm2d({ eps: 0.1 }),
  'a net of a list of layers': () =>
    // @ts-expect-error
    new Net([new Linear({ inFeatures: 1, outFeatures: 1 })], { inputShape: [1] }),
  // @ts-expect-error
  'another way to resize': () => loadDataset('mnist', { resize: 'crop' }),
  // @ts-expect-error
  'an accuracy without a data set': () => computeAccuracy(net, net.arena, { normalization }),
};

describe('refused by the types, and by the calls', () => {
  it.each(Object.entries(mistakes))('%s', (_, call) => {
    expect((errorOf(call) as { code?: string }).code).toMatch(/^ERR_ROWNET_(TYPE|RANGE|SHAPE)$/);
  });
});
