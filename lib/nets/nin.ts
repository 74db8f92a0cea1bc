import { Conv2d } from '../layers/conv2d.js';
import { Dropout2d } from '../layers/dropout2d.js';
import { GlobalAvgPool2d } from '../layers/global-avg-pool2d.js';
import type { Layer } from '../layers/layer.js';
import { MaxPool2d } from '../layers/max-pool2d.js';
import { ReLU } from '../layers/relu.js';
import { Sequential } from '../layers/sequential.js';
import { checkOptions } from '../options.js';
import { Net } from './net.js';
import { type PictureNetOptions, pictureShape } from './picture-net.js';

/** Options of `NIN`. */
export interface NINOptions extends PictureNetOptions {
  /** Share of the channels behind each max-pooling that training drops, from 0 up to below 1. Default 0.5. */
  readonly dropout?: number;
}

/**
 * Network in Network: three convolutions, each with two of 1x1 behind it, and the mean of a channel for each class.
 * `[N, C, H, W]` -> `[N, classes]`, of at least 4x4; 966,986 parameters for `[3, 32, 32]`, the default, and 10 classes.
 * @throws {TypeError | RangeError} naming the option that is wrong; {ShapeError} for pictures that are too small.
 * Source: Lin et al., Network In Network (2014), with the max-pooling of PyNet (zjZSTU, 2019), 2x2, and its Dropout2d.
 */
export class NIN extends Net {
  constructor(options: NINOptions = {}) {
    checkOptions(
      'NIN',
      options,
      { seed: true, init: true, classes: true, inputShape: true, dropout: true },
      '{ classes: 10 }',
    );
    const { seed = 0, init = 'he', classes = 10, dropout = 0.5 } = options;
    const inputShape = pictureShape('NIN', options.inputShape ?? [3, 32, 32]);
    const conv = (inChannels: number, outChannels: number, kernel: number) =>
      new Conv2d({ inChannels, outChannels, kernel, padding: (kernel - 1) / 2 });
    const drop = (name: string): Record<string, Layer> =>
      dropout === 0 ? {} : { [name]: new Dropout2d({ p: dropout }) };
    const layers = {
      conv1: conv(inputShape[0], 192, 5), // 192 x 32 x 32
      relu1: new ReLU(),
      mlp1_1: conv(192, 160, 1),
      relu2: new ReLU(),
      mlp1_2: conv(160, 96, 1), //            96 x 32 x 32
      relu3: new ReLU(),
      pool1: new MaxPool2d({ kernel: 2 }), // 96 x 16 x 16
      ...drop('dropout1'),
      conv2: conv(96, 192, 5), //            192 x 16 x 16
      relu4: new ReLU(),
      mlp2_1: conv(192, 192, 1),
      relu5: new ReLU(),
      mlp2_2: conv(192, 192, 1),
      relu6: new ReLU(),
      pool2: new MaxPool2d({ kernel: 2 }), // 192 x 8 x 8
      ...drop('dropout2'),
      conv3: conv(192, 192, 3), //           192 x  8 x  8
      relu7: new ReLU(),
      mlp3_1: conv(192, 192, 1),
      relu8: new ReLU(),
      mlp3_2: conv(192, classes, 1),
      relu9: new ReLU(),
      mean: new GlobalAvgPool2d(), //        classes
    };
    super(new Sequential(layers), { inputShape, seed, init });
  }
}
