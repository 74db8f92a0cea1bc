/** One suite for every engine. */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import type { EngineOptions, ImageSet } from '../../../lib/engines/engine.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import type { ParameterUpdate } from '../../../lib/optimizers/optimizer.js';
import { SGD } from '../../../lib/optimizers/sgd.js';
import { Tensor, typeName } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, type Misuse, RANGE, SHAPE, STATE, TYPE, wrong } from '../../support/misuse.js';
import * as oracle from '../../support/oracle.js';
import { OracleNet, paramsOf } from '../../support/oracle-net.js';
import { randomImages } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

const normalization = { scale: 1 / 128, shift: -1 };
const train = randomImages(20, [1, 3, 5], 3, 1);

/** The images of a set, normalised in double precision. */
function pixels(set: ImageSet, indices: ArrayLike<number>): Float64Array {
  const size = set.images.length / set.count;
  return Float64Array.from(
    Array.from(indices).flatMap((image) => [...set.images.subarray(image * size, (image + 1) * size)]),
    (pixel) => pixel * normalization.scale + normalization.shift,
  );
}

function expected(net: Net, set: ImageSet, indices: ArrayLike<number>) {
  const reference = new OracleNet(net);
  const labels = Array.from(indices, (index) => (set.labels as Uint8Array)[index]);
  const scores = reference.forward(paramsOf(net), pixels(set, indices), labels.length);
  const result = oracle.softmaxCrossEntropy(scores, labels);
  return { reference, labels, scores, ...result };
}

