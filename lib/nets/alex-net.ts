import { checkInteger } from '../kernels/checks.js';
import { Conv2d } from '../layers/conv2d.js';
import { Dropout } from '../layers/dropout.js';
import { Flatten } from '../layers/flatten.js';
import type { Layer } from '../layers/layer.js';
import { Linear } from '../layers/linear.js';
import { MaxPool2d } from '../layers/max-pool2d.js';
import { ReLU } from '../layers/relu.js';
import { Sequential } from '../layers/sequential.js';
import { checkOptions } from '../options.js';
import { Net } from './net.js';
import { outputShapeOf, type PictureNetOptions, pictureShape } from './picture-net.js';

/** Options of `AlexNet`. */
export interface AlexNetOptions extends PictureNetOptions {
  /** Share of the values of each hidden linear layer that training drops, from 0 up to below 1. Default 0.5. */
  readonly dropout?: number;
  /** Values of each of the two hidden linear layers. Default 4096. */
  readonly hidden?: number;
}

/**
 * AlexNet in one column, for pictures of at least 67x67, `[3, 227, 227]` unless `inputShape` says: `[N, C, H, W]` -> `[N, classes]`, 62,378,344 parameters for `[3, 227, 227]` and 1000 classes.
 * @throws {TypeError | RangeError} naming the option that is wrong; {ShapeError} for pictures that are too small.
 * Source: `AlexNet` of PyNet (zjZSTU, 2019), after Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural
 * Networks (2012), which had two columns and local response normalization.
 */
export class AlexNet extends Net {
  constructor(options: AlexNetOptions = {}) {
    checkOptions(
      'AlexNet',
      options,
      { seed: true, init: true, classes: true, inputShape: true, dropout: true, hidden: true },
      '{ classes: 10 }',
    );
    const { seed = 0, init = 'he', classes = 10, dropout = 0.5, hidden = 4096 } = options;
    checkInteger('AlexNet', 'hidden', hidden, 1, 2 ** 31 - 1);
    const inputShape = pictureShape('AlexNet', options.inputShape ?? [3, 227, 227]);
    const features = {
      conv1: new Conv2d({ inChannels: inputShape[0], outChannels: 96, kernel: 11, stride: 4 }), // 96 x 55 x 55
      relu1: new ReLU(),
      pool1: new MaxPool2d({ kernel: 3, stride: 2 }), //                                           96 x 27 x 27
      conv2: new Conv2d({ inChannels: 96, outChannels: 256, kernel: 5, padding: 2 }),
      relu2: new ReLU(),
      pool2: new MaxPool2d({ kernel: 3, stride: 2 }), //                                          256 x 13 x 13
      conv3: new Conv2d({ inChannels: 256, outChannels: 384, kernel: 3, padding: 1 }),
      relu3: new ReLU(),
      conv4: new Conv2d({ inChannels: 384, outChannels: 384, kernel: 3, padding: 1 }),
      relu4: new ReLU(),
      conv5: new Conv2d({ inChannels: 384, outChannels: 256, kernel: 3, padding: 1 }),
      relu5: new ReLU(),
      pool3: new MaxPool2d({ kernel: 3, stride: 2 }), //                                          256 x  6 x  6
      flatten: new Flatten(),
    };
    const [inFeatures] = outputShapeOf(features, inputShape);
    const drop = (name: string): Record<string, Layer> =>
      dropout === 0 ? {} : { [name]: new Dropout({ p: dropout }) };
    const layers = {
      ...features,
      fc1: new Linear({ inFeatures, outFeatures: hidden }),
      relu6: new ReLU(),
      ...drop('dropout1'),
      fc2: new Linear({ inFeatures: hidden, outFeatures: hidden }),
      relu7: new ReLU(),
      ...drop('dropout2'),
      fc3: new Linear({ inFeatures: hidden, outFeatures: classes }),
    };
    super(new Sequential(layers), { inputShape, seed, init });
  }
}
