/** Which images make up which batch. The order of an epoch depends on the seed and the epoch's number alone. */
import { ArgumentRangeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { Random } from '../random.js';

/**
 * `everyEpoch`: a new order each epoch. `once`: one random order, the same in every epoch. `none`: as stored.
 */
export type ShuffleMode = 'everyEpoch' | 'once' | 'none';

export interface BatchesOptions {
  /** Images in the data set. */
  readonly count: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Default `everyEpoch`. */
  readonly shuffle?: ShuffleMode;
  /** Whether a last batch of fewer than `batchSize` images is left out. Default false. */
  readonly dropLast?: boolean;
}

const optionNames: OptionNames<BatchesOptions> = {
  count: true,
  batchSize: true,
  seed: true,
  shuffle: true,
  dropLast: true,
};

/** Keeps the order of images apart from other uses of the same seed. */
const ORDER_STREAM = 1;

/** The indices of each batch, all views of one array that is filled anew for each epoch. */
export class Batches {
  /** Images in the data set. */
  readonly count: number;
  readonly batchSize: number;
  /** Batches in an epoch. */
  readonly steps: number;
  readonly #seed: number;
  readonly #shuffle: ShuffleMode;
  readonly #order: Uint32Array;
  readonly #views: readonly Uint32Array[];

  /**
   * @throws ArgumentRangeError if count or batch size is not an integer from 1 to 2^32 - 1, if the seed is none from
   * 0 to 2^53 - 1, or if dropping the last batch leaves none
   */
  constructor(options: BatchesOptions) {
    checkOptions('batches', options, optionNames, '{ count: 60000, batchSize: 64, seed: 1 }');
    const { count, batchSize, seed, shuffle = 'everyEpoch', dropLast = false } = options;
    checkCount('count', count);
    checkCount('batch size', batchSize);
    // Throws for a seed that does not fit, here rather than in the first epoch.
    Random.derive(seed, ORDER_STREAM);
    this.count = count;
    this.batchSize = batchSize;
    this.steps = dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
    if (this.steps === 0) {
      throw new ArgumentRangeError(
        `batches: expected a batch size of at most ${count} (all images), since incomplete batches are dropped, ` +
          `but received ${batchSize}`,
      );
    }
    this.#seed = seed;
    this.#shuffle = shuffle;
    this.#order = new Uint32Array(count);
    this.#views = Array.from({ length: this.steps }, (_, step) =>
      this.#order.subarray(step * batchSize, Math.min((step + 1) * batchSize, count)),
    );
  }

  /**
   * The batches of an epoch, in order: `steps` arrays of image indices. Valid until the next call, which reuses them.
   * @param epoch an integer from 0
   * @throws ArgumentRangeError for any other epoch
   */
  epoch(epoch: number): readonly Uint32Array[] {
    if (!Number.isSafeInteger(epoch) || epoch < 0) {
      throw new ArgumentRangeError(
        `batches: expected an epoch from 0 to 2^53 - 1 but received ${String(epoch)}`,
      );
    }
    const random = Random.derive(this.#seed, ORDER_STREAM, this.#shuffle === 'everyEpoch' ? epoch : 0);
    for (let i = 0; i < this.count; i += 1) this.#order[i] = i;
    if (this.#shuffle !== 'none') random.shuffle(this.#order);
    return this.#views;
  }
}

function checkCount(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value >= 2 ** 32) {
    throw new ArgumentRangeError(
      `batches: expected a ${what} from 1 to 2^32 - 1 but received ${String(value)}`,
    );
  }
}
