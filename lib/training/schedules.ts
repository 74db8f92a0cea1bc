/** The schedules: a type, a function and a line in the table each. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkInteger, checkNumber } from '../kernels/checks.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName, valueText } from '../tensor.js';

/** What stands in front of a schedule. */
export interface Warmup {
  /** Share of all steps, from 0 to 1, in which the rate climbs straight to the schedule's. Default: the recipe's `warmup`. */
  readonly warmup?: number;
}

/** The recipe's learning rate, always. */
export interface ConstantLR extends Warmup {
  readonly kind: 'constant';
}

/**
 * The rate times `factor` after every `every` epochs. Epochs count from the start of the run, a warm-up included.
 * Source: PyTorch's StepLR, whose step_size is `every` and whose gamma is `factor`.
 */
export interface StepLR extends Warmup {
  readonly kind: 'step';
  /** Epochs, an integer from 1. */
  readonly every: number;
  /** Above 0. Default 0.1. */
  readonly factor?: number;
}

/**
 * Half a cosine from the rate down to `min`, over the steps behind the warm-up.
 * Source: Loshchilov & Hutter, SGDR (2017), without restarts, as PyTorch's CosineAnnealingLR.
 */
export interface CosineAnnealing extends Warmup {
  readonly kind: 'cosine';
  /** Learning rate, from 0 up to that of the optimizer. Default 0, which no step reaches. */
  readonly min?: number;
}

/**
 * A straight climb over the warm-up, then half a cosine down to 0, which no step reaches.
 * Source: Smith & Topin, Super-Convergence (2017), with a cosine in place of the second line.
 */
export interface OneCycle extends Warmup {
  readonly kind: 'oneCycle';
}

/** A schedule as data, by its kind. */
export type Schedule = ConstantLR | StepLR | CosineAnnealing | OneCycle;

/** The learning rate of a step, from 0, of so many in the whole run. */
export type RateFunction = (step: number, steps: number) => number;

/** Where a step stands. */
interface Place {
  /** From 0, and all of them, behind the warm-up. */
  readonly step: number;
  readonly steps: number;
  /** Completed epochs, those of the warm-up included. */
  epoch(): number;
}

interface Row<S> {
  readonly names: OptionNames<S>;
  /** Whether the rate of a step does not depend on how many there are. */
  readonly endless: boolean;
  /** @throws {TypeError | RangeError} naming the option that is wrong; `lr` is undefined where it is not known yet. */
  check?(where: string, settings: S, lr: number | undefined): void;
  rate(settings: S, lr: number, place: Place): number;
}

/** Of the steps behind the warm-up: the last one is one step away from the end of the cosine. */
const halfCosine = (lr: number, { step, steps }: Place) =>
  (lr * (1 + Math.cos((Math.PI * step) / steps))) / 2;

const kinds: { readonly [Kind in Schedule['kind']]: Row<Extract<Schedule, { kind: Kind }>> } = {
  constant: { names: { kind: true, warmup: true }, endless: true, rate: (_, lr) => lr },
  step: {
    names: { kind: true, every: true, factor: true, warmup: true },
    endless: true,
    check(where, { every, factor = 0.1 }) {
      checkInteger(where, 'every', every, 1, Number.MAX_SAFE_INTEGER);
      checkNumber(where, 'factor', factor, 0);
      if (factor > 0) return;
      throw new ArgumentRangeError(`${where}: expected factor above 0 but received ${factor}`);
    },
    rate: ({ every, factor = 0.1 }, lr, { epoch }) => lr * factor ** Math.floor(epoch() / every),
  },
  cosine: {
    names: { kind: true, min: true, warmup: true },
    endless: false,
    check(where, { min = 0 }, lr = Number.POSITIVE_INFINITY) {
      checkNumber(where, 'min', min, 0);
      if (min <= lr) return;
      throw new ArgumentRangeError(
        `${where}: expected min at most ${lr}, the optimizer's learning rate, but received ${min}`,
      );
    },
    rate: ({ min = 0 }, lr, place) => min + halfCosine(lr - min, place),
  },
  oneCycle: {
    names: { kind: true, warmup: true },
    endless: false,
    rate: (_, lr, place) => halfCosine(lr, place),
  },
};

/** `function`: that of the trainer's option `schedule`, which no file holds. */
export type RecipeSchedule = 'constant' | 'oneCycle' | 'function' | Schedule;

