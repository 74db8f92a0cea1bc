/** Options and inputs that the layers refuse. */
import { describe } from 'vitest';
import { Conv2d, type Conv2dOptions } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';

const conv = (options: object) => () =>
  new Conv2d({ inChannels: 6, outChannels: 4, kernel: 5, ...options } as Conv2dOptions);
const t = (...shape: number[]) => new Tensor(shape);

describe('Conv2d', () => {
  const layer = conv({})();
  itRefuses([
    ['no options', () => new Conv2d(wrong(undefined)), TYPE, /conv2d: expected an options object/],
    [
      'no channels',
      conv({ inChannels: undefined }),
      TYPE,
      'conv2d: expected inChannels to be an integer but received undefined',
    ],
    [
      '0 channels',
      conv({ outChannels: 0 }),
      RANGE,
      'conv2d: expected outChannels to be an integer from 1 to 2147483647 but received 0',
    ],
    ['1.5 channels', conv({ inChannels: 1.5 }), RANGE, /inChannels .* received 1.5/],
    ['a kernel of 0', conv({ kernel: [5, 0] }), RANGE, /conv2d: expected kernel/],
    ['a stride of 0', conv({ stride: 0 }), RANGE, /conv2d: expected stride/],
    ['a negative padding', conv({ padding: [0, -1] }), RANGE, /conv2d: expected padding/],
    [
      'more weights than a tensor holds',
      conv({ inChannels: 2 ** 20, outChannels: 2 ** 20 }),
      SHAPE,
      /at most 2\^31/,
    ],
    [
      'other channels in forward',
      () => layer.forward(t(32, 3, 28, 28)),
      SHAPE,
      'conv2d: expected 6 input channels (axis 1) but received 3 (input 32x3x28x28)',
    ],
    [
      'other channels in outputShape',
      () => layer.outputShape([32, 3, 28, 28]),
      SHAPE,
      'conv2d: expected 6 input channels (axis 1) but received 3 (input 32x3x28x28)',
    ],
    [
      'an image without batch',
      () => layer.forward(t(6, 28, 28)),
      SHAPE,
      'conv2d: expected an input [N, C, H, W] but received 3 axes (input 6x28x28). Hint: add the batch axis, reshape([1, 6, 28, 28])',
    ],
    [
      'an image smaller than the kernel',
      () => layer.forward(t(1, 6, 4, 28)),
      SHAPE,
      'conv2d: expected an input of at least 5x5 (the kernel), padding 0x0 included, but received 4x28 (input 1x6x4x28)',
    ],
  ]);
});

describe('MaxPool2d', () => {
  const layer = new MaxPool2d({ kernel: [2, 3] });
  itRefuses([
    [
      'no options',
      () => new MaxPool2d(wrong(2)),
      TYPE,
      /maxPool2d: expected an options object .* received number/,
    ],
    ['a kernel of 0', () => new MaxPool2d({ kernel: 0 }), RANGE, /maxPool2d: expected kernel/],
    [
      'a kernel of 257',
      () => new MaxPool2d({ kernel: 257 }),
      RANGE,
      /the kernel area .* from 1 to 65536 but received 66049/,
    ],
    [
      'a stride of 0',
      () => new MaxPool2d({ kernel: 2, stride: [0, 1] }),
      RANGE,
      /maxPool2d: expected stride/,
    ],
    [
      'an image smaller than the kernel',
      () => layer.forward(t(1, 1, 4, 2)),
      SHAPE,
      /at least 2x3 .* received 4x2/,
    ],
    [
      'two axes',
      () => layer.outputShape([4, 2]),
      SHAPE,
      /maxPool2d: expected an input \[N, C, H, W\] but received 2 axes/,
    ],
  ]);
});

describe('Linear and Flatten', () => {
  const layer = new Linear({ inFeatures: 120, outFeatures: 84 });
  itRefuses([
    [
      'no options',
      () => new Linear(wrong(null)),
      TYPE,
      'linear: expected an options object such as { inFeatures: 120, outFeatures: 84 } but received null',
    ],
    ['0 features', () => new Linear({ inFeatures: 0, outFeatures: 1 }), RANGE, /linear: expected inFeatures/],
    [
      'features of text',
      () => new Linear({ inFeatures: 1, outFeatures: wrong('3') }),
      TYPE,
      /linear: expected outFeatures/,
    ],
    [
      'other features',
      () => layer.forward(t(8, 84)),
      SHAPE,
      'linear: expected 120 input features (axis 1) but received 84 (input 8x84)',
    ],
    [
      'images',
      () => layer.outputShape([8, 120, 1, 1]),
      SHAPE,
      /but received 4 axes \(input 8x120x1x1\). Hint: put a Flatten before it/,
    ],
    [
      'a single number',
      () => new Flatten().forward(t()),
      SHAPE,
      'flatten: expected a batch axis but received a scalar',
    ],
  ]);
});
