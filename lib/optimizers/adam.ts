import { checkOptions } from '../options.js';
import { MomentOptimizer, type MomentOptions, momentOptions } from './moments.js';
import { type OptimizerTarget, parametersOf } from './rule-optimizer.js';

/** Options of `Adam`. */
export type AdamOptions = MomentOptions;

/** `Adam` in a recipe, whose bias gradient is its own. */
export interface AdamSettings<Rate = number> extends Omit<AdamOptions, 'lr' | 'biasGradient' | 'freeze'> {
  readonly kind: 'adam';
  /** Learning rate; the peak of it under a schedule. */
  readonly lr: Rate;
}

export const adamOptions = momentOptions;

/**
 * Adam: g = grad + weightDecay * W; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
 * W -= lr * m' / (sqrt(v') + eps), where m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t) in the t-th step. Its state is
 * `firstMoment`, `secondMoment` and the number of steps, `step`.
 * Source: Kingma & Ba, Adam: A method for stochastic optimization (2015), with weight decay as PyTorch's Adam has it.
 */
export class Adam extends MomentOptimizer {
  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(target: OptimizerTarget, options: AdamOptions = {}) {
    const parameters = parametersOf('adam', target);
    checkOptions('adam', options, adamOptions, '{ lr: 1e-3 }');
    super('adam', parameters, options);
  }

  /** `Adam(lr 0.001, betas 0.9 and 0.999)`. */
  override toString(): string {
    return this.describeMoments('Adam');
  }
}
