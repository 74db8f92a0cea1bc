/** What a loss compares scores with, of a whole set and of a batch, and the labels that say what is correct. */
import { ArgumentTypeError } from '../errors.js';
import { checkArray } from '../kernels/checks.js';
import type { Loss } from '../losses/loss.js';
import type { ImageSet } from './engine.js';

/** Labels, where the loss is of labels or they count what is correct; values, where it is of values. */
export interface Targets {
  readonly labels?: Uint8Array | undefined;
  readonly values?: Float32Array | undefined;
}

/**
 * The labels by which the largest score is right or wrong. Beside values they may mean something else: then each is not
 * an output of its own.
 */
export function countedLabels({ labels, values }: Targets, outputs: number): Uint8Array | undefined {
  if (labels === undefined || values === undefined) return labels;
  return outputs > 1 && labels.every((label) => label < outputs) ? labels : undefined;
}

/** Whether there is an accuracy: labels, or the loss itself, say what is correct. */
export function isCounted(loss: Loss, set: Targets, outputs: number): boolean {
  return loss.counts !== false || countedLabels(set, outputs) !== undefined;
}

/** The targets of sets, kept for the set last asked for, and those of batches, in memory of its own. */
export class TargetSource {
  readonly #loss: Loss;
  readonly #outputs: number;
  #kept: { readonly set: ImageSet; readonly targets: Targets } | undefined;
  #labels = new Uint8Array(0);
  #values = new Float32Array(0);

  constructor(loss: Loss, outputs: number) {
    this.#loss = loss;
    this.#outputs = outputs;
  }

  /** Whether there is an accuracy of the set, as `isCounted`. */
  counts(set: ImageSet): boolean {
    return this.#loss.counts !== false || this.of(set).labels !== undefined;
  }

  /** Of all images; `checkImages` has seen that the loss finds what it needs. */
  of(set: ImageSet): Targets {
    if (this.#loss.targets === 'labels') return { labels: set.labels };
    if (this.#kept?.set !== set) {
      const labels = countedLabels(set, this.#outputs);
      this.#kept = { set, targets: { labels, values: valuesOf(set, this.#outputs) } };
    }
    return this.#kept.targets;
  }

  /** Of the images at `indices`, in their order, until the next call. */
  gather(set: ImageSet, indices: Uint32Array): Targets {
    const { labels, values } = this.of(set);
    return {
      labels: labels && this.#gatherLabels(labels, indices),
      values: values && this.#gatherValues(values, set.count, indices),
    };
  }

  // The memory of both was checked, but may have been transferred to a worker since.

  #gatherLabels(all: Uint8Array, indices: Uint32Array): Uint8Array {
    checkArray('engine', 'labels', all, Uint8Array, 0);
    if (this.#labels.length !== indices.length) this.#labels = new Uint8Array(indices.length);
    for (let row = 0; row < indices.length; row += 1) {
      const label = all[indices[row]];
      if (label === undefined) {
        throw new ArgumentTypeError(
          `engine: expected a label for image ${indices[row]} but received ${all.length} labels ` +
            '(was the buffer transferred or detached?)',
        );
      }
      this.#labels[row] = label;
    }
    return this.#labels;
  }

  #gatherValues(all: Float32Array, count: number, indices: Uint32Array): Float32Array {
    const outputs = this.#outputs;
    checkArray('engine', 'values', all, Float32Array, count * outputs);
    const size = indices.length * outputs;
    if (this.#values.length !== size) this.#values = new Float32Array(size);
    for (let row = 0; row < indices.length; row += 1) {
      for (let j = 0; j < outputs; j += 1) {
        this.#values[row * outputs + j] = all[indices[row] * outputs + j];
      }
    }
    return this.#values;
  }
}

/** The values of a set, as `ImageSet.values` says. */
function valuesOf({ labels, values, count }: ImageSet, outputs: number): Float32Array {
  if (values !== undefined) return values;
  const ones = new Float32Array(count * outputs);
  // `checkImages` has seen that there are labels.
  const classes = labels as Uint8Array;
  for (let index = 0; index < count; index += 1) ones[index * outputs + classes[index]] = 1;
  return ones;
}
