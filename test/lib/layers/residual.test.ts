/** Residual blocks against PyTorch (test/fixtures/pytorch/residual.py), and in nets. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Residual } from '../../../lib/layers/residual.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { restoreNet } from '../../../lib/nets/restore.js';
import { Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, SHAPE, TYPE } from '../../support/misuse.js';

const fixture: Readonly<Record<string, readonly number[]>> = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/residual.json', import.meta.url), 'utf8'),
);

function expectNear(actual: Float32Array, name: string): void {
  const expected = fixture[name];
  expect(actual.length, name).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index] - value), `${name} ${index}`).toBeLessThanOrEqual(1e-5 * largest);
  }
}

const conv = (inChannels: number, outChannels: number, kernel: number, stride = 1) =>
  new Conv2d({ inChannels, outChannels, kernel, stride, padding: (kernel - 1) / 2, bias: false });
const blocks = () =>
  new Sequential([
    new Residual({ body: new Sequential([conv(2, 2, 3), new ReLU()]) }),
    new Residual({
      body: new Sequential([conv(2, 3, 3, 2), new ReLU(), conv(3, 3, 3)]),
      shortcut: new Sequential([conv(2, 3, 1, 2)]),
    }),
  ]);

describe('two blocks', () => {
  it('have the values and all gradients of PyTorch', () => {
    const layers = blocks();
    for (const { name, value } of layers.parameters()) value.data.set(fixture[name]);
    const y = layers.forward(Tensor.from(fixture.x, [2, 2, 5, 6]));
    expectNear(y.data, 'y');
    const dy = Tensor.from(fixture.dy, y.shape);
    expectNear(layers.backward(dy).data, 'dx');
    for (const { name, grad } of layers.parameters()) expectNear(grad.data, `grad ${name}`);
    for (const { grad } of layers.parameters()) grad.data.fill(0);
    layers.backwardParameters(dy);
    for (const { name, grad } of layers.parameters()) expectNear(grad.data, `grad ${name}`);
  });

  it('come back from their description, and run on rows', () => {
    const layers = new Sequential({
      blocks: blocks(),
      flatten: new Flatten(),
      fc: new Linear({ inFeatures: 27, outFeatures: 2 }),
    });
    const net = new Net(layers, { inputShape: [2, 5, 6], seed: 1 });
    const other = restoreNet(net.architecture);
    other.setParams(net.getParams());
    const x = Tensor.from(fixture.x, [2, 2, 5, 6]);
    expect(other.predict(x).data).toEqual(net.predict(x).data);
    expect(createEngine('auto', net, { normalization: { scale: 1, shift: 0 } }).name).toBe('rows');
    expect(net.summary()).toContain('Residual(Conv2d(2 -> 2, kernel 3x3, padding 1x1, bias false), ReLU())');
  });
});

it('gives each dropout within it a place of its own', () => {
  const drops = [new Dropout(), new Dropout(), new Dropout()];
  const inner = new Residual({ body: new Sequential([drops[1]]), shortcut: new Sequential([drops[2]]) });
  new Net(new Sequential([new Residual({ body: new Sequential([drops[0], inner]) })]), { inputShape: [4] });
  expect(drops.map(({ place }) => place)).toEqual([0, 1, 2]);
});

const relu = new ReLU();
itRefuses([
  [
    'branches of two shapes',
    () => new Residual({ body: new Sequential([conv(2, 3, 3)]) }).outputShape([1, 2, 4, 4]),
    SHAPE,
    /the body gives 1x3x4x4 and the input is 1x2x4x4/,
  ],
  [
    'a body that is no Sequential',
    () => new Residual({ body: relu as never }),
    TYPE,
    /expected body to be a Seq/,
  ],
  [
    'a layer in both branches',
    () => new Residual({ body: new Sequential([relu]), shortcut: new Sequential([relu]) }),
    RANGE,
    /expected a layer of its own at shortcut.0/,
  ],
]);
