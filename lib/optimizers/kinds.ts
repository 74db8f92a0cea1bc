/** The optimizers: a line each in the table. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkOptions } from '../options.js';
import { valueText } from '../tensor.js';
import { Adam, type AdamSettings, adamOptions } from './adam.js';
import { AdamW, type AdamWSettings, adamwOptions } from './adamw.js';
import type { Optimizer } from './optimizer.js';
import { RMSprop, type RMSpropSettings, rmspropOptions } from './rmsprop.js';
import type { OptimizerTarget } from './rule-optimizer.js';
import { SGD, type SGDSettings, sgdOptions } from './sgd.js';

/** An optimizer by its kind (`sgd` where it names none), with its options. */
export type OptimizerSettings<Rate = number> =
  | SGDSettings<Rate>
  | AdamSettings<Rate>
  | AdamWSettings<Rate>
  | RMSpropSettings<Rate>;

type Kind = NonNullable<OptimizerSettings['kind']>;

interface Row {
  readonly Class: new (target: OptimizerTarget, options: never) => Optimizer;
  readonly options: Readonly<Record<string, true>>;
}

/** The type checker wants a row for every kind. */
export const optimizerKinds: Readonly<Record<Kind, Row>> = {
  sgd: { Class: SGD, options: sgdOptions },
  adam: { Class: Adam, options: adamOptions },
  adamw: { Class: AdamW, options: adamwOptions },
  rmsprop: { Class: RMSprop, options: rmspropOptions },
};

/** The names of settings of a kind. */
export function settingNames(kind: Kind = 'sgd'): Readonly<Record<string, true>> {
  // Those of the recipe and of the trainer.
  const { biasGradient: _, freeze: __, ...names } = optimizerKinds[kind].options;
  return { kind: true, ...names };
}

/** @throws {TypeError | RangeError} for a kind that is not known, and for a name that the kind does not have. */
export function checkSettingNames(where: string, settings: OptimizerSettings<unknown>): void {
  const kinds = Object.keys(optimizerKinds) as Kind[];
  const known: Readonly<Record<string, true>> = Object.assign({}, ...kinds.map(settingNames));
  checkOptions<object>(where, settings, known, '{ ...recipes.fast.optimizer, lr: 0.05 }');
  const { kind = 'sgd' } = settings;
  if (!kinds.includes(kind)) {
    const expected = kinds.map((one) => `'${one}'`).join(' or ');
    throw new ArgumentRangeError(`${where}: expected kind ${expected} but received ${valueText(kind)}`);
  }
  const own = settingNames(kind);
  const others = Object.keys(known).filter(
    (name) => !(name in own) && settings[name as keyof typeof settings] !== undefined,
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
  freeze: readonly string[] = [],
): Optimizer {
  const { Class } = optimizerKinds[kind];
  return new Class(target, { ...settings, biasGradient, freeze } as never);
}
