import { describe, expect, it } from 'vitest';
import type { BatchNormOptions } from '../../../lib/layers/batch-norm.js';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { createEngine } from '../../../lib/engines/create.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { expectClose } from '../../support/comparer.js';
import { finiteDifferences } from '../../support/finite-differences.js';
import { itRefuses, RANGE, SHAPE, STATE, TYPE, wrong } from '../../support/misuse.js';
import { Tensor } from '../../../lib/tensor.js';
import { normalTensor } from '../../support/random-data.js';

const training = { training: true, seed: 0, step: 0 } as const;
const shape = [4, 3, 2, 5] as const;
const [images, channels] = shape;
const pixels = shape[2] * shape[3];

function channelOf(x: ArrayLike<number>, channel: number): number[] {
  return Array.from({ length: images * pixels }, (_, i) => {
    const [n, pixel] = [Math.floor(i / pixels), i % pixels];
    return x[(n * channels + channel) * pixels + pixel];
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const squares = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0);

/** A forward in training, value after value. */
function reference(
  x: Float64Array,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  eps: number,
): Float64Array {
  const groups = [0, 1, 2].map((channel) => channelOf(x, channel));
  return x.map((value, at) => {
    const channel = Math.floor(at / pixels) % channels;
    const values = groups[channel];
    const deviation = Math.sqrt(squares(values) / values.length + eps);
    return ((value - mean(values)) / deviation) * weight[channel] + bias[channel];
  });
}

function layerWith(options: Partial<BatchNormOptions> = {}): BatchNorm2d {
  const layer = new BatchNorm2d({ features: channels, ...options });
  for (const [index, { value }] of layer.parameters().entries()) {
    value.data.set(normalTensor(value.shape, 20 + index).data);
  }
  return layer;
}

describe('BatchNorm2d in training', () => {
  it.each([{ eps: 0.1 }, { affine: false, eps: 1e-5 }])('values and gradients, %o', (options) => {
    const layer = layerWith(options);
    const input = normalTensor(shape, 1);
    const x = Float64Array.from(input.data, (value) => 3 + 2 * value);
    input.data.set(x);
    const params = [layer.weight, layer.bias].map(({ value }) => Float64Array.from(value.data));
    const run = () => reference(x, params[0], params[1], options.eps);
    expectClose(layer.forward(input, training).data, run(), 1e-5, 'forward', shape);
    const dy = normalTensor(shape, 2);
    const dx = layer.backward(dy);
    expectClose(dx.data, finiteDifferences(x, dy.data, run), 1e-4, 'dx', shape);
    for (const [index, { grad, rows }] of layer.parameters().entries()) {
      expectClose(grad.data, finiteDifferences(params[index], dy.data, run), 1e-4, `parameter ${index}`);
      expect(rows).toBe(images * pixels);
    }
    const [copy] = layer.parameters().map(({ grad }) => grad.data.slice());
    layer.backwardParameters(dy);
    expect(layer.parameters()[0]?.grad.data).toEqual(copy);
  });

  it('moves the running statistics towards those of the batch, the variance as of one value less', () => {
    const layer = layerWith({ momentum: 0.25 });
    const x = normalTensor(shape, 3);
    layer.forward(x, training);
    for (const channel of [0, 1, 2]) {
      const values = channelOf(x.data, channel);
      expect(layer.runningMean.value.data[channel]).toBeCloseTo(0.25 * mean(values), 5);
      const variance = squares(values) / (values.length - 1);
      expect(layer.runningVar.value.data[channel]).toBeCloseTo(0.75 + 0.25 * variance, 5);
    }
    const before = [layer.runningMean, layer.runningVar].map(({ value }) => value.data.slice());
    layer.forward(x);
    expect([layer.runningMean, layer.runningVar].map(({ value }) => value.data)).toEqual(before);
  });

  it('of running statistics sends the gradient back through them unchanged', () => {
    const layer = layerWith({ eps: 0.1 });
    layer.forward(normalTensor(shape, 7), training);
    const x = Float64Array.from(normalTensor(shape, 8).data);
    const [weight, bias, mean, variance] = [
      layer.weight,
      layer.bias,
      layer.runningMean,
      layer.runningVar,
    ].map(({ value }) => Float64Array.from(value.data));
    const run = () =>
      x.map((value, at) => {
        const c = Math.floor(at / pixels) % channels;
        return ((value - mean[c]) / Math.sqrt(variance[c] + 0.1)) * weight[c] + bias[c];
      });
    expectClose(layer.forward(new Tensor(shape, Float32Array.from(x))).data, run(), 1e-5, 'forward', shape);
    const dy = normalTensor(shape, 9);
    expectClose(layer.backward(dy).data, finiteDifferences(x, dy.data, run), 1e-4, 'dx', shape);
    for (const [index, { grad }] of layer.parameters().entries()) {
      const numbers = [weight, bias][index];
      expectClose(grad.data, finiteDifferences(numbers, dy.data, run), 1e-4, `parameter ${index}`);
    }
  });
});

describe('BatchNorm2d in a net', () => {
  const make = () =>
    new Net(
      new Sequential({
        conv: new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3 }),
        norm: new BatchNorm2d({ features: 2 }),
        flatten: new Flatten(),
      }),
      { inputShape: [1, 5, 4], seed: 3, init: 'article' },
    );

  it('starts at 1 and 0 whatever the init, and keeps its statistics beside the parameters', () => {
    const net = make();
    const params = net.getParams();
    expect([...params.keys()]).toEqual([
      'conv.weight',
      'conv.bias',
      'norm.weight',
      'norm.bias',
      'norm.running_mean',
      'norm.running_var',
    ]);
    for (const [name, value] of [
      ['weight', 1],
      ['bias', 0],
      ['running_mean', 0],
      ['running_var', 1],
    ] as const) {
      expect([...(params.get(`norm.${name}`)?.data ?? [])]).toEqual([value, value]);
    }
    expect(net.arena.length).toBe(18 + 2 + 4);
    expect([...net.bufferArena]).toEqual([0, 0, 1, 1]);
    net.forward(normalTensor([3, 1, 5, 4], 5));
    expect([...net.bufferArena]).not.toEqual([0, 0, 1, 1]);
    const other = make();
    other.setParams(net.getParams());
    expect(other.bufferArena).toEqual(net.bufferArena);
    const x = normalTensor([2, 1, 5, 4], 6);
    expect(other.predict(x)).toEqual(net.predict(x));
    params.delete('norm.running_var');
    expect(() => other.setParams(params)).toThrow('norm.running_var is missing');
  });
});

