import { Conv2d } from '../layers/conv2d.js';
import { Flatten } from '../layers/flatten.js';
import { Linear } from '../layers/linear.js';
import { MaxPool2d } from '../layers/max-pool2d.js';
import { ReLU } from '../layers/relu.js';
import { Sequential } from '../layers/sequential.js';
import { checkOptions } from '../options.js';
import type { Init } from './init.js';
import { Net } from './net.js';

/** Options of `LeNet5`. */
export interface LeNet5Options {
  /** Seed of the initial parameters. Default 0. */
  readonly seed?: number;
  /** Default `he`. */
  readonly init?: Init;
  /** Default 10. */
  readonly classes?: number;
}

/**
 * LeNet-5 with ReLU and max-pooling: `[N, 1, 32, 32]` -> `[N, classes]`, 61,706 parameters for 10 classes.
 * Source: LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998), which had other pooling and
 * activations.
 */
export class LeNet5 extends Net {
  constructor(options: LeNet5Options = {}) {
    checkOptions('LeNet5', options, { seed: true, init: true, classes: true }, '{ seed: 1 }');
    const { seed = 0, init = 'he', classes = 10 } = options;
    const layers = {
      conv1: new Conv2d({ inChannels: 1, outChannels: 6, kernel: 5 }), //     6 x 28 x 28
      relu1: new ReLU(),
      pool1: new MaxPool2d({ kernel: 2 }), //                                 6 x 14 x 14
      conv2: new Conv2d({ inChannels: 6, outChannels: 16, kernel: 5 }), //   16 x 10 x 10
      relu2: new ReLU(),
      pool2: new MaxPool2d({ kernel: 2 }), //                                16 x  5 x  5
      conv3: new Conv2d({ inChannels: 16, outChannels: 120, kernel: 5 }), // 120 x 1 x  1
      relu3: new ReLU(),
      flatten: new Flatten(),
      fc1: new Linear({ inFeatures: 120, outFeatures: 84 }),
      relu4: new ReLU(),
      fc2: new Linear({ inFeatures: 84, outFeatures: classes }),
    };
    super(new Sequential(layers), { inputShape: [1, 32, 32], seed, init });
  }
}
