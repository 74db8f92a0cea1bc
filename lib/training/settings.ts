/** What of a trainer's options belongs to a run: its checkpoints hold it, so that a resume goes on as it was. */
import { type Augmentation, checkedAugmentation } from '../engines/augment.js';
import { ArgumentTypeError } from '../errors.js';
import { checkInteger } from '../kernels/checks.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName } from '../tensor.js';
import { type AveragingOptions, checkedAveraging } from './averaging.js';
import { type BestMeasure, checkMeasure } from './best.js';

/** How a training goes on, beside its recipe. Each is by default that of `resume`. */
export interface TrainingSettings {
  /**
   * Keeps parameters and buffers of the epoch whose figure is the best: `trainer.best` has them, `trainer.restoreBest()`
   * puts them back, a run folder has them as `checkpoint-best.safetensors`. `testAccuracy` and `testLoss` need a
   * `validation` in `fit`.
   */
  readonly keepBest?: BestMeasure;
  /** Stops when the figure of `keepBest` has not improved for so many epochs; the last record says so in `earlyStop`. */
  readonly patience?: number;
  /**
   * Averages the parameters over the steps, beside the training: `trainer.averaged` has them. They are evaluated after each
   * epoch, too, and kept in checkpoints.
   */
  readonly averaging?: AveragingOptions;
  /** How images are changed each time they are drawn: `{ shift: 2, rotate: 10 }`. Default not. */
  readonly augment?: Augmentation;
  /**
   * Names of layers or parameters that are not trained, such as `['conv1']`; they and their optimizer's state keep their bits.
   * The running values of a frozen normalization still move, as in PyTorch.
   */
  readonly freeze?: readonly string[];
}

export const settingNames: OptionNames<TrainingSettings> = {
  keepBest: true,
  patience: true,
  averaging: true,
  augment: true,
  freeze: true,
};

/** @throws {TypeError | RangeError} for what no trainer takes. */
export function checkStoredSettings(where: string, settings: TrainingSettings): void {
  checkOptions(where, settings, settingNames, "{ keepBest: 'testLoss' }");
  checkedSettings(where, settings);
}

/**
 * The settings that are given, else those of the run.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function checkedSettings(
  where: string,
  given: TrainingSettings,
  stored: TrainingSettings = {},
): TrainingSettings {
  const {
    keepBest = stored.keepBest,
    patience = stored.patience,
    averaging = stored.averaging,
    augment = stored.augment,
    freeze = stored.freeze,
  } = given;
  if (freeze !== undefined && !(Array.isArray(freeze) && freeze.every((one) => typeof one === 'string'))) {
    throw new ArgumentTypeError(
      `${where}: expected freeze to be a list of names such as ['conv1'] but received ${typeName(freeze)}`,
    );
  }
  if (keepBest !== undefined) checkMeasure(`${where}: keepBest`, keepBest);
  if (patience !== undefined) {
    checkInteger(where, 'patience', patience, 1, Number.MAX_SAFE_INTEGER);
    if (keepBest === undefined) {
      throw new ArgumentTypeError(
        `${where}: expected keepBest beside patience, which waits for a better figure of it, but received none. ` +
          "Hint: { keepBest: 'testLoss', patience: 3 }",
      );
    }
  }
  return {
    ...(keepBest === undefined ? {} : { keepBest }),
    ...(patience === undefined ? {} : { patience }),
    ...(freeze === undefined ? {} : { freeze: [...freeze] }),
    ...(averaging === undefined ? {} : { averaging: checkedAveraging(`${where}: averaging`, averaging) }),
    ...(augment === undefined ? {} : { augment: checkedAugmentation(where, augment) }),
  };
}
