import { Activation, activationKind } from './activation.js';
import type { Layer } from './layer.js';

/** The hyperbolic tangent, any shape. */
export class Tanh extends Activation implements Layer {
  readonly kind = 'tanh';
}

export const tanhKind = activationKind(Tanh, {
  onnx: 'Tanh',
  value: Math.tanh,
  formula: (x) => `tanh(${x})`,
  backward: 'multiplies it by 1 - y * y, where y is its output',
});
