import { ArgumentRangeError } from '../errors.js';
import { checkBoolean, checkNumber } from '../kernels/checks.js';
import { checkOptions, type OptionNames } from '../options.js';
import { type OptimizerTarget, parametersOf, RuleOptimizer, type RuleOptions } from './rule-optimizer.js';

/** Options of `SGD`. */
export interface SGDOptions extends RuleOptions {
  /** Learning rate of a `step()` that names none. */
  readonly lr: number;
  /** Share of the velocity that a step keeps, from 0 (the default) up to below 1. */
  readonly momentum?: number;
  /** Look ahead by the new velocity; needs momentum. Default false. */
  readonly nesterov?: boolean;
}

/** `SGD` in a recipe, whose bias gradient is its own. */
export interface SGDSettings<Rate = number> extends Omit<SGDOptions, 'lr' | 'biasGradient' | 'freeze'> {
  readonly kind?: 'sgd';
  /** Learning rate; the peak of it under a schedule. `auto`: 0.1, less for small batches and in short runs. */
  readonly lr: Rate;
}

export const sgdOptions: OptionNames<SGDOptions> = {
  lr: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  biasGradient: true,
  groups: true,
  freeze: true,
};

/**
 * Stochastic gradient descent: g = grad + weightDecay * W; v = momentum * v + g; W -= lr * v, or with Nesterov
 * W -= lr * (g + momentum * v). Its state with momentum is `velocity`.
 * Source: Sutskever et al., On the importance of initialization and momentum in deep learning (2013), in the form that
 * leaves the learning rate out of the velocity, so that a schedule acts at once.
 */
export class SGD extends RuleOptimizer {
  readonly momentum: number;
  readonly nesterov: boolean;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(target: OptimizerTarget, options: SGDOptions) {
    const parameters = parametersOf('sgd', target);
    checkOptions('sgd', options, sgdOptions, '{ lr: 0.1 }');
    const { momentum = 0, nesterov = false } = options;
    checkNumber('sgd', 'momentum', momentum, 0);
    if (momentum >= 1) {
      throw new ArgumentRangeError(`sgd: expected momentum below 1 but received ${momentum}`);
    }
    checkBoolean('sgd', 'nesterov', nesterov);
    if (nesterov && momentum === 0) {
      throw new ArgumentRangeError('sgd: expected momentum above 0, which nesterov needs, but received 0');
    }
    super(
      {
        name: 'sgd',
        defaults: {},
        slots: [momentum === 0 ? null : 'velocity'],
        counts: false,
        numbers: (lr) => [lr, momentum, Number(nesterov)],
      },
      parameters,
      options,
    );
    this.momentum = momentum;
    this.nesterov = nesterov;
  }

  /** `SGD(lr 0.1, momentum 0.9, nesterov, weightDecay 0.0005)`. */
  override toString(): string {
    return this.describe('SGD', [
      this.momentum > 0 && `momentum ${this.momentum}`,
      this.nesterov && 'nesterov',
    ]);
  }
}
