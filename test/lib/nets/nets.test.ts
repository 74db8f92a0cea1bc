/** Every net that has a name: its shapes, parameters, engines, and the way through a checkpoint. */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { AlexNet, FCNet, LeNet5, SGD, ThreeLayerNet, TwoLayerNet } from '../../../lib/index.js';
import { netKinds, netName } from '../../../lib/nets/kinds.js';
import { type NetName, netNames } from '../../../lib/nets/names.js';
import { restoreNet } from '../../../lib/nets/restore.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { normalTensor, randomImages } from '../../support/random-data.js';

interface Expected {
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  /** Weights and biases of each layer, by hand. */
  readonly parameters: number;
  /** Names of the layers with parameters. */
  readonly layers: readonly string[];
}

const linear = (inputs: number, outputs: number) => (inputs + 1) * outputs;
const conv = (inputs: number, outputs: number, kernel: number) => (inputs * kernel ** 2 + 1) * outputs;

const nets: Readonly<Record<NetName, Expected>> = {
  lenet5: {
    inputShape: [3, 36, 32],
    classes: 4,
    parameters: conv(3, 6, 5) + conv(6, 16, 5) + conv(16, 120, 5) + linear(240, 84) + linear(84, 4),
    layers: ['conv1', 'conv2', 'conv3', 'fc1', 'fc2'],
  },
  'two-layer': {
    inputShape: [1, 28, 28],
    classes: 10,
    parameters: linear(784, 200) + linear(200, 10),
    layers: ['fc1', 'fc2'],
  },
  'three-layer': {
    inputShape: [1, 28, 28],
    classes: 10,
    parameters: linear(784, 1200) + linear(1200, 200) + linear(200, 10),
    layers: ['fc1', 'fc2', 'fc3'],
  },
  fc: {
    inputShape: [3, 9, 10],
    classes: 5,
    parameters: linear(270, 512) + linear(512, 256) + linear(256, 5),
    layers: ['fc1', 'fc2', 'fc3'],
  },
  nin: {
    inputShape: [3, 8, 9],
    classes: 10,
    // 0.97 million, as the paper says.
    parameters: 966_986,
    layers: ['conv1', 'mlp1_1', 'mlp1_2', 'conv2', 'mlp2_1', 'mlp2_2', 'conv3', 'mlp3_1', 'mlp3_2'],
  },
  resnet8: {
    inputShape: [3, 12, 9],
    classes: 10,
    parameters: 432 + 32 + (2 * 2304 + 64) + (4608 + 9216 + 512 + 192) + (18432 + 36864 + 2048 + 384) + 650,
    layers: [
      ...[
        'conv1',
        'norm1',
        'block1.body.conv1',
        'block1.body.norm1',
        'block1.body.conv2',
        'block1.body.norm2',
      ],
      ...['block2', 'block3'].flatMap((name) => [
        ...['body.conv1', 'body.norm1', 'body.conv2', 'body.norm2'].map((layer) => `${name}.${layer}`),
        ...['shortcut.conv', 'shortcut.norm'].map((layer) => `${name}.${layer}`),
      ]),
      'fc',
    ],
  },
  alexnet: {
    inputShape: [3, 67, 70],
    classes: 5,
    parameters:
      conv(3, 96, 11) +
      conv(96, 256, 5) +
      conv(256, 384, 3) +
      conv(384, 384, 3) +
      conv(384, 256, 3) +
      linear(256, 4096) +
      linear(4096, 4096) +
      linear(4096, 5),
    layers: ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc1', 'fc2', 'fc3'],
  },
};

const wrong = (options: object) => options as never;

describe.each(netNames)('%s', (name) => {
  const { inputShape, classes, parameters, layers } = nets[name];
  const make = (seed = 1, dropout: number | undefined = 0.25) =>
    netKinds[name].make({ seed, init: 'he', classes, inputShape, dropout });

  it('has its shapes, parameters and names', () => {
    const net = make();
    expect(net.inputShape).toEqual(inputShape);
    expect(net.forward(normalTensor([2, ...inputShape], 1)).shape).toEqual([2, classes]);
    expect(net.arena.length).toBe(parameters);
    expect([...new Set(net.parameters().map((one) => one.name.replace(/\.\w+$/, '')))]).toEqual(layers);
    expect(netName(net)).toBe(name);
  });

  it('runs on the engine that expresses it', () => {
    expect(make().summary()).toContain('\nengine lanes: ');
  });

  it('comes back from its architecture', () => {
    const net = make();
    const restored = restoreNet(net.architecture);
    restored.setParams(net.getParams());
    const x = normalTensor([2, ...inputShape], 2);
    expectSame(restored.predict(x).data, net.predict(x).data, name);
  });

  it('makes the same training steps on both engines', () => {
    const train = randomImages(8, inputShape, classes, 3);
    const trained = (['rows', 'lanes'] as const).map((engineName) => {
      const net = make();
      const engine = createEngine(engineName, net, { normalization: { scale: 1 / 128, shift: -1 }, train });
      const optimizer = new SGD(net, { lr: 0.01, momentum: 0.9 });
      for (let step = 0; step < 2; step += 1) {
        const update = optimizer.update();
        engine.trainStep(Uint32Array.of(1, 5, 2, 7, 0), { update, seed: 4, step });
        if (update === undefined) optimizer.step();
      }
      return net.arena;
    });
    expect(trained[0]).not.toEqual(make().arena);
    const largest = trained[0].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectClose(trained[1], trained[0], 1e-5 * largest, name);
  });

  it.skipIf(name === 'resnet8')('drops as much as it is asked to, and nothing where that is nothing', () => {
    expect(make(1, 0.125).architecture).toMatch(/"kind":"dropout(2d)?","p":0.125/);
    expect(make(1, 0).architecture).not.toContain('dropout');
  });
});

