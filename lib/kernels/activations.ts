/** Activations by name, forward and backward, on tensors of any shape. */
import type { Tensor } from '../tensor.js';
import { relu, reluBackward } from './layers.js';

interface Arithmetic {
  forward(x: Tensor, out: Tensor): Tensor;
  backward(x: Tensor, y: Tensor, dy: Tensor, out: Tensor): Tensor;
}

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  relu: {
    forward: (x, out) => relu(x, { out }),
    backward: (_, y, dy, out) => reluBackward(y, dy, { out }),
  },
  sigmoid: {
    forward(x, out) {
      for (let at = 0; at < x.size; at += 1) out.data[at] = 1 / (1 + Math.exp(-x.data[at]));
      return out;
    },
    backward(_, y, dy, out) {
      for (let at = 0; at < y.size; at += 1) out.data[at] = dy.data[at] * y.data[at] * (1 - y.data[at]);
      return out;
    },
  },
};

/** Writes the activation of x into `out`. */
export function activate(kind: string, x: Tensor, out: Tensor): Tensor {
  return arithmetic[kind].forward(x, out);
}

/** Writes the gradient of x for the gradient dy of y = activate(x) into `out`. */
export function activateBackward(kind: string, x: Tensor, y: Tensor, dy: Tensor, out: Tensor): Tensor {
  return arithmetic[kind].backward(x, y, dy, out);
}
