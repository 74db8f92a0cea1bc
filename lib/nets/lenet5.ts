import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkInteger } from '../kernels/checks.js';
import { AvgPool2d } from '../layers/avg-pool2d.js';
import { Conv2d } from '../layers/conv2d.js';
import { Dropout } from '../layers/dropout.js';
import { Flatten } from '../layers/flatten.js';
import { LeakyReLU } from '../layers/leaky-relu.js';
import { Linear } from '../layers/linear.js';
import { MaxPool2d } from '../layers/max-pool2d.js';
import { ReLU } from '../layers/relu.js';
import { Sequential } from '../layers/sequential.js';
import { Sigmoid } from '../layers/sigmoid.js';
import { Tanh } from '../layers/tanh.js';
import { checkOptions } from '../options.js';
import { typeName, valueText } from '../tensor.js';
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
  /** Channels of the images: 1 for grey, 3 for colour. Default 1. */
  readonly channels?: number;
  /** Height and width of the images, at least 32 each. Default `[32, 32]`. */
  readonly inputSize?: readonly [height: number, width: number];
  /** Share of the 84 hidden values before the scores that training drops, from 0 up to below 1. Default 0. */
  readonly dropout?: number;
  /** Behind each layer but the last. Default `relu`. */
  readonly activation?: 'relu' | 'tanh' | 'sigmoid' | 'leakyRelu';
  /** Default `max`. */
  readonly pooling?: 'max' | 'average';
}

const activations = { relu: ReLU, tanh: Tanh, sigmoid: Sigmoid, leakyRelu: LeakyReLU };

/** As large as a picture may be. */
const MAX_SIDE = 65_535;

/** The smallest height and width, and the usual ones. */
export const lenet5Side = 32;

/**
 * LeNet-5 with ReLU and max-pooling: `[N, 1, 32, 32]` -> `[N, classes]`, 61,706 parameters for 10 classes. For larger
 * images the last convolution has more than one place, and `fc1` takes them all: 120 features each.
 * @throws {ArgumentRangeError} for an input size below 32, and for whatever a net refuses.
 * Source: LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998), which had other pooling and
 * activations.
 */
export class LeNet5 extends Net {
  constructor(options: LeNet5Options = {}) {
    checkOptions(
      'LeNet5',
      options,
      {
        seed: true,
        init: true,
        classes: true,
        channels: true,
        inputSize: true,
        dropout: true,
        activation: true,
        pooling: true,
      },
      '{ seed: 1 }',
    );
    const { seed = 0, init = 'he', classes = 10, channels = 1, dropout = 0 } = options;
    const { inputSize = [lenet5Side, lenet5Side], activation = 'relu' } = options;
    checkActivation(activation);
    const Activation = activations[activation];
    const { pooling = 'max' } = options;
    checkPooling(pooling);
    const Pool = pooling === 'max' ? MaxPool2d : AvgPool2d;
    checkInteger('LeNet5', 'channels', channels, 1, MAX_SIDE);
    const [height, width] = checkInputSize('LeNet5', 'inputSize', inputSize);
    const features = lenet5Features(height, width);
    const layers = {
      conv1: new Conv2d({ inChannels: channels, outChannels: 6, kernel: 5 }), // 6 x 28 x 28
      [`${activation}1`]: new Activation(),
      pool1: new Pool({ kernel: 2 }), //                                 6 x 14 x 14
      conv2: new Conv2d({ inChannels: 6, outChannels: 16, kernel: 5 }), //   16 x 10 x 10
      [`${activation}2`]: new Activation(),
      pool2: new Pool({ kernel: 2 }), //                                16 x  5 x  5
      conv3: new Conv2d({ inChannels: 16, outChannels: 120, kernel: 5 }), // 120 x 1 x  1
      [`${activation}3`]: new Activation(),
      flatten: new Flatten(),
      fc1: new Linear({ inFeatures: features, outFeatures: 84 }),
      [`${activation}4`]: new Activation(),
      ...(dropout === 0 ? {} : { dropout: new Dropout({ p: dropout }) }),
      fc2: new Linear({ inFeatures: 84, outFeatures: classes }),
    };
    super(new Sequential(layers), { inputShape: [channels, height, width], seed, init });
  }
}

function checkPooling(pooling: unknown): void {
  if (pooling === 'max' || pooling === 'average') return;
  throw new ArgumentRangeError(
    `LeNet5: expected pooling 'max' or 'average' but received ${valueText(pooling)}`,
  );
}

function checkActivation(activation: unknown): void {
  if (typeof activation === 'string' && Object.hasOwn(activations, activation)) return;
  const names = Object.keys(activations).map((name) => `'${name}'`);
  throw new ArgumentRangeError(
    `LeNet5: expected activation ${names.join(' or ')} but received ${valueText(activation)}`,
  );
}

/** @throws {TypeError | RangeError} for what is no height and width that LeNet-5 takes. */
export function checkInputSize(where: string, name: string, size: unknown): [number, number] {
  if (!Array.isArray(size) || size.length !== 2) {
    throw new ArgumentTypeError(
      `${where}: expected ${name} [height, width] but received ${Array.isArray(size) ? `${size.length} numbers` : typeName(size)}. ` +
        `Hint: { ${name}: [48, 64] }`,
    );
  }
  const [height, width]: unknown[] = size;
  checkInteger(where, `${name}[0]`, height, lenet5Side, MAX_SIDE);
  checkInteger(where, `${name}[1]`, width, lenet5Side, MAX_SIDE);
  return [Number(height), Number(width)];
}

/** What `fc1` takes: the outputs of the last convolution. */
export function lenet5Features(height: number, width: number): number {
  return 120 * placesOf(height) * placesOf(width);
}

/** Along one axis, how many places the last convolution has: 1 for 32. */
function placesOf(length: number): number {
  const conv = (side: number) => side - 4;
  const pool = (side: number) => Math.floor(side / 2);
  return conv(pool(conv(pool(conv(length)))));
}
