/** How parameters follow their gradients: the update rules of the addon. */
import { ArgumentTypeError } from '../errors.js';
import { native, type NativeUpdate as ParameterUpdate } from '../native.js';
import { checkOptions, type OptionNames } from '../options.js';
import { type Tensor, typeName } from '../tensor.js';
import { checkArray, checkBoolean, checkNumber, checkObject, checkShape, checkTensor } from './checks.js';

export type { ParameterUpdate };

/**
 * What `applyUpdate`, and an engine that makes the update itself, check beforehand.
 * @throws {TypeError | RangeError} naming what is wrong.
 */
export function checkUpdate(where: string, update: ParameterUpdate): void {
  checkObject(where, 'an update such as SGD.update() gives', update);
  const { params, grads, segments, numbers } = update;
  checkArray(where, 'params', params, Float32Array, 0);
  checkArray(where, 'grads', grads, Float32Array, 0);
  checkArray(where, 'segments', segments, Float64Array, 0);
  if (!Array.isArray(numbers)) {
    throw new ArgumentTypeError(`${where}: expected a list of numbers but received ${typeName(numbers)}`);
  }
  const wrong = numbers.findIndex(
    (value) => typeof value !== 'number' || !Number.isFinite(Math.fround(value)),
  );
  if (wrong === -1) return;
  const rule = native()
    .tables()
    .updates.find(({ name }) => name === update.rule);
  checkNumber(where, rule?.numbers[wrong] ?? 'a number of the update', numbers[wrong]);
}

/**
 * Updates all parameters of an arena in one call.
 * @throws {TypeError | RangeError} for an unknown rule, numbers that are not finite, and unless the segments lie inside
 * the arena, in order and apart.
 */
export function applyUpdate(update: ParameterUpdate): void {
  checkUpdate('update', update);
  native().updateSegments(update);
}

/** Rates and velocity of `sgdUpdate`. */
export interface SgdUpdateOptions {
  readonly lr: number;
  /** Kept between steps; null or left out: no momentum. */
  readonly velocity?: Tensor | null;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  /** Factor of the gradient. Default 1. */
  readonly gradScale?: number;
}

const updateNames: OptionNames<SgdUpdateOptions> = {
  lr: true,
  velocity: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  gradScale: true,
};

/** Of `sgdUpdate`, which allocates no array. */
const oneSegment = new Float64Array(5);

/**
 * `g = gradScale * grad + weightDecay * param`; without velocity `param -= lr * g`; with it
 * `v = momentum * v + g; param -= lr * (nesterov ? g + momentum * v : v)`.
 * @throws {ShapeError} if `grad` or `velocity` differs in shape from `param`.
 */
export function sgdUpdate(param: Tensor, grad: Tensor, options: SgdUpdateOptions): void {
  const where = 'sgdUpdate';
  checkOptions(where, options, updateNames, '{ lr: 0.1 }');
  const { lr, velocity = null, momentum = 0, nesterov = false, weightDecay = 0, gradScale = 1 } = options;
  checkTensor(where, 'param', param);
  checkShape(where, 'grad', grad, param.shape, 'the shape of param');
  if (velocity !== null) checkShape(where, 'velocity', velocity, param.shape, 'the shape of param');
  for (const [name, value] of Object.entries({ lr, momentum, weightDecay, gradScale })) {
    checkNumber(where, name, value);
  }
  checkBoolean(where, 'nesterov', nesterov);
  oneSegment.set([0, param.size, weightDecay, gradScale, 1]);
  native().updateSegments({
    rule: 'sgd',
    params: param.data,
    grads: grad.data,
    state: [velocity?.data ?? null],
    segments: oneSegment,
    numbers: [lr, momentum, Number(nesterov)],
  });
}
