import { ArgumentRangeError, ArgumentTypeError, StateError } from '../errors.js';
import { checkBoolean, checkNumber, checkShape, checkTensor } from '../kernels/checks.js';
import { type SgdArena, type SgdArenaUpdate, sgdUpdate, sgdUpdateArena } from '../kernels/training.js';
import type { Parameter } from '../layers/layer.js';
import { copyIn, copyOut } from '../layers/named-tensors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { Tensor, typeName, valueText } from '../tensor.js';

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate of a `step()` that names none. */
  readonly lr: number;
  /** Share of the velocity that a step keeps, from 0 (the default) up to below 1. */
  readonly momentum?: number;
  /** Look ahead by the new velocity; needs momentum. Default false. */
  readonly nesterov?: boolean;
  /** Factor of the weights in their gradients; biases have none. Default 0. */
  readonly weightDecay?: number;
  /** `mean` divides a bias's gradient by the rows that were summed into it. Default `sum`. */
  readonly biasGradient?: 'sum' | 'mean';
}

const optionNames: OptionNames<SGDOptions> = {
  lr: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  biasGradient: true,
};

/** A net is one; so is anything else with parameters. */
export interface HasParameters {
  /** In a fixed order. */
  parameters(): readonly Parameter[];
}

/**
 * Stochastic gradient descent: g = grad + weightDecay * W; v = momentum * v + g; W -= lr * v, or with Nesterov
 * W -= lr * (g + momentum * v).
 * Source: Sutskever et al., On the importance of initialization and momentum in deep learning (2013), in the form that
 * leaves the learning rate out of the velocity, so that a schedule acts at once.
 */
