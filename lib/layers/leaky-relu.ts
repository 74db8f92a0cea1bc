import { checkNumber } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { Activation, activationKind } from './activation.js';
import type { Layer } from './layer.js';

/** Options of `LeakyReLU`. */
export interface LeakyReLUOptions {
  /** Factor of values that are not above 0. Default 0.01. */
  readonly negativeSlope?: number;
}

/**
 * x where it is above 0, else negativeSlope * x; any shape. The gradient at 0 is the slope.
 * Source: Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
 */
export class LeakyReLU extends Activation implements Layer {
  readonly kind = 'leakyRelu';
  readonly negativeSlope: number;
  override readonly numbers: { readonly negativeSlope: number };

  /** @throws {TypeError | RangeError} for a slope that is no finite number. */
  constructor(options: LeakyReLUOptions = {}) {
    super();
    checkOptions('leakyRelu', options, { negativeSlope: true }, '{ negativeSlope: 0.1 }');
    const { negativeSlope = 0.01 } = options;
    checkNumber('leakyRelu', 'negativeSlope', negativeSlope);
    this.negativeSlope = negativeSlope;
    this.numbers = { negativeSlope };
  }
}

export const leakyReluKind = activationKind(LeakyReLU, {
  onnx: ({ negativeSlope }) => ({ operator: 'LeakyRelu', attributes: { alpha: { float: negativeSlope } } }),
  value: (x, { negativeSlope }) => (x > 0 ? x : negativeSlope * x),
  formula: (x, { negativeSlope }) => `${x} if above 0, else ${negativeSlope} * ${x}`,
  backward: 'passes it where its input was above 0, and multiplies it by its slope elsewhere',
});
