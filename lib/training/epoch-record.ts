/** What a training says of its steps and epochs. Types alone, and none from elsewhere: the pages in a browser use them. */

/** What `onProgress` is told after each step. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  /** From 1, within the epoch, those before a `resume` included. */
  readonly step: number;
  /** Steps in an epoch. */
  readonly steps: number;
  /** Images of the epoch so far. */
  readonly images: number;
  /** Mean per image, over the epoch so far. */
  readonly loss: number;
  /** Share from 0 to 1, over the epoch so far; absent where none is right or wrong, as of values by `mse`. */
  readonly accuracy?: number;
  /** Of this step. */
  readonly lr: number;
  /** Over the epoch so far, by the same seconds as in `EpochRecord`. */
  readonly imagesPerSecond: number;
}

/** What `trainer.fit` yields after each epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /**
   * Of the training pass alone: its steps, and the time in `onProgress`. Not the evaluation, nor the turns of the event
   * loop, in which timers, sockets and the live page work, and a page that pauses the training holds it.
   */
  readonly seconds: number;
  /** Mean per image during the pass, while the parameters changed. NaN if an abort left no step. */
  readonly loss: number;
  /** Share from 0 to 1, during the pass; absent as `Progress.accuracy`. */
  readonly trainAccuracy?: number;
  /** Mean per image of the validation set, after the pass. */
  readonly testLoss?: number;
  /** Absent as `Progress.accuracy`. */
  readonly testAccuracy?: number;
  /** The same of the averaged weights, where the trainer averages them. */
  readonly averagedTestLoss?: number;
  readonly averagedTestAccuracy?: number;
  /** Of the last step. */
  readonly lr: number;
  readonly imagesPerSecond: number;
  /** Why the training ends with this epoch, before its last one: see `patience`. */
  readonly earlyStop?: string;
  /** The figures are those of an epoch that an abort cut short; the next `fit` goes on after its last step. */
  readonly interrupted?: true;
  /**
   * With the last epoch of a run that has ended, early or not, at the loss of guessing: that, and what to try. By the validation set, or
   * by the training pass where there is none.
   */
  readonly warning?: string;
}

/** What of an `EpochRecord` a page shows, also of another run. */
export interface LiveEpoch {
  readonly epoch: number;
  readonly seconds: number;
  readonly loss: number;
  readonly trainAccuracy?: number | undefined;
  readonly testLoss?: number | undefined;
  readonly testAccuracy?: number | undefined;
  readonly warning?: string | undefined;
}

/** A finished run, by its epochs. */
export interface ComparedRun {
  readonly name: string;
  readonly epochs: readonly LiveEpoch[];
}
