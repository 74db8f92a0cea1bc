/** Convolutions with gaps, in groups and without bias, against PyTorch: test/fixtures/pytorch/convolutions.py asked. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import '../../../lib/engines/lanes/runner.js';
import { explainableLayers } from '../../../lib/explain/explanation.js';
import { Conv2d, type Conv2dOptions } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear, type LinearOptions } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { restoreNet } from '../../../lib/nets/restore.js';
import { Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, SHAPE, TYPE } from '../../support/misuse.js';

interface Case {
  readonly options: Conv2dOptions | LinearOptions;
  readonly shape: readonly number[];
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly bias?: readonly number[];
  readonly y: readonly number[];
  readonly dy: readonly number[];
  readonly dx: readonly number[];
  readonly dw: readonly number[];
  readonly db?: readonly number[];
}
const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/convolutions.json', import.meta.url), 'utf8'),
);

function expectNear(actual: Float32Array, expected: readonly number[], what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index] - value), `${what} ${index}`).toBeLessThanOrEqual(1e-5 * largest);
  }
}

describe.each(cases.map((each) => [JSON.stringify(each.options), each] as const))('%s', (_, each) => {
  const { options, shape, x, weight, bias, y, dy, dx, dw, db } = each;
  const layer = 'kernel' in options ? new Conv2d(options) : new Linear(options);
  layer.weight.value.data.set(weight);
  if (bias !== undefined) layer.bias.value.data.set(bias);

  it('has the values and gradients of PyTorch', () => {
    const out = layer.forward(Tensor.from(x, shape));
    expectNear(out.data, y, 'y');
    expectNear(layer.backward(Tensor.from(dy, out.shape)).data, dx, 'dx');
    expectNear(layer.weight.grad.data, dw, 'dw');
    if (db !== undefined) expectNear(layer.bias.grad.data, db, 'db');
    expect(layer.parameters().map(({ name }) => name)).toEqual(db ? ['weight', 'bias'] : ['weight']);
  });

  it('computes the same on the engine lanes, for one image and for many', () => {
    const net = new Net(new Sequential({ layer, flatten: new Flatten() }), { inputShape: shape.slice(1) });
    if (shape.length !== 4) return;
    expect(net.summary()).toContain('engine lanes: layer');
    net.arena.set([...weight, ...(bias ?? [])]);
    const images = Math.ceil(33 / shape[0]);
    const many = Tensor.from(Array(images).fill(x).flat(), [images * shape[0], ...shape.slice(1)]);
    expectNear(net.predict(many).data, Array(images).fill(y).flat(), 'many');
    const one = Tensor.from(x.slice(0, x.length / shape[0]), [1, ...shape.slice(1)]);
    expectNear(net.predict(one).data, y.slice(0, y.length / shape[0]), 'one');
    expect(restoreNet(net.architecture).architecture).toBe(net.architecture);
  });
});

it('describes what is as it was before with the words of then', () => {
  const conv = new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3, dilation: 1, groups: 1, bias: true });
  expect(JSON.stringify(conv.describe())).toBe(
    '{"kind":"conv2d","inChannels":1,"outChannels":2,"kernel":[3,3],"stride":[1,1],"padding":[0,0]}',
  );
  expect(JSON.stringify(new Linear({ inFeatures: 1, outFeatures: 2, bias: true }).describe())).toBe(
    '{"kind":"linear","inFeatures":1,"outFeatures":2}',
  );
});

it('says what differs', () => {
  const options = { inChannels: 4, outChannels: 6, kernel: 3 };
  expect(`${new Conv2d({ ...options, dilation: [2, 1], groups: 2, bias: false })}`).toBe(
    'Conv2d(4 -> 6, kernel 3x3, dilation 2x1, groups 2, bias false)',
  );
  expect(`${new Linear({ inFeatures: 2, outFeatures: 3, bias: false })}`).toBe('Linear(2 -> 3, bias false)');
});

it('initial weights follow from the inputs of a group', () => {
  expect(new Conv2d({ inChannels: 4, outChannels: 4, kernel: 3, groups: 4 }).weight.fanIn).toBe(9);
});

it('explains convolutions of whole windows alone', () => {
  const layers = {
    plain: new Conv2d({ inChannels: 2, outChannels: 2, kernel: 3, bias: false }),
    gaps: new Conv2d({ inChannels: 2, outChannels: 2, kernel: 3, dilation: 2 }),
    groups: new Conv2d({ inChannels: 2, outChannels: 2, kernel: 1, groups: 2 }),
    flatten: new Flatten(),
    fc: new Linear({ inFeatures: 18, outFeatures: 2, bias: false }),
  };
  const net = new Net(new Sequential(layers), { inputShape: [2, 9, 9] });
  expect(explainableLayers(net)).toEqual(['plain', 'fc']);
});

const plain = { inChannels: 4, outChannels: 6, kernel: 3 };
itRefuses([
  [
    'groups that do not divide the channels',
    () => new Conv2d({ ...plain, groups: 4 }),
    RANGE,
    'conv2d: expected groups that divide 4 input and 6 output channels but received 4',
  ],
  ['no group', () => new Conv2d({ ...plain, groups: 0 }), RANGE, /expected groups to be an integer from 1/],
  [
    'a dilation of 0',
    () => new Conv2d({ ...plain, dilation: 0 }),
    RANGE,
    /expected dilation to be an integer from 1/,
  ],
  [
    'a bias that is no boolean',
    () => new Conv2d({ ...plain, bias: 1 as never }),
    TYPE,
    /expected bias to be a boolean/,
  ],
  [
    'a bias of a linear layer that is no boolean',
    () => new Linear({ inFeatures: 1, outFeatures: 1, bias: null as never }),
    TYPE,
    /linear: expected bias to be a boolean/,
  ],
  [
    'gaps that do not fit',
    () => new Conv2d({ ...plain, dilation: 3 }).outputShape([1, 4, 6, 9]),
    SHAPE,
    /at least 7x7 \(the kernel with its gaps\)/,
  ],
]);
