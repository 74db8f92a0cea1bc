import { checkBoolean } from '../kernels/checks.js';
import { checkOptions, type OptionNames } from '../options.js';
import { checkDivisor, checkShare } from './moments.js';
import { type OptimizerTarget, parametersOf, RuleOptimizer, type RuleOptions } from './rule-optimizer.js';

/** Options of `RMSprop`. */
export interface RMSpropOptions extends RuleOptions {
  /** Learning rate of a `step()` that names none. Default 0.01. */
  readonly lr?: number;
  /** Share of the mean square that a step keeps, from 0 up to below 1. Default 0.99. */
  readonly alpha?: number;
  /** Added to the root of the mean square, above 0. Default 1e-8. */
  readonly eps?: number;
  /** Share of the velocity that a step keeps, from 0 (the default) up to below 1. */
  readonly momentum?: number;
  /** Divides by the deviation of the gradient in place of the root of its mean square. Default false. */
  readonly centered?: boolean;
}

/** `RMSprop` in a recipe, whose bias gradient is its own. */
export interface RMSpropSettings<Rate = number>
  extends Omit<RMSpropOptions, 'lr' | 'biasGradient' | 'freeze'> {
  readonly kind: 'rmsprop';
  /** Learning rate; the peak of it under a schedule. */
  readonly lr: Rate;
}

export const rmspropOptions: OptionNames<RMSpropOptions> = {
  lr: true,
  alpha: true,
  eps: true,
  momentum: true,
  centered: true,
  weightDecay: true,
  biasGradient: true,
  groups: true,
  freeze: true,
};

/**
 * RMSprop: g = grad + weightDecay * W; s = alpha * s + (1 - alpha) * g^2; u = g / (sqrt(s) + eps); W -= lr * u, or with
 * momentum v = momentum * v + u; W -= lr * v. Centered, s - m^2 stands in place of s, where m = alpha * m + (1 - alpha) * g.
 * Its state is `squareAverage`, with momentum `velocity`, and centered `gradientAverage`.
 * Source: Tieleman & Hinton, Lecture 6.5 of Neural networks for machine learning (2012), with the order of PyTorch's.
 */
export class RMSprop extends RuleOptimizer {
  readonly alpha: number;
  readonly eps: number;
  readonly momentum: number;
  readonly centered: boolean;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(target: OptimizerTarget, options: RMSpropOptions = {}) {
    const parameters = parametersOf('rmsprop', target);
    checkOptions('rmsprop', options, rmspropOptions, '{ lr: 0.01 }');
    const { alpha = 0.99, eps = 1e-8, momentum = 0, centered = false } = options;
    checkShare('rmsprop', 'alpha', alpha);
    checkDivisor('rmsprop', eps);
    checkShare('rmsprop', 'momentum', momentum);
    checkBoolean('rmsprop', 'centered', centered);
    super(
      {
        name: 'rmsprop',
        defaults: { lr: 0.01 },
        slots: ['squareAverage', centered ? 'gradientAverage' : null, momentum === 0 ? null : 'velocity'],
        counts: false,
        numbers: (lr) => [lr, alpha, eps, momentum],
      },
      parameters,
      options,
    );
    this.alpha = alpha;
    this.eps = eps;
    this.momentum = momentum;
    this.centered = centered;
  }

  /** `RMSprop(lr 0.01, alpha 0.99, momentum 0.9, centered)`. */
  override toString(): string {
    return this.describe('RMSprop', [
      `alpha ${this.alpha}`,
      this.eps !== 1e-8 && `eps ${this.eps}`,
      this.momentum > 0 && `momentum ${this.momentum}`,
      this.centered && 'centered',
    ]);
  }
}
