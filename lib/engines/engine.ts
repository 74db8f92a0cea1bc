/** What runs a net: the interface of an engine. */
import type { PerChannel } from '../kernels/training.js';
import type { ParameterUpdate } from '../kernels/updates.js';
import type { Loss } from '../losses/loss.js';
import type { Tensor } from '../tensor.js';
import type { Augmentation } from './augment.js';

/**
 * `lanes`: fused steps, many images side by side; `rows`: layer by layer; `auto`: `lanes` where it can express the
 * net.
 */
export type EngineName = 'auto' | 'lanes' | 'rows';

/** Images or rows of features with what a loss asks for: what an engine needs of a data set (`Dataset` is one). */
export interface ImageSet {
  /** Bytes or finite floats, image after image, row after row. */
  readonly images: Uint8Array | Float32Array;
  /** A class for each image; a loss of labels needs it. */
  readonly labels?: Uint8Array | undefined;
  /**
   * `count * outputs` finite numbers, what a loss of values compares scores with. Without them it is 1 for the output of
   * the label and 0 for the others.
   */
  readonly values?: Float32Array | undefined;
  readonly count: number;
  /** `[C, H, W]` or `[features]`, the input shape of the net. */
  readonly shape: readonly number[];
}

/** What `createEngine` needs besides the net. */
export interface EngineOptions {
  /** Pixels and features reach the net as `x * scale + shift`: two numbers, or one a channel or feature. */
  readonly normalization: { readonly scale: PerChannel; readonly shift: PerChannel };
  /** How `trainStep` changes the images that it draws; evaluation and predictions take them as they are. Default not. */
  readonly augment?: Augmentation;
  /** What `trainStep` draws from; an engine without it evaluates and predicts. */
  readonly train?: ImageSet;
  /** Whose gradient a step goes down. Default `CrossEntropyLoss` with the reduction. */
  readonly loss?: Loss;
  /** Whether gradients are of the mean or of the sum of the batch's losses; that of `loss` where one is given. */
  readonly reduction?: 'mean' | 'sum';
}

/** What a training step needs besides its images. */
export interface StepOptions {
  /**
   * Made at the end of the step. The lanes engine then keeps no gradients: those in the net are undefined. Without an
   * update the parameters stay as they are.
   */
  readonly update?: ParameterUpdate | undefined;
  /** Of the training: what layers draw follows from it and from the step. Default 0. */
  readonly seed?: number;
  /** Steps of the training that are complete. Default 0. */
  readonly step?: number;
  /** Epochs of the training that are complete: images are augmented otherwise in each. Default 0. */
  readonly epoch?: number;
}

/** What a training step says of its batch, before the update. */
export interface StepResult {
  /** Summed over the batch, whatever the reduction. NaN or infinite once training has diverged. */
  readonly loss: number;
  /**
   * Images whose first largest score is their label's; of values without labels those that the loss counts as right, and
   * absent where it counts none, as `MSELoss`.
   */
  readonly correct?: number;
}

/** What `Engine.evaluate` says of a data set. */
export interface Evaluation {
  readonly images: number;
  /** Summed over the images. */
  readonly loss: number;
  /** As `StepResult.correct`. */
  readonly correct?: number;
  /**
   * `confusion[label][predicted]`: how many images. Rows are classes of the data, columns of the net. Empty for data without
   * labels, and where values take their place because a label is no output of the net.
   */
  readonly confusion: readonly (readonly number[])[];
  /** The class that each image is taken for: its first largest score. */
  readonly predictions: Int32Array;
}

/** Runs a net: training steps, evaluation, predictions. It reads and writes the net's own parameters. */
export interface Engine {
  readonly name: 'lanes' | 'rows';
  /** Why this engine runs the net, for people. */
  readonly reason: string;
  /**
   * Gathers a batch, runs it forward and backward, and leaves the gradients in the net.
   * @param indices images of the training set, in any order.
   * @throws {ArgumentRangeError} for an index outside the training set, or none at all, and for numbers of the update
   * that are not finite.
   * @throws {ArgumentTypeError} for memory that was transferred meanwhile.
   * @throws {StateError} if the engine has no training set.
   */
  trainStep(indices: Uint32Array, options?: StepOptions): StepResult;
  /**
   * Loss and predictions over a whole data set; gradients stay as they are.
   * @param batchSize images at a time. Default 256.
   */
  evaluate(dataset: ImageSet, batchSize?: number): Evaluation;
  /**
   * Scores `[N, classes]` of normalised images `[N, C, H, W]`, any N; a copy.
   * @throws {ShapeError} for images that are not of the net's input shape.
   */
  predict(x: Tensor): Tensor;
}
