/** Floats and rows of features on both engines, normalized by one number or by one a channel. */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import type { EngineOptions, ImageSet } from '../../../lib/engines/engine.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { MSELoss } from '../../../lib/losses/mse.js';
import { Net } from '../../../lib/nets/net.js';
import { Random } from '../../../lib/random.js';
import { sizeOf } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, SHAPE, TYPE } from '../../support/misuse.js';
import * as oracle from '../../support/oracle.js';
import { OracleNet, paramsOf } from '../../support/oracle-net.js';

const classes = 3;
const count = 37;

/** Rows of features for linear layers; images for a convolution with padding, whose input has margins. */
function netOf(shape: readonly number[]): Net {
  const layers: Record<string, Layer> =
    shape.length === 1
      ? { fc1: new Linear({ inFeatures: shape[0], outFeatures: 5 }), relu1: new ReLU() }
      : {
          conv1: new Conv2d({ inChannels: shape[0], outChannels: 2, kernel: 3, padding: 1 }),
          relu1: new ReLU(),
          flatten: new Flatten(),
        };
  const inFeatures = shape.length === 1 ? 5 : 2 * shape[1] * shape[2];
  return new Net(new Sequential({ ...layers, fc: new Linear({ inFeatures, outFeatures: classes }) }), {
    inputShape: shape,
    seed: 3,
  });
}

function setOf(kind: 'bytes' | 'floats', shape: readonly number[]) {
  const random = new Random(7);
  const length = count * sizeOf(shape);
  const images =
    kind === 'bytes'
      ? Uint8Array.from({ length }, () => random.integer(256))
      : Float32Array.from({ length }, () => 100 + 30 * random.normal());
  const labels = Uint8Array.from({ length: count }, () => random.integer(classes));
  const values = Float32Array.from({ length: count * classes }, () => random.normal());
  return { images, labels, values, count, shape };
}

/** In double precision, from rounded numbers, as a loop would. */
function normalized({ images, shape }: ImageSet, { scale, shift }: EngineOptions['normalization']) {
  const [size, area] = [sizeOf(shape), sizeOf(shape) / shape[0]];
  const at = (value: typeof scale, i: number) =>
    Math.fround(typeof value === 'number' ? value : value[Math.floor((i % size) / area)]);
  return Float64Array.from(images, (x, i) => x * at(scale, i) + at(shift, i));
}

const shapes = [[1], [7], [16], [33], [1, 3, 5], [3, 1, 1], [3, 4, 9], [2, 5, 17]];
const cases = shapes.flatMap((shape) =>
  (['bytes', 'floats'] as const).flatMap((kind) =>
    (['one number', 'one a channel'] as const).map((numbers) => ({ shape, kind, numbers })),
  ),
);

