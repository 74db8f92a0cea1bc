import { checkOptions } from '../options.js';
import { checkHidden, type FullyConnectedOptions, fullyConnected } from './fully-connected.js';
import { Net } from './net.js';

/** Options of `ThreeLayerNet`. */
export interface ThreeLayerNetOptions extends FullyConnectedOptions {
  /** Outputs of the first and of the second hidden layer. Default `[1200, 200]`. */
  readonly hidden?: readonly [first: number, second: number];
}

/**
 * Linear, ReLU, Linear, ReLU, Linear: `[N, inputs]` -> `[N, classes]`, 1,184,210 parameters by default.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 * Source: `ThreeLayerNet` of PyNet (zjZSTU, 2019), with the sizes of its MNIST example.
 */
export class ThreeLayerNet extends Net {
  constructor(options: ThreeLayerNetOptions = {}) {
    checkOptions(
      'ThreeLayerNet',
      options,
      { seed: true, init: true, inputs: true, hidden: true, classes: true, dropout: true },
      '{ inputs: 784, hidden: [1200, 200] }',
    );
    const { hidden = [1200, 200] } = options;
    checkHidden('ThreeLayerNet', hidden, 2);
    super(...fullyConnected('ThreeLayerNet', options, hidden));
  }
}
