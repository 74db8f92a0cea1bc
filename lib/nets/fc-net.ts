import { checkBoolean } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { checkHidden, type FullyConnectedOptions, fullyConnected } from './fully-connected.js';
import { Net } from './net.js';

/** Options of `FCNet`. */
export interface FCNetOptions extends FullyConnectedOptions {
  /** Outputs of each hidden layer. Default `[512, 256]`. */
  readonly hidden?: readonly number[];
  /** Whether each hidden layer is normalized before its ReLU. Default false. */
  readonly batchNorm?: boolean;
}

/**
 * A fully connected net, a multilayer perceptron: Linear and ReLU (with BatchNorm1d and Dropout) for each of `hidden`, and a Linear to the
 * classes. `[N, inputs]` -> `[N, classes]`, 535,818 parameters by default.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 * Source: `FCNet` of PyNet (zjZSTU, 2019).
 */
export class FCNet extends Net {
  constructor(options: FCNetOptions = {}) {
    checkOptions(
      'FCNet',
      options,
      {
        seed: true,
        init: true,
        inputs: true,
        hidden: true,
        batchNorm: true,
        classes: true,
        dropout: true,
      },
      '{ inputs: 784, hidden: [512, 256] }',
    );
    const { hidden = [512, 256] } = options;
    checkHidden('FCNet', hidden);
    checkBoolean('FCNet', 'batchNorm', options.batchNorm ?? false);
    super(...fullyConnected('FCNet', options, hidden));
  }
}