describe.each(['lanes', 'rows'] as const)('engine %s', (name) => {
  it.each(cases)('$kind of $shape, $numbers: loss, gradients and scores as the oracle', (one) => {
    const { shape, kind, numbers } = one;
    const train = setOf(kind, shape);
    const each = Array.from({ length: shape[0] }, (_, c) => (1 + (c % 5)) / 128);
    const normalization =
      numbers === 'one number'
        ? { scale: 1 / 64, shift: -1 }
        : { scale: each, shift: each.map((scale, c) => -100 * scale + (c % 3)) };
    const net = netOf(shape);
    const engine = createEngine(name, net, { normalization, train });
    expect(engine.name).toBe(name);
    const size = sizeOf(shape);
    const x = normalized(train, normalization);
    for (const indices of [[36], [3, 0, 36, 3, 12], Array.from({ length: 20 }, (_, i) => i + 1)]) {
      const reference = new OracleNet(net);
      const labels = indices.map((index) => train.labels[index]);
      const inputs = Float64Array.from(indices.flatMap((i) => [...x.subarray(i * size, (i + 1) * size)]));
      const scores = reference.forward(paramsOf(net), inputs, indices.length);
      const wanted = oracle.softmaxCrossEntropy(scores, labels);
      const { loss, correct } = engine.trainStep(Uint32Array.from(indices));
      expectClose([loss], [wanted.loss], 1e-5 * Math.max(1, wanted.loss), 'summed loss');
      expect(correct).toBe(wanted.correct);
      reference.backward(wanted.dlogits.map((value) => value / indices.length));
      for (const { name: parameter, grad } of net.parameters()) {
        const gradient = reference.gradients.get(parameter) as Float64Array;
        const bound = 2e-5 * Math.max(...gradient.map(Math.abs));
        expectClose(grad.data, gradient, bound, parameter, grad.shape);
      }
    }
    const all = new OracleNet(net).forward(paramsOf(net), x, count);
    const wanted = oracle.softmaxCrossEntropy(all, [...train.labels]);
    const { loss, correct, confusion } = engine.evaluate(train, 16);
    expectClose([loss], [wanted.loss], 1e-5 * wanted.loss, 'evaluated loss');
    expect(correct).toBe(wanted.correct);
    expect(confusion.length).toBe(classes);
  });

  it('without labels a set is measured by its values, and has no confusion', () => {
    const { labels, ...train } = setOf('floats', [7]);
    const options = { normalization: { scale: 1 / 64, shift: -1 }, loss: new MSELoss() };
    const found = createEngine(name, netOf([7]), { ...options, train }).evaluate(train);
    expect([found.confusion, found.correct]).toEqual([[], undefined]);
    const labelled = createEngine(name, netOf([7]), options).evaluate({ ...train, labels });
    expect(labelled.loss).toBe(found.loss);
    expectSame(labelled.predictions, found.predictions, 'predictions');
    // Labels that are no outputs of the net are of no account where there are values.
    const beyond = { ...train, labels: labels.map((label) => label + classes) };
    expect(createEngine(name, netOf([7]), options).evaluate(beyond)).toEqual(found);
  });

  const make = (train: Partial<ImageSet>, loss = new CrossEntropyLoss() as EngineOptions['loss']) => {
    const normalization = { scale: 1, shift: 0 };
    const set = { ...setOf('floats', [7]), ...train } as ImageSet;
    createEngine(name, netOf([7]), { normalization, train: set, ...(loss && { loss }) });
  };
  const nan = setOf('floats', [7]).images.slice() as Float32Array;
  nan[7 * 4 + 2] = Number.NaN;
  itRefuses([
    [
      'a loss of labels for values alone',
      () => make({ labels: undefined }),
      TYPE,
      /expected labels, a class an image, which the loss "crossEntropy" needs, but the data has values alone. Hint/,
    ],
    [
      'a loss of labels for nothing',
      () => make({ labels: undefined, values: undefined }),
      TYPE,
      /"crossEntropy" needs, but the data has neither labels nor values/,
    ],
    [
      'a loss of values for nothing',
      () => make({ labels: undefined, values: undefined }, new MSELoss()),
      TYPE,
      /expected values, 3 an image, or labels, which the loss "mse" needs, but the data has neither/,
    ],
    [
      'a feature that is missing',
      () => make({ images: nan }),
      RANGE,
      /number 2 of image 4 is NaN. Hint: fill in/,
    ],
    [
      'a value that is missing',
      () => make({ values: new Float32Array(count * classes).fill(Number.POSITIVE_INFINITY) }, new MSELoss()),
      RANGE,
      /expected finite values but number 0 of image 0 is Infinity/,
    ],
    ['rows of other features', () => make({ shape: [8] }), SHAPE, /expected images 7 \(the net's input\)/],
    [
      'scales of other channels',
      () => createEngine(name, netOf([7]), { normalization: { scale: [1, 2], shift: 0 } }),
      SHAPE,
      /expected normalization.scale to be a number or 7 \(one a channel\) but received 2/,
    ],
  ]);
});
