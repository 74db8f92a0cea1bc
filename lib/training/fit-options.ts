/** What `fit` checks of its arguments before the first epoch, not after it. */
import type { Dataset } from '../data/datasets.js';
import { checkImages } from '../engines/image-set.js';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkInteger, checkObject } from '../kernels/checks.js';
import type { Loss } from '../losses/loss.js';
import type { Net } from '../nets/net.js';
import { checkOptions } from '../options.js';
import { typeName } from '../tensor.js';
import type { Progress } from './epoch-record.js';
import type { BestMeasure } from './best.js';

/** Options of `trainer.fit`. */
export interface FitOptions {
  /** The last epoch, counted from the start of the run. Default: the recipe's. */
  readonly epochs?: number;
  /** Evaluated after each epoch; makes `testLoss` and `testAccuracy`. */
  readonly validation?: Dataset;
  /** Ends the training after the step under way. */
  readonly signal?: AbortSignal;
  /** Called after each step. */
  onProgress?(progress: Progress): void;
}

/** @throws {TypeError | RangeError} naming the option; the engine checks what else the training set must be. */
export function checkFitOptions(
  { net, loss, keepBest }: { net: Net; loss: Loss; keepBest: BestMeasure | undefined },
  train: Dataset,
  options: FitOptions,
): void {
  checkObject('Trainer.fit', 'a data set { images, labels, count, shape }', train);
  checkInteger('Trainer.fit', 'count', train.count, 1, 2 ** 32 - 1);
  const names = { epochs: true, validation: true, signal: true, onProgress: true } as const;
  checkOptions('Trainer.fit', options, names, '{ epochs: 3 }');
  const { validation, signal, onProgress } = options;
  if (signal != null && typeof signal.aborted !== 'boolean') {
    throw new ArgumentTypeError(
      `Trainer.fit: expected signal to be an AbortSignal but received ${typeName(signal)}. ` +
        'Hint: the signal of an AbortController, controller.signal',
    );
  }
  if (onProgress != null && typeof onProgress !== 'function') {
    throw new ArgumentTypeError(
      `Trainer.fit: expected onProgress to be a function but received ${typeName(onProgress)}`,
    );
  }
  if (validation === undefined) {
    if (keepBest === undefined || keepBest === 'loss') return;
    throw new ArgumentTypeError(
      `Trainer.fit: expected a validation set, which keepBest '${keepBest}' is a figure of, but received none. ` +
        "Hint: fit(train, { validation: test }), or keepBest: 'loss'",
    );
  }
  checkImages('Trainer.fit: validation', net, validation, loss);
  if (validation.count < 1) {
    throw new ArgumentRangeError(
      `Trainer.fit: validation: expected at least one image but ${validation.name} has ${validation.count}`,
    );
  }
}
