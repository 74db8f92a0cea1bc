/** What a training that is under way consists of, beside the parameters of its net. */
import { ArgumentRangeError } from '../errors.js';
import type { LoadedCheckpoint, PartialEpoch } from '../formats/checkpoint.js';
import { checkOptions, type OptionNames } from '../options.js';
import { type Tensor, valueText } from '../tensor.js';
import type { Recipe } from './recipes.js';

/**
 * With the net's parameters, all that a run needs to go on after any step. It has no state of a generator: the order of
 * the images follows from seed and epoch, the learning rate from recipe and step.
 */
export interface TrainingState {
  /** Completed epochs. */
  readonly epoch: number;
  /** Completed steps, over all epochs, that under way included. */
  readonly step: number;
  /** Absent at the end of an epoch. */
  readonly partialEpoch?: PartialEpoch;
  /** What the optimizer keeps, under names such as `velocity.conv1.weight`; empty for SGD without momentum. */
  readonly optimizerState: Map<string, Tensor>;
  readonly seed: number;
  readonly recipe: Recipe;
}

/** At the end of an epoch. */
export const noSums: PartialEpoch = { steps: 0, images: 0, loss: 0, correct: 0, seconds: 0 };

/** What `state()` gives, and what a loaded checkpoint has besides: `{ ...checkpoint, seed, recipe }` is a state too. */
const stateNames: OptionNames<TrainingState & LoadedCheckpoint> = {
  epoch: true,
  step: true,
  partialEpoch: true,
  optimizerState: true,
  seed: true,
  recipe: true,
  params: true,
  architecture: true,
  config: true,
  generation: true,
  leftOut: true,
};

const partialNames: OptionNames<PartialEpoch> = {
  steps: true,
  images: true,
  loss: true,
  correct: true,
  seconds: true,
};

/** @throws {ArgumentTypeError} for what is no state, and for a name that no state has. */
export function checkResumeNames(state: TrainingState): void {
  checkOptions<TrainingState & Partial<LoadedCheckpoint>>(
    'Trainer: resume',
    state,
    stateNames,
    'trainer.state()',
  );
  const { partialEpoch } = state;
  if (partialEpoch === undefined) return;
  checkOptions('Trainer: resume: partialEpoch', partialEpoch, partialNames, 'that of trainer.state()');
}

/** @throws {ArgumentRangeError} for another seed, and for numbers that no training gives. */
export function checkResumed(state: TrainingState, expectedSeed: number): void {
  const { epoch, step, partialEpoch, seed } = state;
  if (seed !== expectedSeed) {
    throw new ArgumentRangeError(
      `Trainer: seed: expected ${seed}, that of the resumed run, but received ${expectedSeed}. Hint: leave it out`,
    );
  }
  const { steps = 1, images = 1, correct = 0, loss = 0, seconds = 0 } = partialEpoch ?? {};
  for (const [name, value] of Object.entries({ epoch, step, steps, images, correct })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new ArgumentRangeError(
      `Trainer: resume: expected ${name} to be an integer from 0 but received ${valueText(value)}`,
    );
  }
  for (const [name, value] of Object.entries({ loss, seconds })) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new ArgumentRangeError(
      `Trainer: resume: expected ${name} to be a finite number from 0 but received ${valueText(value)}`,
    );
  }
  if (partialEpoch !== undefined && steps > step) {
    throw new ArgumentRangeError(
      `Trainer: resume: expected at most the ${step} steps of the run in its last epoch but received ${steps}`,
    );
  }
}
