import { ArgumentRangeError, ArgumentTypeError, StateError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import { sgdUpdate } from '../kernels/training.js';
import type { Parameter } from '../layers/layer.js';
import { copyIn, copyOut } from '../layers/named-tensors.js';
import { Tensor, typeName } from '../tensor.js';

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

/** A net is one; so is anything else with parameters. */
export interface HasParameters {
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

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(target: HasParameters | readonly Parameter[], options: SGDOptions) {
    this.#parameters = parametersOf(target);
    const { lr, momentum = 0, nesterov = false, weightDecay = 0, biasGradient = 'sum' } = options;
    checkNumber('sgd', 'lr', lr, 0);
    checkNumber('sgd', 'momentum', momentum, 0);
    checkNumber('sgd', 'weightDecay', weightDecay, 0);
    if (momentum >= 1) {
      throw new ArgumentRangeError(`sgd: expected momentum below 1 but received ${momentum}`);
    }
    if (nesterov && momentum === 0) {
      throw new ArgumentRangeError('sgd: expected momentum above 0, which nesterov needs, but received 0');
    }
    if (biasGradient !== 'sum' && biasGradient !== 'mean') {
      throw new ArgumentRangeError(
        `sgd: expected biasGradient 'sum' or 'mean' but received ${JSON.stringify(biasGradient)}`,
      );
    }
    this.lr = lr;
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.weightDecay = weightDecay;
    this.biasGradient = biasGradient;
    this.#velocity = momentum === 0 ? [] : this.#parameters.map(({ value }) => new Tensor(value.shape));
  }

  /**
   * Updates every parameter from its gradient.
   * @param lr the learning rate of this step.
   * @throws {StateError} before the first backward.
   */
  step(lr: number = this.lr): void {
    checkNumber('sgd', 'lr', lr, 0);
    for (const [index, { name, kind, value, grad, rows }] of this.#parameters.entries()) {
      if (rows === 0) throw new StateError(`sgd: expected a backward first but ${name} has no gradient`);
      const isBias = kind === 'bias';
      sgdUpdate(value, grad, {
        lr,
        velocity: this.#velocity[index] ?? null,
        momentum: this.momentum,
        nesterov: this.nesterov,
        weightDecay: isBias ? 0 : this.weightDecay,
        gradScale: isBias && this.biasGradient === 'mean' ? 1 / rows : 1,
      });
    }
  }

  /** Copies of the velocities under their parameters' names, for a checkpoint; empty without momentum. */
  getVelocity(): Map<string, Tensor> {
    return copyOut(this.#named());
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

function parametersOf(target: HasParameters | readonly Parameter[]): readonly Parameter[] {
  if (Array.isArray(target)) return target;
  if (typeof (target as HasParameters | null)?.parameters === 'function') {
    return (target as HasParameters).parameters();
  }
  throw new ArgumentTypeError(`sgd: expected a net or its parameters but received ${typeName(target)}`);
}
