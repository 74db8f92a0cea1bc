/** Says of a training that it has ended where guessing is, and what to try. */
import type { Recipe } from './recipes.js';
import type { Dataset } from '../data/datasets.js';
import type { EpochRecord } from './epoch-record.js';

/** Whoever guesses has the whole of its loss; a net that has begun to learn on few images has less than this share. */
const LEAST_SHARE = 0.95;
/** Standard deviations of a count of images that were guessed right. */
const MOST_LUCK = 3;

/** What a training has come to. */
export interface Reached {
  /** The images that loss and accuracy are of. */
  readonly on: 'test' | 'training';
  readonly labels: Uint8Array | undefined;
  /** Mean cross entropy per image. */
  readonly loss: number;
  readonly accuracy: number;
}

/**
 * Undefined unless the net does no better than one that looks at no image and gives each class its share of the labels:
 * that has the entropy of the labels as its loss, and is right as often as the most frequent class occurs. Both have to
 * hold. A net that overfits has a high loss, but is right more often; one for a rare class may be right no more often,
 * but has a lower loss.
 */
export function guessingWarning(
  { name, optimizer }: Pick<Recipe, 'name' | 'optimizer'>,
  { on, labels, loss, accuracy }: Reached,
): string | undefined {
  if (labels === undefined) return undefined;
  const { entropy, largest } = guessing(labels);
  // Of one class alone there is nothing to learn.
  if (entropy === 0) return undefined;
  const luck = MOST_LUCK * Math.sqrt((largest * (1 - largest)) / labels.length);
  if (loss < LEAST_SHARE * entropy || accuracy > largest + luck) return undefined;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  return (
    `the net does no better than guessing: its loss on the ${on} images is ${loss.toFixed(3)} ` +
    `(of guessing: ${entropy.toFixed(3)}), and ${percent(accuracy)} of them are recognised ` +
    `(the most frequent class: ${percent(largest)}). Hint: ${hint(name, optimizer)}`
  );
}

/** Of a training by cross entropy that has ended: by the validation set, or by the training pass where there is none. */
export function endWarning(
  recipe: Pick<Recipe, 'name' | 'optimizer'>,
  { loss, trainAccuracy = 0, testLoss, testAccuracy }: EpochRecord,
  { train, validation }: { readonly train: Dataset; readonly validation: Dataset | undefined },
): string | undefined {
  return validation === undefined || testLoss === undefined || testAccuracy === undefined
    ? guessingWarning(recipe, { on: 'training', labels: train.labels, loss, accuracy: trainAccuracy })
    : guessingWarning(recipe, {
        on: 'test',
        labels: validation.labels,
        loss: testLoss,
        accuracy: testAccuracy,
      });
}

function hint(name: Recipe['name'], { kind = 'sgd', lr }: Recipe['optimizer']): string {
  const look = 'look at the pictures and their labels';
  if (name === 'article' && kind === 'sgd' && lr === 1e-3) {
    return (
      "the article's recipe stays there for about ten epochs of 60,000 images, and for more of fewer; " +
      `train on for more epochs, or by the recipe fast; else ${look}`
    );
  }
  return `a lower learning rate (a third of ${lr}), larger batches, more epochs; and ${look}`;
}

/** Loss and accuracy of who knows the labels' shares and nothing else. */
function guessing(labels: Uint8Array): { entropy: number; largest: number } {
  const counts = new Float64Array(256);
  for (const label of labels) counts[label] += 1;
  let entropy = 0;
  let largest = 0;
  for (const count of counts.filter((one) => one > 0)) {
    const share = count / labels.length;
    entropy -= share * Math.log(share);
    largest = Math.max(largest, share);
  }
  return { entropy: Math.abs(entropy), largest };
}
