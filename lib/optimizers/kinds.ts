/** The optimizers: a line each in the table. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { valueText } from '../tensor.js';
import { Adam, type AdamOptions, adamOptions } from './adam.js';
import type { Optimizer } from './optimizer.js';
import type { OptimizerTarget } from './rule-optimizer.js';
import { SGD, type SGDOptions, sgdOptions } from './sgd.js';

const kind = <Options>(
  Class: new (target: OptimizerTarget, options: Options) => Optimizer,
  options: OptionNames<Options>,
) => ({ Class, options });

export const optimizerKinds = {
  sgd: kind<SGDOptions>(SGD, sgdOptions),
  adam: kind<AdamOptions>(Adam, adamOptions),
};

type Kinds = typeof optimizerKinds;
type OptionsOf<Kind extends keyof Kinds> = ConstructorParameters<Kinds[Kind]['Class']>[1];

/**
 * An optimizer by its kind (`sgd` where it names none), with its options. The bias gradient is not one of them: it
 * belongs to the recipe.
 */
export type OptimizerSettings<Rate = number> = {
  [Kind in keyof Kinds]: (Kind extends 'sgd' ? { readonly kind?: Kind } : { readonly kind: Kind }) &
    Omit<OptionsOf<Kind>, 'lr' | 'biasGradient'> & {
      /** Learning rate; the peak of it under a schedule. `auto`: 0.1, less for small batches and in short runs. */
      readonly lr: Rate;
    };
}[keyof Kinds];

/** The names of settings of a kind. */
export function settingNames(kind: keyof Kinds = 'sgd'): Readonly<Record<string, true>> {
  const { biasGradient: _, ...names } = optimizerKinds[kind].options;
  return { kind: true, ...names };
}

/** @throws {TypeError | RangeError} for a kind that is not known, and for a name that the kind does not have. */
export function checkSettingNames(where: string, settings: OptimizerSettings<unknown>): void {
  const kinds = Object.keys(optimizerKinds) as (keyof Kinds)[];
  const known: Readonly<Record<string, true>> = Object.assign({}, ...kinds.map(settingNames));
  checkOptions<object>(where, settings, known, '{ ...recipes.fast.optimizer, lr: 0.05 }');
  const { kind = 'sgd' } = settings;
  if (!kinds.includes(kind)) {
    const expected = kinds.map((one) => `'${one}'`).join(' or ');
    throw new ArgumentRangeError(`${where}: expected kind ${expected} but received ${valueText(kind)}`);
  }
  const own = settingNames(kind);
  const others = Object.keys(known).filter(
    (name) => !(name in own) && (settings as Record<string, unknown>)[name] !== undefined,
  );
  if (others.length === 0) return;
  throw new ArgumentTypeError(
    `${where}: expected settings of ${kind} (${Object.keys(own).join(', ')}) but received ${others.join(' and ')}. ` +
      'Hint: leave out those of another kind',
  );
}

/**
 * @param settings with names of their kind.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function createOptimizer(
  target: OptimizerTarget,
  { kind = 'sgd', ...settings }: OptimizerSettings,
  biasGradient: 'sum' | 'mean',
): Optimizer {
  const { Class } = optimizerKinds[kind] as {
    readonly Class: new (target: OptimizerTarget, options: object) => Optimizer;
  };
  return new Class(target, { ...settings, biasGradient });
}
