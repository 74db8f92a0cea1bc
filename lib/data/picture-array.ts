/** Data sets whose pictures all have one size and come in parts: IDX, CSV and npz files. */
import { DataError } from '../errors.js';
import type { LoadRequest } from './loaded.js';
import {
  allocateImages,
  channelsOf,
  choosePreparation,
  type PicturePreparation,
  pictureResizer,
} from './preparation.js';
import type { ImageSize } from './scale.js';
import { transposed } from './transpose.js';

/** Labels are bytes. */
export const maxClasses = 256;

/** Without data for testing, number 6, 12, ... is for testing: MNIST's own share. */
export const testEvery = 6;

/** Takes pictures in parts, from the first one on, and keeps them prepared, up to the limit. */
export interface PictureIntake {
  readonly images: Uint8Array;
  readonly preparation: PicturePreparation;
  /** Whole pictures, of one plane, or in colour of three; the first of them is number `first`. */
  put(part: Uint8Array, first: number): void;
}

/**
 * @param where what has pictures of this size: `idx: path: images of 40x40 (byte 8)`
 * @param size of the pictures, as they are stored
 * @param trained the preparation of the training set, for the pictures of the test set
 * @throws DataError if pictures of this size cannot be prepared as asked
 */
export function createIntake(
  where: string,
  size: ImageSize,
  count: number,
  request: LoadRequest,
  trained?: PicturePreparation,
): PictureIntake {
  const { limit, transpose = false } = request;
  const upright = transpose ? { height: size.width, width: size.height } : size;
  const preparation = trained ?? request.preparation ?? choosePreparation(request, upright);
  const resizer = pictureResizer(where, preparation, upright);
  const kept = Math.min(count, limit);
  const images = allocateImages(kept, preparation);
  const sourceBytes = channelsOf(preparation) * size.height * size.width;
  const targetBytes = channelsOf(preparation) * preparation.size[0] * preparation.size[1];
  return {
    images,
    preparation,
    put(part, first) {
      const wanted = Math.min(part.length / sourceBytes, kept - first);
      if (wanted <= 0) return;
      const target = images.subarray(first * targetBytes, (first + wanted) * targetBytes);
      if (!transpose) {
        resizer(part.subarray(0, wanted * sourceBytes), target);
        return;
      }
      for (let i = 0; i < wanted; i += 1) {
        const picture = transposed(part.subarray(i * sourceBytes, (i + 1) * sourceBytes), size);
        resizer(picture, target.subarray(i * targetBytes, (i + 1) * targetBytes));
      }
    },
  };
}

/**
 * @param where what holds the pictures: `idx: path`
 * @throws DataError where colours are asked for of what holds grey levels alone
 */
export function refuseColour(where: string, what: string, { colour }: LoadRequest): void {
  if (!colour) return;
  throw new DataError(
    `${where}: expected pictures in colour but ${what} hold grey ones. ` +
      'Hint: leave colour out; class folders, npz files of (N, height, width, 3) and cifar10 have colours',
  );
}

/** How often each label occurs in a split, whatever the limit. */
export type LabelCounts = Uint32Array;

export function newLabelCounts(): LabelCounts {
  return new Uint32Array(maxClasses);
}

/**
 * The number of classes: that asked for, else what the labels say, and no fewer than there are names.
 * @throws DataError if the labels say that there is but one
 */
export function countClasses(
  where: string,
  asked: number | undefined,
  names: readonly string[] | undefined,
  splits: readonly LabelCounts[],
): number {
  if (asked !== undefined) return asked;
  const highest = Math.max(...splits.map((counts) => counts.findLastIndex((count) => count > 0)));
  if (highest > 0) return Math.max(highest + 1, names?.length ?? 0);
  throw new DataError(
    `${where}: expected labels of two classes or more but all of them are 0. Hint: a net tells classes apart`,
  );
}

/** Tells of classes that no picture of the training has, such as 0 where labels count from 1. */
export function missingClassNotes(
  classes: number,
  names: readonly string[] | undefined,
  train: LabelCounts,
): string[] {
  const absent = Array.from({ length: classes }, (_, label) => label).filter((label) => train[label] === 0);
  if (absent.length === 0) return [];
  const shown = absent
    .slice(0, 8)
    .map((label) => (names === undefined ? label : `${label} (${names[label]})`));
  const more = absent.length > shown.length ? ` and ${absent.length - shown.length} more` : '';
  const which = `${absent.length === 1 ? 'class' : 'classes'} ${shown.join(', ')}${more}`;
  return [`no training picture has ${which}: the net has ${classes} outputs, as labels count from 0`];
}
