/** Reads the images of class folders; their labels are the places of their classes. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { DataError } from '../errors.js';
import { type Picture, planesOf, withPlanes } from '../images/colour.js';
import { decodeColourImage, decodeImage, readImageFile } from '../images/decode.js';
import { type ClassFiles, type ClassFolders, skippedText } from './class-folders.js';
import type { LoadedData, LoadedSplit, LoadRequest } from './loaded.js';
import { colourNotes, countSize, resizeNotes, type SizeCounts } from './notes.js';
import {
  allocateImages,
  channelsOf,
  choosePreparation,
  type PicturePreparation,
  pictureResizer,
} from './preparation.js';
import type { Resizer } from './resize.js';
import type { ImageSize } from './scale.js';
import { transposed } from './transpose.js';

/** A split, and what its images were like before they were prepared. */
interface ReadSplit extends LoadedSplit {
  /**
   * Over the files in the order in which they are taken: `<class>/<file>`, a zero byte, the size in decimal digits, a
   * zero byte, the contents. Hexadecimal. All files count, whatever the limit.
   */
  readonly sha256: string;
  /** How many images are of each size, `64x64`. */
  readonly sizes: SizeCounts;
  /** How many images are in colour. */
  readonly coloured: number;
}

/**
 * Loads both splits. How pictures are prepared is decided by those of the training.
 * @throws DataError if a file cannot be read, decoded or brought to its size, naming it, or if there are not as many
 * classes as asked for
 */
export function loadClassFolders(found: ClassFolders, request: LoadRequest): LoadedData {
  const { folder, train, test, skipped, emptyClasses } = found;
  const classNames = train.map(({ name }) => name);
  const { classes = train.length } = request;
  if (classes !== train.length) {
    throw new DataError(
      `data: ${folder}: expected ${classes} classes but received ${train.length}: ${classNames.join(', ')}. ` +
        'Hint: pass the folder of the classes that the net knows',
    );
  }
  const { split, preparation } = readTraining(train, request);
  const tested = readSplit(test, request, () => preparation, false) as NonNullable<
    ReturnType<typeof readSplit>
  >;
  const testSplit = tested.split;
  const left = skippedText(skipped);
  return {
    name: basename(folder),
    folder,
    train: split,
    test: testSplit,
    classes,
    classNames,
    sha256: { train: split.sha256, test: testSplit.sha256 },
    preparation,
    notes: [
      ...(left === undefined ? [] : [left]),
      ...emptyClasses.map((name) => `class ${name} is left out: it has no picture that can be read`),
      ...resizeNotes([split.sizes, testSplit.sizes], preparation, request),
      ...colourNotes(
        split.coloured + testSplit.coloured,
        split.labels.length + testSplit.labels.length,
        preparation.colour ?? false,
      ),
    ],
    skipped,
  };
}

function readTraining(
  classes: readonly ClassFiles[],
  request: LoadRequest,
): { split: ReadSplit; preparation: PicturePreparation } {
  const { preparation: given } = request;
  const choose = (size: ImageSize) => given ?? choosePreparation(request, size);
  const uniform = readSplit(classes, request, choose, given === undefined);
  if (uniform !== undefined) return uniform;
  const mixed = choosePreparation(request, undefined);
  // Of images of several sizes, those before the second size were prepared as if all had the first: read again.
  return readSplit(classes, request, () => mixed, false) as NonNullable<typeof uniform>;
}

/**
 * Takes the first image of each class, then the second of each, and so on, so that a limit leaves all classes.
 * @param choose the preparation, from the size of the first image
 * @param oneSize whether to give up, returning undefined, at an image of another size than the first one
 */
function readSplit(
  classes: readonly ClassFiles[],
  { limit, transpose = false, colour = false }: LoadRequest,
  choose: (first: ImageSize) => PicturePreparation,
  oneSize: boolean,
): { split: ReadSplit; preparation: PicturePreparation } | undefined {
  const decode = colour ? decodeColourImage : decodeImage;
  const files = inTurns(classes);
  const count = Math.min(files.length, limit);
  const labels = Uint8Array.from(files.slice(0, count), ({ label }) => label);
  const hash = createHash('sha256');
  const sizes = new Map<string, number>();
  let coloured = 0;
  let state: { images: Uint8Array; preparation: PicturePreparation; put: PutPicture } | undefined;
  for (const [index, { path, label }] of files.entries()) {
    const bytes = readImageFile(path);
    const file = `${classes[label].name}/${basename(path).normalize('NFC')}`;
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
    if (index >= count) continue;
    const decoded = decode(bytes, `images: ${path}`);
    const picture = transpose ? turned(decoded) : decoded;
    countSize(sizes, picture);
    if (picture.colour) coloured += 1;
    if (state === undefined) {
      const preparation = choose(picture);
      const images = allocateImages(count, preparation);
      state = { images, preparation, put: writer(preparation, images) };
    }
    if (oneSize && sizes.size > 1 && state.preparation.resize !== 'none') return undefined;
    state.put(path, picture, index);
  }
  // There is a class, and a class has images.
  const { images, preparation } = state as NonNullable<typeof state>;
  return { split: { images, labels, sha256: hash.digest('hex'), sizes, coloured }, preparation };
}

function turned(picture: Picture): Picture {
  const { width, height } = picture;
  const planes = transposed(planesOf(picture), picture);
  return withPlanes(picture, { width: height, height: width, planes });
}

function inTurns(classes: readonly ClassFiles[]): { path: string; label: number }[] {
  return classes
    .flatMap(({ files }, label) => files.map((path, turn) => ({ path, label, turn })))
    .sort((a, b) => a.turn - b.turn || a.label - b.label);
}

/** Prepares a picture into its place. */
type PutPicture = (path: string, picture: Picture, index: number) => void;

function writer(preparation: PicturePreparation, images: Uint8Array): PutPicture {
  const [height, width] = preparation.size;
  const bytes = channelsOf(preparation) * height * width;
  // The pictures of most sets have one size, or a few: only the last resizer is kept.
  let last: { readonly height: number; readonly width: number; readonly resizer: Resizer } | undefined;
  return (path, picture, index) => {
    const differs = picture.height !== height || picture.width !== width;
    if (preparation.resize === 'none' && differs) {
      throw new DataError(
        `images: ${path}: expected ${height}x${width}, as the others, but received ` +
          `${picture.height}x${picture.width}. Hint: --resize fit brings images of any size to one`,
      );
    }
    if (last?.height !== picture.height || last.width !== picture.width) {
      const where = `images: ${path}: an image of ${picture.height}x${picture.width}`;
      const resizer = pictureResizer(where, preparation, picture);
      last = { height: picture.height, width: picture.width, resizer };
    }
    last.resizer(planesOf(picture), images.subarray(index * bytes, (index + 1) * bytes));
  };
}