describe.each(['auto', 'lanes', 'rows'] as const)('engine %s', (name) => {
  const engineOf = (net: Net, options: Partial<EngineOptions> = {}) =>
    createEngine(name, net, { normalization, train, ...options });

  it('says which it is and why', () => {
    const engine = engineOf(tinyNet());
    expect(engine.name).toBe(name === 'rows' ? 'rows' : 'lanes');
    expect(engine.reason).toBe(
      name === 'rows' ? 'layer by layer; it expresses every net' : '2 fused steps: conv+relu, fc',
    );
  });

  it('takes an image for the first of equal scores, as the loss counts it', () => {
    const net = tinyNet();
    net.arena.fill(0);
    net
      .parameters()
      .find((parameter) => parameter.name === 'fc.bias')
      ?.value.data.set([-1, 2, 2]);
    const { predictions, correct } = engineOf(net).evaluate(train);
    expect(predictions).toEqual(new Int32Array(train.count).fill(1));
    expect(correct).toBe(train.labels.filter((label) => label === 1).length);
  });

  it.each([
    ['mean', [3, 19, 0, 3, 7]],
    ['sum', [3, 19, 0, 3, 7]],
    ['mean', [11]],
  ] as const)('trainStep, %s over images %j: loss and gradients as the oracle', (reduction, images) => {
    const net = tinyNet();
    const before = net.arena.slice();
    const engine = engineOf(net, { reduction });
    const { loss, correct } = engine.trainStep(Uint32Array.from(images));
    const wanted = expected(net, train, images);
    expectClose([loss], [wanted.loss], 1e-5, 'summed loss');
    expect(correct).toBe(wanted.correct);
    const divisor = reduction === 'mean' ? images.length : 1;
    wanted.reference.backward(wanted.dlogits.map((value) => value / divisor));
    for (const { name: parameter, grad } of net.parameters()) {
      const gradient = wanted.reference.gradients.get(parameter) as Float64Array;
      const bound = 5e-6 * Math.max(...gradient.map(Math.abs));
      expectClose(grad.data, gradient, bound, `${reduction} ${parameter}`, grad.shape);
    }
    expectSame(net.arena, before, 'no update');
  });

  it('takes batches of any size after each other', () => {
    const [net, fresh] = [tinyNet(), tinyNet()];
    const engine = engineOf(net);
    for (const size of [4, 20, 1, 7]) {
      const indices = Uint32Array.from({ length: size }, (_, index) => 19 - index);
      const result = engine.trainStep(indices);
      expect(engineOf(fresh).trainStep(indices)).toEqual(result);
      expectSame(net.gradArena, fresh.gradArena, `gradients of a batch of ${size}`);
    }
  });

  it('allocates no array in a step', () => {
    const digits = randomImages(40, [1, 32, 32], 10, 2);
    const net = new LeNet5();
    const engine = engineOf(net, { train: digits });
    const indices = Uint32Array.from({ length: 32 }, (_, index) => index);
    const step = () => {
      engine.trainStep(indices);
      net.update({ lr: 0.01 });
    };
    step();
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 5; count += 1) step();
    // Nothing else runs meanwhile, and a collection only lowers it.
    expect(process.memoryUsage().arrayBuffers).toBeLessThanOrEqual(before);
  });

  it('evaluates a whole set, whatever the batches', () => {
    const net = tinyNet();
    const engine = engineOf(net);
    engine.trainStep(Uint32Array.of(0, 1));
    const gradients = net.gradArena.slice();
    const all = Array.from({ length: train.count }, (_, index) => index);
    const { loss, correct, labels, scores } = expected(net, train, all);
    const confusion = [0, 1, 2].map(() => [0, 0, 0]);
    const predictions = Int32Array.from(labels, (label, row) => {
      const line = [...scores.subarray(3 * row, 3 * row + 3)];
      const prediction = line.indexOf(Math.max(...line));
      confusion[label][prediction] += 1;
      return prediction;
    });
    for (const batchSize of [undefined, 1, 7, 20, 64]) {
      const result = engine.evaluate(train, batchSize);
      expectClose([result.loss], [loss], 1e-5, `loss, batches of ${batchSize}`);
      expect(result).toMatchObject({ images: 20, correct, confusion, predictions });
    }
    expectSame(net.gradArena, gradients, 'gradients');
  });

  it('evaluates nothing', () => {
    const nothing = { ...train, images: new Uint8Array(0), labels: new Uint8Array(0), count: 0 };
    const confusion = [0, 1, 2].map(() => [0, 0, 0]);
    const predictions = new Int32Array(0);
    expect(engineOf(tinyNet()).evaluate(nothing)).toEqual({
      images: 0,
      loss: 0,
      correct: 0,
      confusion,
      predictions,
    });
  });

  it('predicts normalised images', () => {
    const net = tinyNet();
    const x = Tensor.from(pixels(train, [4, 5, 6]), [3, ...tinyInput]);
    const scores = engineOf(net).predict(x);
    expect(scores.shape).toEqual([3, 3]);
    expectClose(scores.data, expected(net, train, [4, 5, 6]).scores, 1e-5, 'scores');
  });

  it('trains LeNet5', () => {
    const digits = randomImages(10, [1, 32, 32], 10, 2);
    const net = new LeNet5({ seed: 1 });
    const engine = engineOf(net, { train: digits });
    const indices = Uint32Array.from({ length: 10 }, (_, index) => index);
    const first = engine.trainStep(indices).loss;
    for (let step = 0; step < 30; step += 1) {
      net.update({ lr: 0.02 });
      engine.trainStep(indices);
    }
    expect(engine.evaluate(digits).loss).toBeLessThan(first / 4);
  });

  const engine = engineOf(tinyNet());
  const { train: _, ...withoutTrain } = { normalization, train };
  itRefuses(STATE, {
    'engine: expected a training set but there is none. Pass one to createEngine as "train"': () =>
      createEngine(name, tinyNet(), withoutTrain).trainStep(Uint32Array.of(0)),
  });
  itRefuses(RANGE, {
    'engine: expected at least one index but received none': () => engine.trainStep(new Uint32Array(0)),
    '...expected indices below 20 but index 1 is 20...': () => engine.trainStep(Uint32Array.of(0, 20)),
    "engine: expected labels from 0 to 2 (the net's classes) but label 19 is 3": () =>
      engine.evaluate({ ...train, labels: new Uint8Array(20).fill(3, 19) }),
    '...evaluate: expected batchSize...': () => engine.evaluate(train, 0),
    "...reduction 'mean' or 'sum' but received \"max\"...": () =>
      engineOf(tinyNet(), { reduction: wrong('max') }),
    'engine: expected normalization.scale to be a number, finite in single precision, but received NaN': () =>
      engineOf(tinyNet(), { normalization: { scale: Number.NaN, shift: 0 } }).trainStep(Uint32Array.of(0)),
  });
  itRefuses(TYPE, {
    '...expected indices to be a Uint32Array but received Array...': () => engine.trainStep(wrong([0, 1])),
    '...engine: expected images to own its memory but received a SharedArrayBuffer...': () =>
      engine.evaluate({ ...train, images: new Uint8Array(new SharedArrayBuffer(300)) }),
    '...engine: expected a data set ... but received undefined...': () => engine.evaluate(wrong(undefined)),
    'engine: expected count to be an integer but received string': () =>
      engine.evaluate({ ...train, count: wrong('20') }),
    'engine: expected an update such as SGD.update() gives but received null': () =>
      engine.trainStep(Uint32Array.of(0), { update: wrong(null) }),
    'engine: expected a Net but received Object': () => engineOf(wrong({})),
    'engine: normalization: expected an options object such as trainer.normalization, or measureNormalization(train.images) but received undefined':
      () => engineOf(tinyNet(), { normalization: wrong(undefined) }),
  });
  itRefuses(SHAPE, {
    "engine: expected images 1x3x5 (the net's input) but received 1x5x3": () =>
      engine.evaluate(randomImages(2, [1, 5, 3], 3, 1)),
    "engine: expected images 1x3x5 (the net's input) but received 3x1x5": () =>
      engineOf(tinyNet(), { train: randomImages(2, [3, 1, 5], 3, 1) }),
    'engine: expected 300 pixels and 20 labels (20 images 1x3x5) but received 299 and 20': () =>
      engine.evaluate({ ...train, images: train.images.subarray(1) }),
    'engine: expected 300 pixels and 20 labels (20 images 1x3x5) but received 300 and 19': () =>
      engine.evaluate({ ...train, labels: train.labels.subarray(1) }),
    'predict: expected x Nx1x3x5 (N inputs of the net) but received 2x1x4x6': () =>
      engine.predict(new Tensor([2, 1, 4, 6])),
    'engine: expected a net with scores [N, classes] but its output is Nx1x3x5': () =>
      engineOf(new Net(new Sequential([new ReLU()]), { inputShape: [1, 3, 5] })),
  });
  itRefuses([
    ...[Int8Array.of(-1), Float32Array.of(0.5), [0], new Uint8Array(new SharedArrayBuffer(1))].map(
      (labels): Misuse => [
        `labels in ${Array.isArray(labels) ? 'a list' : Object.prototype.toString.call(labels.buffer)} ${typeName(labels)}`,
        () => engineOf(tinyNet(), { train: { ...randomImages(1, [1, 3, 5], 3, 1), labels: wrong(labels) } }),
        TYPE,
        /engine: expected labels to (be a Uint8Array but received|own its memory but received a Shared)/,
      ],
    ),
    ...['lr', 'momentum'].map(
      (rate, index): Misuse => [
        `an update with ${rate} NaN`,
        () => {
          const net = tinyNet();
          const update = new SGD(net, { lr: 0.1, momentum: 0.5 }).update() as ParameterUpdate;
          const numbers = update.numbers.with(index, Number.NaN);
          const before = net.arena.slice();
          try {
            engineOf(net).trainStep(Uint32Array.of(0), { update: { ...update, numbers } });
          } finally {
            expectSame(net.arena, before, 'parameters');
          }
        },
        RANGE,
        new RegExp(`engine: expected ${rate} to be a number, finite in single precision, but received NaN`),
      ],
    ),
  ]);

  it('takes a net without parameters', () => {
    const net = new Net(new Sequential([new Flatten()]), { inputShape: [1, 1, 3] });
    const set = randomImages(4, [1, 1, 3], 3, 3);
    const create = () => createEngine(name, net, { normalization });
    if (name === 'lanes') expect(create).toThrow('cannot run this net: it has no step that computes');
    else expect(create().evaluate(set).images).toBe(4);
  });
});

describe('createEngine', () => {
  itRefuses(RANGE, {
    "createEngine: expected 'auto', 'lanes' or 'rows' but received \"gpu\"": () =>
      createEngine(wrong('gpu'), tinyNet(), { normalization }),
  });
});
