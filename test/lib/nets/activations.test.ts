import { expect, it } from 'vitest';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectSame } from '../../support/comparer.js';
import { itRefuses, SHAPE } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyNet } from '../../support/tiny-net.js';

it('gives what each layer makes of the input, in order', () => {
  const net = new LeNet5({ seed: 2 });
  const x = normalTensor([2, 1, 32, 32], 3);
  const found = net.activations(x);
  expect([...found].map(([name, { shape }]) => [name, shape.slice(1)])).toEqual([
    ['conv1', [6, 28, 28]],
    ['relu1', [6, 28, 28]],
    ['pool1', [6, 14, 14]],
    ['conv2', [16, 10, 10]],
    ['relu2', [16, 10, 10]],
    ['pool2', [16, 5, 5]],
    ['conv3', [120, 1, 1]],
    ['relu3', [120, 1, 1]],
    ['flatten', [120]],
    ['fc1', [84]],
    ['relu4', [84]],
    ['fc2', [10]],
  ]);
  // Copies: a further forward leaves them alone.
  const scores = net.forward(x).data.slice();
  net.forward(normalTensor([2, 1, 32, 32], 4));
  expectSame(found.get('fc2')!.data, scores, 'scores');
  const relu = found.get('relu1')!.data;
  expectSame(
    relu,
    found.get('conv1')!.data.map((value) => Math.max(0, value)),
    'relu1 of conv1',
  );
});

it('names the layers of nested ones by their path', () => {
  const block = new Sequential({
    conv: new Conv2d({ inChannels: 1, outChannels: 2, kernel: 2 }),
    relu: new ReLU(),
  });
  const layers = new Sequential({
    block,
    flatten: new Flatten(),
    fc: new Linear({ inFeatures: 8, outFeatures: 3 }),
  });
  const net = new Net(layers, { inputShape: [1, 3, 3] });
  expect([...net.activations(new Tensor([1, 1, 3, 3])).keys()]).toEqual([
    'block.conv',
    'block.relu',
    'flatten',
    'fc',
  ]);
});

itRefuses(SHAPE, {
  'conv2d: expected 1 input channels (axis 1) but received 2 (input 1x2x3x5)': () =>
    tinyNet().activations(new Tensor([1, 2, 3, 5])),
});
