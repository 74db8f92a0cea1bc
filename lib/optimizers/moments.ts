/** What `Adam` and `AdamW` share: two moments of the gradient, which are corrected for the steps that there were. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import type { OptionNames } from '../options.js';
import { typeName } from '../tensor.js';
import type { Parameter } from '../layers/layer.js';
import { RuleOptimizer, type RuleOptions } from './rule-optimizer.js';

/** Options of `Adam` and `AdamW`. */
export interface MomentOptions extends RuleOptions {
  /** Learning rate of a `step()` that names none. Default 0.001. */
  readonly lr?: number;
  /** Shares of the two moments that a step keeps, from 0 up to below 1. Default `[0.9, 0.999]`. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment, above 0. Default 1e-8. */
  readonly eps?: number;
}

export const momentOptions: OptionNames<MomentOptions> = {
  lr: true,
  betas: true,
  eps: true,
  weightDecay: true,
  biasGradient: true,
  groups: true,
  freeze: true,
};

/** By a rule of the addon with the arrays and numbers of `adam`. */
export abstract class MomentOptimizer extends RuleOptimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;

  constructor(
    rule: 'adam' | 'adamw',
    parameters: readonly Parameter[],
    options: MomentOptions,
    defaults: { readonly weightDecay?: number } = {},
  ) {
    const { betas = [0.9, 0.999], eps = 1e-8 } = options;
    checkBetas(rule, betas);
    checkDivisor(rule, eps);
    // What the rule multiplies with: corrected by anything else, the moments of a constant gradient would be off.
    const [beta1, beta2] = betas.map(Math.fround);
    super(
      {
        name: rule,
        defaults: { lr: 1e-3, ...defaults },
        slots: ['firstMoment', 'secondMoment'],
        counts: true,
        numbers: (rate, step) => [rate, beta1, beta2, eps, 1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)],
      },
      parameters,
      options,
    );
    this.betas = [betas[0], betas[1]];
    this.eps = eps;
  }

  /** `Adam(lr 0.001, betas 0.9 and 0.999)`. */
  protected describeMoments(name: string): string {
    return this.describe(name, [`betas ${this.betas.join(' and ')}`, this.eps !== 1e-8 && `eps ${this.eps}`]);
  }
}

function checkBetas(where: string, betas: readonly [number, number]): void {
  if (!Array.isArray(betas) || betas.length !== 2) {
    throw new ArgumentTypeError(
      `${where}: expected betas to be two numbers such as [0.9, 0.999] but received ${typeName(betas)}`,
    );
  }
  for (const [index, beta] of betas.entries()) checkShare(where, `betas[${index}]`, beta);
}

/** @throws {TypeError | RangeError} unless it is from 0 up to below 1, also in single precision. */
export function checkShare(where: string, name: string, share: number): void {
  checkNumber(where, name, share, 0);
  if (Math.fround(share) < 1) return;
  throw new ArgumentRangeError(`${where}: expected ${name} below 1 but received ${share}`);
}

/** @throws {TypeError | RangeError} unless eps is above 0. */
export function checkDivisor(where: string, eps: number): void {
  checkNumber(where, 'eps', eps, 0);
  if (Math.fround(eps) > 0) return;
  throw new ArgumentRangeError(
    `${where}: expected eps above 0, also in single precision, but received ${eps}`,
  );
}
