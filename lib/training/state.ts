/** What a training that is under way consists of, beside the parameters of its net. */
import { ArgumentRangeError } from '../errors.js';
import type { LoadedCheckpoint, PartialEpoch } from '../formats/checkpoint.js';
import { checkOptions, type OptionNames } from '../options.js';
import { type Tensor, valueText } from '../tensor.js';
import type { Recipe } from './recipes.js';
import { type BestEpoch, checkBest } from './best.js';
import { checkStoredSettings, type TrainingSettings } from './settings.js';

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
  /** Absent: none. */
  readonly settings?: TrainingSettings;
  /** Of a training with `keepBest` that has completed an epoch. */
  readonly best?: BestEpoch;
  /** Of a training with `averaging`, after its first step: the means, by the names of the parameters. */
  readonly averaged?: Map<string, Tensor>;
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
  settings: true,
  best: true,
  averaged: true,
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
  const { partialEpoch, settings, best } = state;
  if (settings !== undefined) checkStoredSettings('Trainer: resume: settings', settings);
  if (best !== undefined) checkBest('Trainer: resume: best', best);
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

/**
 * Whether a resumed run can go on with so many batches an epoch.
 * @param at.epochSteps of the completed epochs, all together.
 * @throws {ArgumentRangeError} for data, or batches, of another run.
 */
export function checkPosition(
  { epoch, epochSteps, sums }: { epoch: number; epochSteps: number; sums: PartialEpoch },
  { steps, count, batchSize }: { steps: number; count: number; batchSize: number },
): void {
  const images = Math.min(sums.steps * batchSize, count);
  if (epochSteps === epoch * steps && sums.steps <= steps && sums.images === images) return;
  const partial = sums.steps === 0 ? '' : ` and ${sums.images} images in ${sums.steps} steps`;
  throw new ArgumentRangeError(
    `Trainer.fit: expected data of the resumed run (${epochSteps} steps in ${epoch} epochs${partial}) ` +
      `but received ${count} images in ${steps} steps. Hint: use its data set, limit and batch size`,
  );
}
