/** Activations by their names in the addon's table, forward and backward, on tensors of any shape. */
import { native } from '../native.js';
import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor.js';
import { checkShape, checkTensor, output } from './checks.js';
import type { OutOption } from './rows.js';

let fromOutput: ReadonlySet<string> | undefined;

/** An activation by its name in the addon's table, and the number that it takes; 0 where it takes none. */
export interface NamedActivation {
  readonly kind: string;
  readonly number: number;
}

const relus: NamedActivation = { kind: 'relu', number: 0 };

/** Writes the activation of x into `out`, which may be x. */
export function activate({ kind, number }: NamedActivation, x: Tensor, out: Tensor): Tensor {
  native().activationForward(kind, number, x.data, out.data);
  return out;
}

/** Writes the gradient of x for the gradient dy of y = activate(x) into `out`, which may be dy. */
export function activateBackward(
  { kind, number }: NamedActivation,
  x: Tensor,
  y: Tensor,
  dy: Tensor,
  out: Tensor,
): Tensor {
  fromOutput ??= new Set(
    native()
      .tables()
      .activations.filter((each) => each.fromOutput)
      .map(({ name }) => name),
  );
  const input = fromOutput.has(kind) && number >= 0 ? null : x.data;
  native().activationBackward(kind, number, input, y.data, dy.data, out.data);
  return out;
}

/** max(x, 0), NaN stays NaN; any shape. `out` may be x. */
export function relu(x: Tensor, options: OutOption = {}): Tensor {
  checkOptions('relu', options, { out: true }, '{ out }');
  checkTensor('relu', 'x', x);
  return activate(relus, x, output('relu', 'out', options.out, x.shape));
}

/** dy where the output y is above 0, else 0. `out` may be dy. @throws {ShapeError} if the shapes differ. */
export function reluBackward(y: Tensor, dy: Tensor, options: OutOption = {}): Tensor {
  checkOptions('reluBackward', options, { out: true }, '{ out }');
  checkTensor('reluBackward', 'y', y);
  checkShape('reluBackward', 'dy', dy, y.shape, "the output's shape");
  return activateBackward(relus, y, y, dy, output('reluBackward', 'out', options.out, y.shape));
}
