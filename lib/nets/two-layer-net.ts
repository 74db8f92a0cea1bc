import { checkInteger } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { type FullyConnectedOptions, fullyConnected } from './fully-connected.js';
import { Net } from './net.js';

/** Options of `TwoLayerNet`. */
export interface TwoLayerNetOptions extends FullyConnectedOptions {
  /** Outputs of the hidden layer. Default 200. */
  readonly hidden?: number;
}

/**
 * Linear, ReLU, Linear: `[N, inputs]` -> `[N, classes]`, 159,010 parameters by default.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 * Source: `TwoLayerNet` of PyNet (zjZSTU, 2019), with the sizes of its MNIST example.
 */
export class TwoLayerNet extends Net {
  constructor(options: TwoLayerNetOptions = {}) {
    checkOptions(
      'TwoLayerNet',
      options,
      { seed: true, init: true, inputs: true, hidden: true, classes: true, dropout: true },
      '{ inputs: 784, hidden: 200 }',
    );
    const { hidden = 200 } = options;
    checkInteger('TwoLayerNet', 'hidden', hidden, 1, 2 ** 31 - 1);
    super(...fullyConnected('TwoLayerNet', options, [hidden]));
  }
}
