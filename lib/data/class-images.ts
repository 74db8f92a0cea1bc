/** Reads the images of class folders; their labels are the places of their classes. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { DataError } from '../errors.js';
import { decodeImage, readImageFile } from '../images/decode.js';
import type { ClassFiles } from './class-folders.js';
import { allocateImages, type Preparation, preparedSize, resizerFor } from './preparation.js';
import type { ImageSize } from './resize.js';

/** Longest side of an image. */
const MAX_SIDE = 4096;

/** A size, and the file that has it, for messages. */
export interface SizeOfFile extends ImageSize {
  readonly path: string;
}

export interface ClassImages {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  /** After resizing. */
  readonly size: ImageSize;
  /** Of the images as they are stored, all of which have it. */
  readonly original: SizeOfFile;
  /**
   * Over the files in the order in which they are taken: `<class>/<file>`, a zero byte, the size in decimal digits, a
   * zero byte, the contents. Hexadecimal. All files count, whatever the limit.
   */
  readonly sha256: string;
}

/**
 * Takes the first image of each class, then the second of each, and so on, so that a limit leaves all classes. Pixels
 * are taken as they are, 0 black to 255 white.
 * @param original size that the images must have; that of the first one if left out
 * @throws DataError if a file cannot be read or decoded, or has another size, naming it
 */
export function loadClassImages(
  classes: readonly ClassFiles[],
  preparation: Preparation,
  original?: SizeOfFile,
): ClassImages {
  const files = inTurns(classes);
  const count = Math.min(files.length, preparation.limit);
  const labels = Uint8Array.from(files.slice(0, count), ({ label }) => label);
  const hash = createHash('sha256');
  let expected = original;
  let put: ((grey: Uint8Array, index: number) => void) | undefined;
  let images: Uint8Array = new Uint8Array(0);
  for (const [index, { path, label }] of files.entries()) {
    const bytes = readImageFile(path);
    hash.update(`${classes[label].name}/${basename(path)}\0${bytes.length}\0`).update(bytes);
    if (index >= count) continue;
    const { width, height, grey } = decodeImage(`images: ${path}`, bytes);
    expected ??= firstSize(path, { height, width });
    if (height !== expected.height || width !== expected.width) {
      throw new DataError(
        `images: ${path}: expected ${expected.height}x${expected.width}, as in ${expected.path}, but received ` +
          `${height}x${width}. Hint: all images of a data set must have one size`,
      );
    }
    if (put === undefined) {
      const size = preparedSize(preparation, expected);
      images = allocateImages(count, size);
      put = writer(path, preparation, expected, images);
    }
    put(grey, index);
  }
  // There is a class, and a class has images.
  const found = expected as SizeOfFile;
  return {
    images,
    labels,
    size: preparedSize(preparation, found),
    original: found,
    sha256: hash.digest('hex'),
  };
}

function inTurns(classes: readonly ClassFiles[]): { path: string; label: number }[] {
  return classes
    .flatMap(({ files }, label) => files.map((path, turn) => ({ path, label, turn })))
    .sort((a, b) => a.turn - b.turn || a.label - b.label);
}

function firstSize(path: string, { height, width }: ImageSize): SizeOfFile {
  if (height <= MAX_SIDE && width <= MAX_SIDE) return { path, height, width };
  throw new DataError(
    `images: ${path}: expected at most ${MAX_SIDE}x${MAX_SIDE} pixels but received ${height}x${width}. ` +
      'Hint: make all images smaller',
  );
}

/** Resizes an image into its place. */
function writer(path: string, preparation: Preparation, from: ImageSize, images: Uint8Array) {
  const to = preparedSize(preparation, from);
  const where = `images: ${path}: images of ${from.height}x${from.width}`;
  const resizer = resizerFor(where, preparation.resize, from, to);
  const bytes = to.height * to.width;
  return (grey: Uint8Array, index: number) =>
    resizer(grey, images.subarray(index * bytes, (index + 1) * bytes));
}
