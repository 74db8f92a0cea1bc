/** The one way to update parameters: a rule of the addon, over memory that holds parameters one after another. */
import { ArgumentRangeError } from '../errors.js';
import { native } from '../native.js';
import { valueText } from '../tensor.js';
import { checkArray, checkNumber, checkObject } from './checks.js';

/** An update that is still to be made. Parameters, gradients and states stand at the same places of their memories. */
export interface ParameterUpdate {
  /** Its name in the addon's table. */
  readonly rule: string;
  readonly params: Float32Array;
  readonly grads: Float32Array;
  /** What the rule keeps between steps, in the order of its slots; null for a slot that is not used. */
  readonly state: readonly (Float32Array | null)[];
  /** Offset, count, weightDecay and gradScale of each parameter, in the order of their offsets. */
  readonly segments: Float64Array;
  /** What is the same for all parameters, in the order of the rule's names. */
  readonly numbers: readonly number[];
}

/**
 * What `applyUpdate`, and an engine that makes the update itself, check beforehand.
 * @throws {TypeError | RangeError} naming what is wrong.
 */
export function checkUpdate(where: string, update: ParameterUpdate): void {
  checkObject(where, 'an update such as SGD.update() gives', update);
  checkArray(where, 'params', update.params, Float32Array, 0);
  checkArray(where, 'grads', update.grads, Float32Array, 0);
  checkArray(where, 'segments', update.segments, Float64Array, 0);
  for (const [index, name] of ['lr', 'momentum'].entries()) checkNumber(where, name, update.numbers[index]);
}

/**
 * Makes the update.
 * @throws {RangeError} unless the segments lie inside the memory, in order and apart.
 */
export function applyUpdate(update: ParameterUpdate): void {
  checkUpdate('update', update);
  const { rule, params, grads, state, segments, numbers } = update;
  if (rule !== 'sgd') {
    throw new ArgumentRangeError(`update: expected the rule 'sgd' but received ${valueText(rule)}`);
  }
  const [lr, momentum, nesterov] = numbers;
  native().sgdUpdateSegments(params, grads, state[0], segments, lr, momentum, nesterov !== 0);
}