it('fully connected nets take tables', () => {
  for (const net of [
    new FCNet({ inputs: 4, hidden: [6, 5, 3], classes: 2 }),
    new TwoLayerNet({ inputs: 4, hidden: 6, classes: 2 }),
    new ThreeLayerNet({ inputs: 4, hidden: [6, 5], classes: 2 }),
    new FCNet({ inputs: [4], hidden: [], classes: 2 }),
    new FCNet({ inputs: 4, hidden: [6, 5], batchNorm: true, dropout: 0.5, classes: 2 }),
  ]) {
    expect(net.inputShape).toEqual([4]);
    expect(net.architecture).not.toContain('flatten');
    expect(net.predict(normalTensor([3, 4], 1)).shape).toEqual([3, 2]);
    expect(net.summary()).toContain('\nengine lanes: ');
    expect(restoreNet(net.architecture).architecture).toBe(net.architecture);
  }
});

it.each(['tanh', 'sigmoid', 'leakyRelu'] as const)('LeNet-5 with %s', (activation) => {
  const net = new LeNet5({ activation, seed: 2 });
  expect(net.architecture.match(new RegExp(`"kind":"${activation}"`, 'g'))).toHaveLength(4);
  expect([...net.getParams().keys()]).toEqual([...new LeNet5().getParams().keys()]);
  expect(net.summary()).toContain('\nengine lanes: ');
  expect(restoreNet(net.architecture).architecture).toBe(net.architecture);
});

it('LeNet-5 with the mean in place of the maximum', () => {
  const net = new LeNet5({ pooling: 'average', activation: 'tanh' });
  expect(net.architecture.match(/"kind":"avgPool2d"/g)).toHaveLength(2);
  expect(net.arena.length).toBe(61_706);
  expect(net.summary()).toContain('\nengine lanes: ');
  expect(restoreNet(net.architecture).architecture).toBe(net.architecture);
  expect(() => new LeNet5(wrong({ pooling: 'mean' }))).toThrow(/LeNet5: expected pooling 'max' or 'average'/);
});

it('AlexNet takes pictures of 67x67 and more', () => {
  expect(() => new AlexNet({ inputShape: [3, 66, 67] })).toThrow(/maxPool2d: /);
  expect(() => new AlexNet({ inputShape: wrong([32, 32]) })).toThrow(
    /AlexNet: expected inputShape \[channels/,
  );
  expect(() => new AlexNet({ inputShape: [0, 67, 67] })).toThrow(/AlexNet: expected inputShape\[0\] to be/);
});

it('the architecture of a plain LeNet-5 is what it was', () => {
  expect(new LeNet5({ dropout: 0, channels: 1 }).architecture).toBe(new LeNet5().architecture);
  expect(new LeNet5().architecture).not.toContain('dropout');
});

describe('options that are wrong', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['no features', () => new FCNet({ inputs: 0 }), /FCNet: expected inputs to be an integer from 1/],
    ['no axes', () => new FCNet({ inputs: [] }), /FCNet: expected inputs as a number of features/],
    ['an axis of 0', () => new FCNet({ inputs: [1, 0, 4] }), /FCNet: expected inputs\[1\] to be an integer/],
    ['hidden: 5', () => new FCNet(wrong({ hidden: 5 })), /FCNet: expected hidden as a list of layer sizes/],
    ['hidden: [0]', () => new FCNet({ hidden: [0] }), /FCNet: expected hidden\[0\] to be an integer from 1/],
    [
      'a list',
      () => new TwoLayerNet(wrong({ hidden: [5] })),
      /TwoLayerNet: expected hidden to be an integer/,
    ],
    [
      'one size',
      () => new ThreeLayerNet(wrong({ hidden: [5] })),
      /expected hidden as a list of 2 sizes but received 1/,
    ],
    [
      'no classes',
      () => new ThreeLayerNet({ classes: 0 }),
      /ThreeLayerNet: expected classes to be an integer/,
    ],
    ['p of 1', () => new FCNet({ dropout: 1 }), /dropout: expected p below 1 but received 1/],
    ['p of 1 in LeNet-5', () => new LeNet5({ dropout: 1 }), /dropout: expected p below 1 but received 1/],
    [
      'an activation',
      () => new LeNet5(wrong({ activation: 'gelu' })),
      /LeNet5: expected activation 'relu' or/,
    ],
    ['no channels', () => new LeNet5({ channels: 0 }), /LeNet5: expected channels to be an integer from 1/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
