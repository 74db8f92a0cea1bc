/** Options and inputs that the layers refuse. */
import { describe } from 'vitest';
import { AvgPool2d } from '../../../lib/layers/avg-pool2d.js';
import { BatchNorm1d } from '../../../lib/layers/batch-norm1d.js';
import { Conv2d, type Conv2dOptions } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { GlobalAvgPool2d } from '../../../lib/layers/global-avg-pool2d.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { Softmax } from '../../../lib/layers/softmax.js';
import { Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';

const conv = (options: object) => () =>
  new Conv2d({ inChannels: 6, outChannels: 4, kernel: 5, ...options } as Conv2dOptions);
const t = (...shape: number[]) => new Tensor(shape);

describe('Conv2d', () => {
  const layer = conv({})();
  itRefuses(TYPE, {
    '...conv2d: expected an options object...': () => new Conv2d(wrong(undefined)),
    'conv2d: expected inChannels to be an integer but received undefined': conv({ inChannels: undefined }),
  });
  itRefuses(RANGE, {
    'conv2d: expected outChannels to be an integer from 1 to 2147483647 but received 0': conv({
      outChannels: 0,
    }),
    'conv2d: expected inChannels to be an integer from 1 to 2147483647 but received 1.5': conv({
      inChannels: 1.5,
    }),
    'conv2d: expected kernel to be an integer from 1 to 2147483647 but received 0': conv({ kernel: [5, 0] }),
    'conv2d: expected stride to be an integer from 1 to 2147483647 but received 0': conv({ stride: 0 }),
    'conv2d: expected padding to be an integer from 0 to 2147483647 but received -1': conv({
      padding: [0, -1],
    }),
  });
  itRefuses(SHAPE, {
    'tensor: expected at most 2^31 elements but shape 1048576x1048576x5x5 has 27487790694400': conv({
      inChannels: 2 ** 20,
      outChannels: 2 ** 20,
    }),
    'conv2d: expected 6 input channels (axis 1) but received 3 (input 32x3x28x28)': [
      () => layer.forward(t(32, 3, 28, 28)),
      () => layer.outputShape([32, 3, 28, 28]),
    ],
    'conv2d: expected an input [N, C, H, W] but received 3 axes (input 6x28x28). Hint: add the batch axis, reshape([1, 6, 28, 28])':
      () => layer.forward(t(6, 28, 28)),
    'conv2d: expected an input of at least 5x5 (the kernel), padding 0x0 included, but received 4x28 (input 1x6x4x28)':
      () => layer.forward(t(1, 6, 4, 28)),
  });
});

describe('MaxPool2d', () => {
  const layer = new MaxPool2d({ kernel: [2, 3] });
  itRefuses(TYPE, {
    '...maxPool2d: expected an options object ... received number...': () => new MaxPool2d(wrong(2)),
  });
  itRefuses(RANGE, {
    'maxPool2d: expected kernel to be an integer from 1 to 2147483647 but received 0': () =>
      new MaxPool2d({ kernel: 0 }),
    '...the kernel area ... from 1 to 65536 but received 66049...': () => new MaxPool2d({ kernel: 257 }),
    'maxPool2d: expected stride to be an integer from 1 to 2147483647 but received 0': () =>
      new MaxPool2d({ kernel: 2, stride: [0, 1] }),
  });
  itRefuses(SHAPE, {
    '...at least 2x3 ... received 4x2...': () => layer.forward(t(1, 1, 4, 2)),
    '...maxPool2d: expected an input [N, C, H, W] but received 2 axes...': () => layer.outputShape([4, 2]),
  });
});

describe('Linear and Flatten', () => {
  const layer = new Linear({ inFeatures: 120, outFeatures: 84 });
  itRefuses(TYPE, {
    'linear: expected an options object such as { inFeatures: 120, outFeatures: 84 } but received null': () =>
      new Linear(wrong(null)),
    '...linear: expected outFeatures...': () => new Linear({ inFeatures: 1, outFeatures: wrong('3') }),
  });
  itRefuses(RANGE, {
    'linear: expected inFeatures to be an integer from 1 to 2147483647 but received 0': () =>
      new Linear({ inFeatures: 0, outFeatures: 1 }),
  });
  itRefuses(SHAPE, {
    'linear: expected 120 input features (axis 1) but received 84 (input 8x84)': () =>
      layer.forward(t(8, 84)),
    '...but received 4 axes (input 8x120x1x1). Hint: put a Flatten before it...': () =>
      layer.outputShape([8, 120, 1, 1]),
    'flatten: expected a batch axis but received a scalar': () => new Flatten().forward(t()),
  });
});

describe('layers that are one operation', () => {
  const training = { training: true, seed: 0, step: 0 };
  itRefuses(RANGE, {
    'avgPool2d: expected padding of at most half the kernel 2x2 but received 2x2': () =>
      new AvgPool2d({ kernel: 2, padding: 2 }),
    'maxPool2d: expected padding of at most half the kernel 3x3 but received 2x2': () =>
      new MaxPool2d({ kernel: 3, padding: 2 }),
    'conv2d: expected groups that divide 4 input and 6 output channels but received 4': conv({
      inChannels: 4,
      outChannels: 6,
      groups: 4,
    }),
    'batchNorm1d: expected more than one value a channel in training but received 1 (input 1x3)...': () =>
      new BatchNorm1d({ features: 3 }).forward(t(1, 3), training),
  });
  itRefuses(SHAPE, {
    'avgPool2d: expected an input of at least 2x2 (the kernel), padding 0x0 included, but received 1x4 (input 1x1x1x4)':
      () => new AvgPool2d({ kernel: 2 }).forward(t(1, 1, 1, 4)),
    'globalAvgPool2d: expected an input [N, C, H, W] but received 2 axes (input 2x3)': () =>
      new GlobalAvgPool2d().forward(t(2, 3)),
    'softmax: expected an input [N, classes] but received 1x2x2x2. Hint: put a Flatten before it': () =>
      new Softmax().forward(t(1, 2, 2, 2)),
    'batchNorm1d: expected an input [N, 3] but received 2x4': () =>
      new BatchNorm1d({ features: 3 }).forward(t(2, 4)),
  });
});