const texts: readonly unknown[] = ['constant', 'oneCycle', 'function'];

/**
 * A copy of the schedule, with its own options as its own.
 * @param lr of the optimizer, as far as it is known.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function checkedSchedule(
  where: string,
  schedule: RecipeSchedule,
  lr: number | 'auto',
): RecipeSchedule {
  if (typeof schedule === 'function') {
    throw new ArgumentTypeError(
      `${where}: expected data such as { kind: 'cosine' } but received a function. ` +
        'Hint: new Trainer(net, { schedule: (step, steps) => lr })',
    );
  }
  if (typeof schedule === 'string' || typeof schedule !== 'object' || schedule === null) {
    if (texts.includes(schedule)) return schedule;
    throw new ArgumentRangeError(
      `${where}: expected 'constant' or 'oneCycle' or an object such as { kind: 'cosine' } but received ` +
        (typeof schedule === 'string' ? valueText(schedule) : typeName(schedule)),
    );
  }
  const { kind } = schedule;
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).map((one) => `'${one}'`);
    throw new ArgumentRangeError(
      `${where}: expected kind ${known.join(' or ')} but received ${valueText(kind)}`,
    );
  }
  const row = rowOf(kind);
  checkOptions<object>(where, schedule, row.names, "{ kind: 'cosine' }");
  const { warmup } = schedule;
  if (warmup !== undefined) checkWarmup(where, warmup);
  row.check?.(where, schedule, lr === 'auto' ? undefined : lr);
  const entries = Object.keys(row.names).map((name) => [name, schedule[name as keyof Schedule]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as unknown as Schedule;
}

function checkWarmup(where: string, warmup: number): void {
  if (Number.isFinite(warmup) && warmup >= 0 && warmup <= 1) return;
  throw new ArgumentRangeError(
    `${where}: expected warmup as a share from 0 to 1 but received ${valueText(warmup)}`,
  );
}

/** The table's types say that a row gets the settings of its own kind. */
function rowOf(kind: Schedule['kind']): Row<Schedule> {
  return kinds[kind] as Row<Schedule>;
}

/** What a text stands for, with the recipe's warm-up in front where the schedule has none of its own. */
function asData(schedule: Exclude<RecipeSchedule, 'function'>, warmup: number): Schedule & Required<Warmup> {
  // A recipe such as `{ ...recipes.fast, schedule: 'constant' }` has a warm-up that was never meant for it.
  if (schedule === 'constant') return { kind: 'constant', warmup: 0 };
  const settings: Schedule = schedule === 'oneCycle' ? { kind: schedule } : schedule;
  return { ...settings, warmup: settings.warmup ?? warmup };
}

/** @throws {ArgumentTypeError} for a run that has been started with a function. */
export function checkFunctionGiven(schedule: RecipeSchedule): void {
  if (schedule !== 'function') return;
  throw new ArgumentTypeError(
    'Trainer: schedule: expected the function that the run was started with, which no file holds, but received none. ' +
      'Hint: new Trainer(net, { resume, schedule: (step, steps) => lr }), or another schedule in the recipe',
  );
}

/** Whether the rates of a run follow from how many steps it has. */
export function followsLength(schedule: RecipeSchedule, warmup: number): boolean {
  if (schedule === 'function') return true;
  const data = asData(schedule, warmup);
  return data.warmup > 0 || !rowOf(data.kind).endless;
}

/**
 * @param warmup the recipe's.
 * @param at.step from 0, of `at.steps` in the whole run.
 */
export function scheduledRate(
  schedule: Exclude<RecipeSchedule, 'function'>,
  warmup: number,
  { lr, step, steps, epochs }: { lr: number; step: number; steps: number; epochs: number },
): number {
  const data = asData(schedule, warmup);
  const warmupSteps = Math.round(data.warmup * steps);
  const epoch = () => {
    checkInteger('learningRate', 'epochs', epochs, 1, Number.MAX_SAFE_INTEGER);
    return Math.floor((step * epochs) / steps);
  };
  const place = (at: number) => ({ step: at - warmupSteps, steps: steps - warmupSteps, epoch });
  // No step has rate 0: the first takes one share of the climb.
  if (step >= warmupSteps) return rowOf(data.kind).rate(data, lr, place(step));
  return lr * ((step + 1) / warmupSteps);
}
