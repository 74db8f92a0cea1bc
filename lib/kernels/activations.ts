/** Activations by their names in the addon's table, forward and backward, on tensors of any shape. */
import { native } from '../native.js';
import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor.js';
import { checkShape, checkTensor, output } from './checks.js';
import type { OutOption } from './rows.js';

let fromOutput: ReadonlySet<string> | undefined;

/** Writes the activation of x into `out`, which may be x. */
export function activate(kind: string, x: Tensor, out: Tensor): Tensor {
  native().activationForward(kind, x.data, out.data);
  return out;
}

/** Writes the gradient of x for the gradient dy of y = activate(x) into `out`, which may be dy. */
export function activateBackward(kind: string, x: Tensor, y: Tensor, dy: Tensor, out: Tensor): Tensor {
  fromOutput ??= new Set(
    native()
      .tables()
      .activations.filter((each) => each.fromOutput)
      .map(({ name }) => name),
  );
  native().activationBackward(kind, fromOutput.has(kind) ? null : x.data, y.data, dy.data, out.data);
  return out;
}

/** max(x, 0), NaN stays NaN; any shape. `out` may be x. */
export function relu(x: Tensor, options: OutOption = {}): Tensor {
  checkOptions('relu', options, { out: true }, '{ out }');
  checkTensor('relu', 'x', x);
  return activate('relu', x, output('relu', 'out', options.out, x.shape));
}

/** dy where the output y is above 0, else 0. `out` may be dy. @throws {ShapeError} if the shapes differ. */
export function reluBackward(y: Tensor, dy: Tensor, options: OutOption = {}): Tensor {
  checkOptions('reluBackward', options, { out: true }, '{ out }');
  checkTensor('reluBackward', 'y', y);
  checkShape('reluBackward', 'dy', dy, y.shape, "the output's shape");
  return activateBackward('relu', y, y, dy, output('reluBackward', 'out', options.out, y.shape));
}