export class SGD {
  readonly lr: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly biasGradient: 'sum' | 'mean';
  readonly #parameters: readonly Parameter[];
  /** Parallel to the parameters; empty without momentum. */
  readonly #velocity: readonly Tensor[];
  /** Offset, count, weightDecay and gradScale of each parameter. */
  readonly #segments: Float64Array;
  /** Where the parameters are those of a net, in its arenas: one call then updates all. */
  readonly #arena: Omit<SgdArena, 'segments'> | undefined;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(target: HasParameters | readonly Parameter[], options: SGDOptions) {
    this.#parameters = parametersOf(target);
    checkOptions('sgd', options, optionNames, '{ lr: 0.1 }');
    const { lr, momentum = 0, nesterov = false, weightDecay = 0, biasGradient = 'sum' } = options;
    checkNumber('sgd', 'lr', lr, 0);
    checkNumber('sgd', 'momentum', momentum, 0);
    checkNumber('sgd', 'weightDecay', weightDecay, 0);
    if (momentum >= 1) {
      throw new ArgumentRangeError(`sgd: expected momentum below 1 but received ${momentum}`);
    }
    checkBoolean('sgd', 'nesterov', nesterov);
    if (nesterov && momentum === 0) {
      throw new ArgumentRangeError('sgd: expected momentum above 0, which nesterov needs, but received 0');
    }
    if (biasGradient !== 'sum' && biasGradient !== 'mean') {
      throw new ArgumentRangeError(
        `sgd: expected biasGradient 'sum' or 'mean' but received ${valueText(biasGradient)}`,
      );
    }
    this.lr = lr;
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.weightDecay = weightDecay;
    this.biasGradient = biasGradient;
    const arena = sharedArena(this.#parameters);
    this.#segments = new Float64Array(4 * this.#parameters.length);
    for (const [index, { value }] of this.#parameters.entries()) {
      this.#segments[4 * index] = value.data.byteOffset / Float32Array.BYTES_PER_ELEMENT;
      this.#segments[4 * index + 1] = value.size;
    }
    const velocities = new Float32Array(momentum === 0 || arena === undefined ? 0 : arena.params.length);
    if (arena !== undefined) this.#arena = { ...arena, velocities: momentum === 0 ? null : velocities };
    this.#velocity = (momentum === 0 ? [] : this.#parameters).map(({ value }, index) => {
      if (arena === undefined) return new Tensor(value.shape);
      const offset = this.#segments[4 * index];
      return new Tensor(value.shape, velocities.subarray(offset, offset + value.size));
    });
  }

  /**
   * Updates every parameter from its gradient.
   * @param lr the learning rate of this step.
   * @throws {StateError} before the first backward.
   */
  step(lr: number = this.lr): void {
    checkNumber('sgd', 'lr', lr, 0);
    const { momentum, nesterov } = this;
    for (const { name, rows } of this.#parameters) {
      if (rows === 0) throw new StateError(`sgd: expected a backward first but ${name} has no gradient`);
    }
    this.#setSegments();
    if (this.#arena !== undefined) {
      sgdUpdateArena({ ...this.#arena, segments: this.#segments }, { lr, momentum, nesterov });
      return;
    }
    for (const [index, { value, grad }] of this.#parameters.entries()) {
      const [weightDecay, gradScale] = this.#segments.subarray(4 * index + 2, 4 * index + 4);
      const velocity = this.#velocity[index] ?? null;
      sgdUpdate(value, grad, { lr, velocity, momentum, nesterov, weightDecay, gradScale });
    }
  }

  /**
   * What `step(lr)` does, for an engine to do at the end of its own step. Undefined where only `step` can: parameters
   * that are not those of one net, and bias gradients that are means.
   */
  update(lr: number = this.lr): SgdArenaUpdate | undefined {
    checkNumber('sgd', 'lr', lr, 0);
    if (this.#arena === undefined || this.biasGradient === 'mean') return undefined;
    this.#setSegments();
    const { momentum, nesterov } = this;
    return { arena: { ...this.#arena, segments: this.#segments }, rates: { lr, momentum, nesterov } };
  }

  #setSegments(): void {
    for (const [index, { kind, rows }] of this.#parameters.entries()) {
      const isBias = kind === 'bias';
      this.#segments[4 * index + 2] = isBias ? 0 : this.weightDecay;
      this.#segments[4 * index + 3] = isBias && this.biasGradient === 'mean' ? 1 / rows : 1;
    }
  }

  /** Copies of the velocities under their parameters' names, for a checkpoint; empty without momentum. */
  getVelocity(): Map<string, Tensor> {
    return copyOut('sgd: getVelocity', this.#named());
  }

  /**
   * Continues with stored velocities; all or none.
   * @throws {ShapeError} listing every name that is missing, unexpected or of another shape.
   * @throws {ArgumentRangeError} for a value that is not finite.
   */
  setVelocity(velocity: ReadonlyMap<string, Tensor>): void {
    copyIn('sgd: setVelocity', this.#named(), velocity);
  }

  #named(): (readonly [string, Tensor])[] {
    return this.#velocity.map((tensor, index) => [this.#parameters[index].name, tensor] as const);
  }

  /** `SGD(lr 0.1, momentum 0.9, nesterov, weightDecay 0.0005)`. */
  toString(): string {
    const parts = [`lr ${this.lr}`];
    if (this.momentum > 0) parts.push(`momentum ${this.momentum}`);
    if (this.nesterov) parts.push('nesterov');
    if (this.weightDecay > 0) parts.push(`weightDecay ${this.weightDecay}`);
    if (this.biasGradient === 'mean') parts.push('biasGradient mean');
    return `SGD(${parts.join(', ')})`;
  }
}

/** The whole buffers behind the parameters and their gradients, if each is one and the places in them agree. */
function sharedArena(
  parameters: readonly Parameter[],
): { params: Float32Array; grads: Float32Array } | undefined {
  const [first] = parameters;
  if (first === undefined) return undefined;
  let end = 0;
  for (const { value, grad } of parameters) {
    const { buffer, byteOffset, byteLength } = value.data;
    const together = buffer === first.value.data.buffer && grad.data.buffer === first.grad.data.buffer;
    if (!together || grad.data.byteOffset !== byteOffset || byteOffset < end) return undefined;
    end = byteOffset + byteLength;
  }
  if (first.value.data.buffer === first.grad.data.buffer) return undefined;
  return { params: wholeBuffer(first.value.data), grads: wholeBuffer(first.grad.data) };
}

function wholeBuffer({ buffer }: Float32Array): Float32Array {
  return new Float32Array(buffer, 0, Math.floor(buffer.byteLength / Float32Array.BYTES_PER_ELEMENT));
}

function parametersOf(target: HasParameters | readonly Parameter[]): readonly Parameter[] {
  const isNet = typeof (target as HasParameters | null)?.parameters === 'function';
  const parameters: unknown = isNet ? (target as HasParameters).parameters() : target;
  if (!Array.isArray(parameters)) {
    throw new ArgumentTypeError(`sgd: expected a net or its parameters but received ${typeName(target)}`);
  }
  for (const [index, parameter] of (parameters as readonly Partial<Parameter>[]).entries()) {
    const name = `parameters[${index}]`;
    checkTensor('sgd', `the value of ${name}`, parameter?.value);
    checkShape('sgd', `the gradient of ${name}`, parameter.grad, parameter.value.shape, 'that of its value');
  }
  return parameters;
}
