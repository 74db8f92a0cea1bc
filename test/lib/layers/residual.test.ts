/** Residual blocks against PyTorch (test/fixtures/pytorch/residual.py), and in nets. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { planNet } from '../../../lib/engines/lanes/plan.js';
import { exportOnnx } from '../../../lib/export/onnx-graph.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Residual } from '../../../lib/layers/residual.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { MSELoss } from '../../../lib/losses/mse.js';
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

  // A squared error whose gradient is dy times 64: of scores that are 32 dy away from what is wanted, so that their own
  // roundings are small beside that.
  it.each(['rows', 'lanes'] as const)('have them as a net on %s', (name) => {
    const shape = [2, 5, 6];
    const net = new Net(new Sequential({ blocks: blocks(), flatten: new Flatten() }), { inputShape: shape });
    const inFixture = (parameter: string) => parameter.replace('blocks.', '');
    for (const parameter of net.parameters()) parameter.value.data.set(fixture[inFixture(parameter.name)]);
    const values = Float32Array.from(fixture.y, (y, index) => y - 32 * fixture.dy[index]);
    const engine = createEngine(name, net, {
      ...{ normalization: { scale: 1, shift: 0 }, loss: new MSELoss({ reduction: 'sum' }) },
      train: { images: Float32Array.from(fixture.x), values, count: 2, shape },
    });
    expectNear(engine.predict(Tensor.from(fixture.x, [2, ...shape])).data, 'y');
    engine.trainStep(Uint32Array.of(0, 1));
    for (const parameter of net.parameters()) {
      const gradient = parameter.grad.data.map((value) => value / 64);
      expectNear(gradient, `grad ${inFixture(parameter.name)}`);
    }
  });

  it('come back from their description, and run on lanes', () => {
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
    expect(createEngine('auto', net, { normalization: { scale: 1, shift: 0 } }).name).toBe('lanes');
    expect(net.summary()).toMatch(
      /\nblocks\.0\.body\.0 +Conv2d\(2 -> 2, kernel 3x3, padding 1x1, bias false\) /,
    );
    expect(net.summary()).toMatch(/\nblocks\.0 +Residual: body \+ shortcut +Nx2x5x6 +0 +lanes\n/);
    expect(`${blocks().layers[0].layer}`).toBe(
      'Residual(Conv2d(2 -> 2, kernel 3x3, padding 1x1, bias false), ReLU())',
    );
  });
});

describe('as steps of lanes', () => {
  const steps = (layers: Sequential, inputShape: readonly number[]) => {
    const plan = planNet(layers, inputShape);
    if ('reason' in plan) throw new Error(plan.reason);
    return plan.steps.map(({ step, layers: names }) => {
      const { op, from, with: other } = step;
      const reads = from === undefined ? '' : ` from ${from}`;
      return `${names.join('+')} ${op}${reads}${other === undefined ? '' : ` with ${other}`}`.trim();
    });
  };

  it('an activation that one of two ways begins with is no part of the step before', () => {
    const layers = new Sequential({
      conv: conv(1, 2, 3),
      block: new Residual({
        body: new Sequential([new ReLU(), new MaxPool2d({ kernel: 2 })]),
        shortcut: new Sequential([new MaxPool2d({ kernel: 2 })]),
      }),
      relu: new ReLU(),
      flatten: new Flatten(),
      fc: new Linear({ inFeatures: 8, outFeatures: 2 }),
    });
    expect(steps(layers, [1, 4, 4])).toEqual([
      ...['conv conv2d', 'branch', 'block.body.0 activation', 'block.body.1 maxPool2d'],
      ...['block.shortcut.0 maxPool2d from 1', 'block+relu add from 4 with 5', 'fc linear'],
    ]);
  });

  it('what ends in a sum keeps its activation, and what is read again ends before it', () => {
    const layers = new Sequential({
      block: new Residual({ body: new Sequential([conv(1, 1, 3), new ReLU()]) }),
      again: new Residual({
        body: new Sequential([new Residual({ body: new Sequential([new ReLU()]) })]),
        shortcut: new Sequential([new ReLU()]),
      }),
      flatten: new Flatten(),
    });
    expect(steps(layers, [1, 2, 2])).toEqual([
      ...['branch', 'block.body.0+block.body.1 conv2d', 'block add with 0'],
      // The sum within reads a copy too: the shortcut comes behind it.
      ...['branch', 'again.body.0.body.0 activation', 'branch from 3', 'again.body.0 add from 5 with 6'],
      ...['again.shortcut.0 activation from 3', 'again add from 7 with 8'],
    ]);
  });

  it('an input that is added to itself is read by a branch and the sum', () => {
    const layers = new Sequential([
      new Residual({ body: new Sequential([new Flatten()]) }),
      new Linear({ inFeatures: 3, outFeatures: 2 }),
    ]);
    expect(steps(layers, [3])).toEqual(['branch', '0 add with 0', '1 linear']);
  });

  it('a convolution over its whole input leaves margins to a padded one that reads it in place', () => {
    const block = () =>
      new Residual({ body: new Sequential([new ReLU()]), shortcut: new Sequential([conv(2, 2, 3)]) });
    const layers = () =>
      new Sequential([new Conv2d({ inChannels: 1, outChannels: 2, kernel: 4 }), block(), new Flatten()]);
    expect(steps(layers(), [1, 4, 4])[0]).toBe('0 conv2d');
    const net = new Net(layers(), { inputShape: [1, 4, 4], seed: 2 });
    const x = Tensor.from(fixture.x.slice(0, 80), [5, 1, 4, 4]);
    const [lanes, rows] = [net.predict(x).data, net.predictByLayers(x).data];
    for (const [index, value] of rows.entries()) expect(lanes[index]).toBeCloseTo(value, 5);
  });

  it('a subclass is a layer of its own, which lanes and ONNX do not know', async () => {
    class Gated extends Residual {}
    const gated = new Gated({ body: new Sequential([new ReLU()]) });
    const net = new Net(new Sequential({ gated }), { inputShape: [3] });
    expect(planNet(net.layer, [3])).toEqual({ reason: 'gated: the layer residual is not known to it' });
    expect(net.summary()).toMatch(/\ngated +Residual\(ReLU\(\)\) +Nx3 +0 +rows\n/);
    await expect(exportOnnx(net)).rejects.toThrow('exportOnnx: gated: expected Conv2d');
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
