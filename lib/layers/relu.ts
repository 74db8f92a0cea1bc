import { Activation, activationKind } from './activation.js';
import type { Layer } from './layer.js';

/** max(x, 0), any shape. The gradient at 0 is 0. */
export class ReLU extends Activation implements Layer {
  readonly kind = 'relu';
}

export const reluKind = activationKind(ReLU, {
  onnx: 'Relu',
  value: (x) => Math.max(x, 0),
  formula: (x) => `max(0, ${x})`,
  backward: 'passes it where its input was above 0',
});