it.each(['rows', 'lanes'] as const)('%s trains on two images of a pixel each, and refuses one', (name) => {
  const net = new Net(new Sequential({ norm: new BatchNorm2d({ features: 2 }), flatten: new Flatten() }), {
    inputShape: [2, 1, 1],
  });
  const train = {
    images: Uint8Array.of(1, 2, 3, 4),
    labels: Uint8Array.of(0, 1),
    count: 2,
    shape: [2, 1, 1],
  };
  const engine = createEngine(name, net, { normalization: { scale: 1, shift: 0 }, train });
  engine.trainStep(Uint32Array.of(0, 1));
  const before = net.bufferArena.slice();
  expect(() => engine.trainStep(Uint32Array.of(1))).toThrow(
    /^batchNorm2d: expected more than one value a channel in training but received 1 \(input 1x2x1x1\)/,
  );
  expect(net.bufferArena).toEqual(before);
  expect(engine.evaluate(train).loss).toBeGreaterThan(0);
});

describe('BatchNorm2d refuses', () => {
  const affine = { features: 2, affine: false } as const;
  const taken = new BatchNorm2d(affine);
  new Net(new Sequential({ taken, flatten: new Flatten() }), { inputShape: [2, 1, 1] });
  itRefuses(SHAPE, {
    '...expected an input [N, 3, H, W]...': () => layerWith().forward(normalTensor([1, 2, 2, 2], 1)),
    'batchNorm2d: expected an input [N, 3, H, W] but received 2x3': () => layerWith().outputShape([2, 3]),
  });
  itRefuses(RANGE, {
    'batchNorm2d: expected more than one value a channel in training ... (input 1x3x1x1)... Hint: take batches...':
      () => layerWith().forward(normalTensor([1, 3, 1, 1], 4), training),
    '...batchNorm2d: expected features...': () => new BatchNorm2d({ features: 0 }),
    'batchNorm2d: expected eps to be a number of at least 0, finite in single precision, but received -1':
      () => layerWith({ eps: -1 }),
    '...momentum of at most 1 but received 2...': () => layerWith({ momentum: 2 }),
  });
  itRefuses(TYPE, {
    '...batchNorm2d: expected affine...': () => layerWith({ affine: wrong('no') }),
  });
  itRefuses(STATE, {
    '...taken.running_mean belongs to one...': () =>
      new Net(new Sequential({ taken, flatten: new Flatten() }), { inputShape: [2, 1, 1] }),
  });
});
