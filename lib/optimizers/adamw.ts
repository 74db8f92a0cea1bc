import { checkOptions } from '../options.js';
import { MomentOptimizer, type MomentOptions, momentOptions } from './moments.js';
import { type OptimizerTarget, parametersOf } from './rule-optimizer.js';

/** Options of `AdamW`. */
export interface AdamWOptions extends MomentOptions {
  /** Share of each weight that a step of rate 1 takes off; biases lose nothing. Default 0.01. */
  readonly weightDecay?: number;
}

/** `AdamW` in a recipe, whose bias gradient is its own. */
export interface AdamWSettings<Rate = number> extends Omit<AdamWOptions, 'lr' | 'biasGradient' | 'freeze'> {
  readonly kind: 'adamw';
  /** Learning rate; the peak of it under a schedule. */
  readonly lr: Rate;
}

export const adamwOptions = momentOptions;

/**
 * Adam with decoupled weight decay: W -= lr * weightDecay * W, then the step of `Adam` by the gradient alone. Its state is
 * that of `Adam`.
 * Source: Loshchilov & Hutter, Decoupled weight decay regularization (2019), with the rate in the decay as in PyTorch.
 */
export class AdamW extends MomentOptimizer {
  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(target: OptimizerTarget, options: AdamWOptions = {}) {
    const parameters = parametersOf('adamw', target);
    checkOptions('adamw', options, adamwOptions, '{ lr: 1e-3 }');
    super('adamw', parameters, options, { weightDecay: 0.01 });
  }

  /** `AdamW(lr 0.001, betas 0.9 and 0.999, weightDecay 0.01)`. */
  override toString(): string {
    return this.describeMoments('AdamW');
  }
}
