/** What a trainer is made with, and what it checks of that before it looks at the net. */
import type { EngineName } from '../engines/engine.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName, valueText } from '../tensor.js';
import { checkLive, type LiveOptions, type TrainingObserver } from './observer.js';
import type { Recipe } from './recipes.js';
import type { RateFunction } from './schedules.js';
import { checkResumeNames, type TrainingState } from './state.js';
import { checkedSettings, settingNames, type TrainingSettings } from './settings.js';

/** How a `Trainer` trains. */
export interface TrainerOptions extends TrainingSettings {
  /** Default `fast`, or that of `resume`. */
  readonly recipe?: 'fast' | 'article' | Recipe;
  /** Default `auto`. */
  readonly engine?: EngineName;
  /** Decides the order of the images. Default 1, or that of `resume`. */
  readonly seed?: number;
  /** Replaces the recipe's learning rate, and is taken as it is: the peak of it where the recipe has a schedule. */
  readonly lr?: number;
  /** Replaces the recipe's batch size, and is taken as it is. A learning rate that is `auto` follows it. */
  readonly batchSize?: number;
  /**
   * The learning rate of each step, from 0, of so many in the whole run, in place of the recipe's rate and schedule. No file
   * holds it: a resume needs it again.
   */
  readonly schedule?: RateFunction;
  /** Continues a run after any step: `state()` of its trainer. The net must hold the parameters of that moment. */
  readonly resume?: TrainingState;
  /**
   * Serves a page on loopback that shows the training while it runs. True writes its address to stderr. It costs nothing
   * while nobody looks at it, and ends with the process. An observer is told of the training in place of a page.
   */
  readonly live?: boolean | LiveOptions | TrainingObserver;
}

const optionNames: OptionNames<TrainerOptions> = {
  recipe: true,
  engine: true,
  seed: true,
  lr: true,
  batchSize: true,
  schedule: true,
  resume: true,
  live: true,
  ...settingNames,
};

/** The options, with a value for each that has a default. */
export interface CheckedOptions
  extends Required<Pick<TrainerOptions, 'recipe' | 'engine' | 'seed' | 'live'>> {
  readonly lr: number | undefined;
  readonly batchSize: number | undefined;
  readonly schedule: RateFunction | undefined;
  readonly resume: TrainingState | undefined;
  readonly settings: TrainingSettings;
}

/** @throws {TypeError | RangeError} naming the option; recipe, engine and the values of `resume` are checked later. */
export function withDefaults(options: TrainerOptions): CheckedOptions {
  checkOptions('Trainer', options, optionNames, '{ batchSize: 64 }');
  const { resume, engine = 'auto', lr, batchSize, schedule, live = false } = options;
  checkLive(live);
  if (schedule !== undefined) checkRateFunction(schedule, lr);
  if (resume !== undefined) checkResumeNames(resume);
  const { recipe = resume?.recipe ?? 'fast', seed = resume?.seed ?? 1 } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentRangeError(
      `Trainer: seed: expected an integer from 0 to 2^53 - 1 but received ${valueText(seed)}`,
    );
  }
  const settings = checkedSettings('Trainer', options, resume?.settings);
  return { recipe, engine, seed, lr, batchSize, schedule, resume, live, settings };
}

function checkRateFunction(schedule: RateFunction, lr: number | undefined): void {
  if (typeof schedule !== 'function') {
    throw new ArgumentTypeError(
      `Trainer: schedule: expected a function (step, steps) => lr but received ${typeName(schedule)}. ` +
        "Hint: one as data belongs to the recipe: { recipe: { ...recipes.fast, schedule: { kind: 'cosine' } } }",
    );
  }
  if (lr === undefined) return;
  throw new ArgumentTypeError(
    'Trainer: expected lr or a function as schedule, which gives the rate of every step, but received both. ' +
      'Hint: leave one out',
  );
}
