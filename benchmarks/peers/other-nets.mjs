// Nets other than LeNet-5, as lists of layers that every contender builds its own net of; and what they train on.
//
//   NAME/net.json   the description below, and what results are checked against
//   NAME/params.f32 initial parameters, in the order of the layers, weight before bias
//   NAME/images.f32 [batches * batch, ...shape]: noise; a step costs the same whatever it sees
//   NAME/labels.u8  [batches * batch]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const batch = 64;
const batches = 4;
const checkedSteps = 3;
const lr = 0.02;

const conv = (inChannels, outChannels, kernel) => ['conv', inChannels, outChannels, kernel];
const cifar = (behindConvolution, behindLinear) => [
  ...[
    [3, 32],
    [32, 32],
  ].flatMap(([from, to]) => [conv(from, to, 3), ...behindConvolution(to), ['relu']]),
  ['pool', 2],
  ...[
    [32, 64],
    [64, 64],
  ].flatMap(([from, to]) => [conv(from, to, 3), ...behindConvolution(to), ['relu']]),
  ['pool', 2],
  ['flatten'],
  ['linear', 4096, 512],
  ['relu'],
  ...behindLinear,
  ['linear', 512, 10],
];

/**
 * `steps`: timed in each round. Convolutions are padded to keep their size. The tolerance of a loss is in units of the
 * largest; a net with dropout has none, because each system draws its own masks.
 */
export const otherNets = [
  {
    name: 'cifar',
    title: 'CIFAR net, 3x3: 32-32-pool-64-64-pool-512-10',
    shape: [3, 32, 32],
    steps: 40,
    layers: cifar(() => [], []),
  },
  {
    name: 'cifar-bn-dropout',
    title: 'the same with BatchNorm2d and Dropout',
    shape: [3, 32, 32],
    steps: 40,
    layers: cifar((channels) => [['batchNorm', channels]], [['dropout', 0.5]]),
  },
  {
    name: 'nin',
    title: 'Network in Network',
    shape: [3, 32, 32],
    steps: 8,
    layers: [
      ...[
        [3, 192, 5],
        [192, 160, 1],
        [160, 96, 1],
      ].flatMap((sizes) => [conv(...sizes), ['relu']]),
      ['pool', 2],
      ...[
        [96, 192, 5],
        [192, 192, 1],
        [192, 192, 1],
      ].flatMap((sizes) => [conv(...sizes), ['relu']]),
      ['pool', 2],
      ...[
        [192, 192, 3],
        [192, 192, 1],
        [192, 10, 1],
      ].flatMap((sizes) => [conv(...sizes), ['relu']]),
      ['globalPool'],
    ],
  },
  {
    name: 'mlp',
    title: 'MLP 784-512-256-10',
    shape: [784],
    steps: 400,
    layers: [['linear', 784, 512], ['relu'], ['linear', 512, 256], ['relu'], ['linear', 256, 10]],
  },
];

/** The net of rownet that a description stands for, initialised by seed 1. */
export function buildNet(rownet, { layers, shape }) {
  const kinds = {
    conv: (inChannels, outChannels, kernel) =>
      new rownet.Conv2d({ inChannels, outChannels, kernel, padding: (kernel - 1) / 2 }),
    linear: (inFeatures, outFeatures) => new rownet.Linear({ inFeatures, outFeatures }),
    batchNorm: (features) => new rownet.BatchNorm2d({ features }),
    relu: () => new rownet.ReLU(),
    pool: (kernel) => new rownet.MaxPool2d({ kernel }),
    globalPool: () => new rownet.GlobalAvgPool2d(),
    dropout: (p) => new rownet.Dropout({ p }),
    flatten: () => new rownet.Flatten(),
  };
  const named = layers.map(([kind, ...sizes], index) => [`layer${index}`, kinds[kind](...sizes)]);
  return new rownet.Net(new rownet.Sequential(Object.fromEntries(named)), { inputShape: shape, seed: 1 });
}

/** Writes the files of each net below `folder`. */
export function writeOtherNets(rownet, folder, nets) {
  for (const { name, shape, layers, steps } of nets) {
    const net = buildNet(rownet, { layers, shape });
    const count = batches * batch;
    const random = new rownet.Random(1);
    const size = shape.reduce((product, length) => product * length, 1);
    const images = Float32Array.from({ length: count * size }, () => 2 * random.uniform() - 1);
    const labels = Uint8Array.from({ length: count }, () => random.integer(10));
    const params = Float32Array.from(net.parameters().flatMap(({ value }) => [...value.data]));
    const description = { shape, layers, steps, batch, batches, lr, tolerance: 1e-4 };
    const first = new rownet.Tensor([batch, ...shape], images.slice(0, batch * size));
    net.eval();
    const scores = [...net.forward(first).data];
    net.train();
    const losses = layers.some(([kind]) => kind === 'dropout')
      ? []
      : trainOnRows(rownet, net, { images, labels, count, shape });
    mkdirSync(join(folder, name), { recursive: true });
    const write = (file, content) => writeFileSync(join(folder, name, file), content);
    write('net.json', JSON.stringify({ ...description, scores, losses }));
    write('params.f32', params);
    write('images.f32', images);
    write('labels.u8', labels);
  }
}

function trainOnRows({ createEngine, SGD }, net, train) {
  const engine = createEngine('rows', net, {
    normalization: { scale: 1, shift: 0 },
    train,
    reduction: 'mean',
  });
  const optimizer = new SGD(net, { lr });
  return Array.from({ length: checkedSteps }, (_, step) => {
    const { loss } = engine.trainStep(batchIndices(step));
    optimizer.step();
    return loss / batch;
  });
}

/** The images of a step: the batches one after the other, and again. */
export function batchIndices(step) {
  return Uint32Array.from({ length: batch }, (_, i) => (step % batches) * batch + i);
}

/** What `writeOtherNets` has written of a net. */
export function readOtherNet(folder, name) {
  const read = (file, Type) => {
    const bytes = new Uint8Array(readFileSync(join(folder, name, file)));
    return new Type(bytes.buffer, 0, bytes.length / Type.BYTES_PER_ELEMENT);
  };
  return {
    ...JSON.parse(readFileSync(join(folder, name, 'net.json'), 'utf8')),
    params: read('params.f32', Float32Array),
    images: read('images.f32', Float32Array),
    labels: read('labels.u8', Uint8Array),
  };
}
