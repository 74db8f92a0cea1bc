import { BatchNorm2d } from '../layers/batch-norm2d.js';
import { Conv2d } from '../layers/conv2d.js';
import { GlobalAvgPool2d } from '../layers/global-avg-pool2d.js';
import { Linear } from '../layers/linear.js';
import { ReLU } from '../layers/relu.js';
import { Residual } from '../layers/residual.js';
import { Sequential } from '../layers/sequential.js';
import { checkOptions } from '../options.js';
import { Net } from './net.js';
import { type PictureNetOptions, pictureShape } from './picture-net.js';

/** Options of `ResNet8`. */
export type ResNet8Options = PictureNetOptions;

/**
 * A residual net for small pictures: a convolution, three blocks of two with 16, 32 and 64 channels, and the mean of each
 * channel for a Linear. `[N, C, H, W]` -> `[N, classes]`, 78,042 parameters for `[3, 32, 32]`, the default, and 10 classes.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 * Source: He et al., Deep Residual Learning for Image Recognition (2016), the nets of 6n + 2 layers for CIFAR-10 with n = 1,
 * and a projection of 1x1 where a block halves the picture.
 */
export class ResNet8 extends Net {
  constructor(options: ResNet8Options = {}) {
    checkOptions(
      'ResNet8',
      options,
      { seed: true, init: true, classes: true, inputShape: true },
      '{ classes: 10 }',
    );
    const { seed = 0, init = 'he', classes = 10 } = options;
    const inputShape = pictureShape('ResNet8', options.inputShape ?? [3, 32, 32]);
    const layers = {
      conv1: conv(inputShape[0], 16, { kernel: 3 }), // 16 x 32 x 32
      norm1: new BatchNorm2d({ features: 16 }),
      relu1: new ReLU(),
      block1: block(16, 16), //                         16 x 32 x 32
      relu2: new ReLU(),
      block2: block(16, 32), //                         32 x 16 x 16
      relu3: new ReLU(),
      block3: block(32, 64), //                         64 x  8 x  8
      relu4: new ReLU(),
      mean: new GlobalAvgPool2d(), //                   64
      fc: new Linear({ inFeatures: 64, outFeatures: classes }),
    };
    super(new Sequential(layers), { inputShape, seed, init });
  }
}

/** Without a bias: the normalization behind it has one. */
function conv(
  inChannels: number,
  outChannels: number,
  { kernel, stride = 1 }: { kernel: number; stride?: number },
) {
  return new Conv2d({ inChannels, outChannels, kernel, stride, padding: (kernel - 1) / 2, bias: false });
}

/** Halves height and width where it has more channels than its input. */
function block(inChannels: number, outChannels: number): Residual {
  const stride = outChannels > inChannels ? 2 : 1;
  const body = new Sequential({
    conv1: conv(inChannels, outChannels, { kernel: 3, stride }),
    norm1: new BatchNorm2d({ features: outChannels }),
    relu1: new ReLU(),
    conv2: conv(outChannels, outChannels, { kernel: 3 }),
    norm2: new BatchNorm2d({ features: outChannels }),
  });
  if (stride === 1) return new Residual({ body });
  const shortcut = new Sequential({
    conv: conv(inChannels, outChannels, { kernel: 1, stride }),
    norm: new BatchNorm2d({ features: outChannels }),
  });
  return new Residual({ body, shortcut });
}
