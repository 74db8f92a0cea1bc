import { Activation, activationKind } from './activation.js';
import type { Layer } from './layer.js';

/** 1 / (1 + exp(-x)), any shape. */
export class Sigmoid extends Activation implements Layer {
  readonly kind = 'sigmoid';
}

export const sigmoidKind = activationKind(Sigmoid, {
  onnx: 'Sigmoid',
  value: (x) => 1 / (1 + Math.exp(-x)),
  formula: (x) => `1 / (1 + exp(-(${x})))`,
  backward: 'multiplies it by y * (1 - y), where y is its output',
});
