import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName } from '../tensor.js';
import { type OptimizerTarget, parametersOf, RuleOptimizer, type RuleOptions } from './rule-optimizer.js';

/** Options of `Adam`. */
export interface AdamOptions extends Omit<RuleOptions, 'lr'> {
  /** Learning rate of a `step()` that names none. Default 0.001. */
  readonly lr?: number;
  /** Shares of the two moments that a step keeps, from 0 up to below 1. Default `[0.9, 0.999]`. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment, above 0. Default 1e-8. */
  readonly eps?: number;
}

/** `Adam` in a recipe, whose bias gradient is its own. */
export interface AdamSettings<Rate = number> extends Omit<AdamOptions, 'lr' | 'biasGradient'> {
  readonly kind: 'adam';
  /** Learning rate; the peak of it under a schedule. */
  readonly lr: Rate;
}

export const adamOptions: OptionNames<AdamOptions> = {
  lr: true,
  betas: true,
  eps: true,
  weightDecay: true,
  biasGradient: true,
};

/**
 * Adam: g = grad + weightDecay * W; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
 * W -= lr * m' / (sqrt(v') + eps), where m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t) in the t-th step. Its state is
 * `firstMoment`, `secondMoment` and the number of steps, `step`.
 * Source: Kingma & Ba, Adam: A method for stochastic optimization (2015), with weight decay as PyTorch's Adam has it.
 */
export class Adam extends RuleOptimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(target: OptimizerTarget, options: AdamOptions = {}) {
    const parameters = parametersOf('adam', target);
    checkOptions('adam', options, adamOptions, '{ lr: 1e-3 }');
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, biasGradient = 'sum' } = options;
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw new ArgumentTypeError(
        `adam: expected betas to be two numbers such as [0.9, 0.999] but received ${typeName(betas)}`,
      );
    }
    for (const [index, beta] of betas.entries()) {
      checkNumber('adam', `betas[${index}]`, beta, 0);
      if (Math.fround(beta) < 1) continue;
      throw new ArgumentRangeError(`adam: expected betas[${index}] below 1 but received ${beta}`);
    }
    checkNumber('adam', 'eps', eps, 0);
    if (Math.fround(eps) === 0) {
      throw new ArgumentRangeError(
        `adam: expected eps above 0, also in single precision, but received ${eps}`,
      );
    }
    // What the rule multiplies with: corrected by anything else, the moments of a constant gradient would be off.
    const [beta1, beta2] = betas.map(Math.fround);
    super(
      {
        name: 'adam',
        slots: ['firstMoment', 'secondMoment'],
        counts: true,
        numbers: (rate, step) => [rate, beta1, beta2, eps, 1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)],
      },
      parameters,
      { lr, weightDecay, biasGradient },
    );
    this.betas = [betas[0], betas[1]];
    this.eps = eps;
  }

  /** `Adam(lr 0.001, betas 0.9 and 0.999)`. */
  override toString(): string {
    return this.describe('Adam', [
      `betas ${this.betas.join(' and ')}`,
      this.eps !== 1e-8 && `eps ${this.eps}`,
    ]);
  }
}
