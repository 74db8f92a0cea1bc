/** What an epoch comes to, so far or in all. */
import type { PartialEpoch } from '../formats/checkpoint.js';
import type { EpochRecord } from './epoch-record.js';

/**
 * The figures of an epoch from its sums.
 * @param options.counted whether any image is right or wrong.
 */
export function figures(
  epoch: number,
  { images, loss, correct, seconds }: PartialEpoch,
  { lr, counted }: { readonly lr: number; readonly counted: boolean },
): EpochRecord {
  return {
    epoch,
    seconds,
    loss: loss / images,
    ...(counted ? { trainAccuracy: correct / images } : {}),
    lr,
    imagesPerSecond: images === 0 ? 0 : images / seconds,
  };
}
