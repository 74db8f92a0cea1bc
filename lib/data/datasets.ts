/** Data sets of grey images and labels, read from IDX files or class folders and resized, all as bytes. */
import { basename } from 'node:path';
import { ArgumentRangeError, ArgumentTypeError, DataError } from '../errors.js';
import type { ClassFolders } from './class-folders.js';
import { type ClassImages, loadClassImages } from './class-images.js';
import { type IdxSummary, readIdx } from './idx.js';
import { allocateImages, type Preparation, preparedSize, resizerFor } from './preparation.js';
import {
  type IdxLocation,
  type KnownSet,
  knownSets,
  type LocateOptions,
  locate,
  type Part,
  partFiles,
  parts,
} from './registry.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName, valueText } from '../tensor.js';
import type { ImageSize, ResizeMethod } from './resize.js';

/** Images with their labels; the pixels stay bytes until a batch is gathered. */
export interface Dataset {
  /** `mnist`, `fashion-mnist`, or the folder's name. */
  readonly name: string;
  /** `count * C * H * W` bytes, 0 black to 255 white, one image after another. */
  readonly images: Uint8Array;
  /** One class a image, each below `classes`. */
  readonly labels: Uint8Array;
  readonly count: number;
  /** `[C, H, W]` of one image. */
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  /** What the classes are called, one name a label: the folders of class folders, those of a known set. */
  readonly classNames?: readonly string[];
}

/** What loadDataset returns. */
export interface DataSource {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Absolute path of the folder that the files came from. */
  readonly folder: string;
  /**
   * SHA-256, hexadecimal: of the unpacked contents, by the original file name (`train-images-idx3-ubyte`, ...); for class
   * folders of all names and contents of a split, by `train` and `test`.
   */
  readonly sha256: Readonly<Record<string, string>>;
}

/** How `loadDataset` finds and prepares images. */
export interface LoadOptions extends LocateOptions {
  /** How images get their size. */
  readonly resize: ResizeMethod;
  /** Height and width after resizing. Default 32; without effect for `none`. */
  readonly size?: number;
  /** Only the first images, of the training set and of the test set each. Default: all. */
  readonly limit?: number;
  /** Number of classes: labels are below it. Default 10; for class folders as many as there are. */
  readonly classes?: number;
}

const optionNames: OptionNames<LoadOptions> = {
  resize: true,
  size: true,
  limit: true,
  classes: true,
  env: true,
  cwd: true,
  offline: true,
};

interface Settings extends Preparation {
  readonly classes: number;
}

function checkInteger(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new ArgumentRangeError(
    `loadDataset: expected ${what} from ${low} to ${high} but received ${valueText(value)}`,
  );
}

/**
 * Loads a training and a test set: a known name (`mnist`, ...) from where it is found (see registry.ts), anything else
 * from a folder of four IDX files, gzipped or not, or of class folders (see class-folders.ts). The contents of MNIST and
 * Fashion-MNIST are checked by SHA-256.
 *
 * Memory: the resized bytes, and for a gzipped file its unpacked contents while they are resized.
 * @throws DataError if files are missing, damaged, of the wrong kind or do not belong together, naming file and byte
 * @throws ArgumentRangeError if an option is out of range
 */
export function loadDataset(nameOrFolder: string, options: LoadOptions): DataSource {
  checkOptions('loadDataset', options, optionNames, "{ resize: 'pad' }");
  const { resize, size = 32, limit = 2 ** 32, classes } = options;
  checkInteger('a size', size, 1, 65535);
  checkInteger('a limit', limit, 1, 2 ** 32);
  if (classes !== undefined) checkInteger('classes', classes, 1, 256);
  if (!['pad', 'bilinear', 'none'].includes(resize)) {
    throw new ArgumentRangeError(
      `loadDataset: expected resize 'pad', 'bilinear' or 'none' but received ${valueText(resize)}`,
    );
  }
  checkSource(nameOrFolder, options);
  const location = locate(nameOrFolder, options);
  const preparation = { resize, size, limit };
  return location.kind === 'idx'
    ? loadIdxFolder(location, { ...preparation, classes: classes ?? 10 })
    : loadClassFolders(location.classes, preparation, classes);
}

function checkSource(nameOrFolder: unknown, { env = {}, cwd = '', offline = false }: LocateOptions): void {
  if (typeof nameOrFolder !== 'string') {
    throw new ArgumentTypeError(
      `loadDataset: expected the name of a data set or a folder but received ${typeName(nameOrFolder)}. ` +
        "Hint: loadDataset('mnist', { resize: 'pad' })",
    );
  }
  const kinds = { env: [env, 'object'], cwd: [cwd, 'string'], offline: [offline, 'boolean'] } as const;
  for (const [name, [value, kind]] of Object.entries(kinds)) {
    if (typeof value === kind && value !== null) continue;
    throw new ArgumentTypeError(
      `loadDataset: expected ${name} to be of type ${kind} but received ${typeName(value)}`,
    );
  }
}

function loadClassFolders(
  { folder, train, test }: ClassFolders,
  preparation: Preparation,
  classes: number | undefined,
): DataSource {
  const classNames = train.map(({ name }) => name);
  if (classes !== undefined && classes !== train.length) {
    throw new DataError(
      `data: ${folder}: expected ${classes} classes but received ${train.length}: ${classNames.join(', ')}. ` +
        'Hint: pass the folder of the classes that the net knows',
    );
  }
  const trainImages = loadClassImages(train, preparation);
  const testImages = loadClassImages(test, preparation, trainImages.original);
  const dataset = ({ images, labels, size }: ClassImages): Dataset => ({
    name: basename(folder),
    images,
    labels,
    count: labels.length,
    shape: [1, size.height, size.width],
    classes: train.length,
    classNames,
  });
  return {
    train: dataset(trainImages),
    test: dataset(testImages),
    folder,
    sha256: { train: trainImages.sha256, test: testImages.sha256 },
  };
}

function loadIdxFolder(location: IdxLocation, settings: Settings): DataSource {
  const train = loadPart(location, 'trainImages', 'trainLabels', settings);
  const test = loadPart(location, 'testImages', 'testLabels', settings);
  const hashes: Record<Part, string> = { ...train.hashes, ...test.hashes };
  if (String(train.data.shape) !== String(test.data.shape)) {
    throw new DataError(
      `data: ${location.files.testImages}: expected images of ${train.data.shape.join('x')}, as in ` +
        `${location.files.trainImages}, but received ${test.data.shape.join('x')}. Hint: these files do not belong ` +
        'together',
    );
  }
  const recognised =
    location.set ?? knownSets.find((set) => parts.every((part) => set.sha256?.[part] === hashes[part]));
  const name = recognised?.name ?? basename(location.folder);
  const sha256 = Object.fromEntries(parts.map((part) => [partFiles[part], hashes[part]]));
  const classNames = recognised?.classNames;
  const facts = { name, ...(classNames?.length === settings.classes ? { classNames } : {}) };
  return {
    train: { ...facts, ...train.data },
    test: { ...facts, ...test.data },
    folder: location.folder,
    sha256,
  };
}

interface LoadedPart<ImagesPart extends Part, LabelsPart extends Part> {
  readonly data: Omit<Dataset, 'name'>;
  readonly hashes: Record<ImagesPart | LabelsPart, string>;
}

function loadPart<ImagesPart extends Part, LabelsPart extends Part>(
  { set, files }: IdxLocation,
  imagesPart: ImagesPart,
  labelsPart: LabelsPart,
  settings: Settings,
): LoadedPart<ImagesPart, LabelsPart> {
  const labels = readLabels(files[labelsPart], settings);
  checkHash(set, labelsPart, files[labelsPart], labels.summary);
  const images = readImages(files[imagesPart], files[labelsPart], labels.summary.dims[0], settings);
  checkHash(set, imagesPart, files[imagesPart], images.summary);
  const hashes = { [imagesPart]: images.summary.sha256, [labelsPart]: labels.summary.sha256 };
  return {
    data: {
      images: images.images,
      labels: labels.labels,
      count: labels.labels.length,
      shape: [1, images.size.height, images.size.width],
      classes: settings.classes,
    },
    hashes: hashes as Record<ImagesPart | LabelsPart, string>,
  };
}

function readLabels(path: string, { limit, classes }: Settings) {
  let labels = new Uint8Array(0);
  const summary = readIdx(path, 'labels', ([count]) => {
    labels = new Uint8Array(Math.min(count, limit));
    return (part, first) => {
      for (let i = 0; i < part.length; i += 1) {
        if (part[i] >= classes) {
          throw new DataError(
            `idx: ${path}: expected labels from 0 to ${classes - 1} but received ${part[i]} for image ${first + i} ` +
              `(byte ${8 + first + i} of the unpacked file). Hint: the number of classes is ${classes}`,
          );
        }
      }
      if (first < labels.length) labels.set(part.subarray(0, labels.length - first), first);
    };
  });
  return { labels, summary };
}

function readImages(path: string, labelsPath: string, labelCount: number, preparation: Preparation) {
  let images: Uint8Array = new Uint8Array(0);
  let size: ImageSize = { height: 0, width: 0 };
  const summary = readIdx(path, 'images', ([count, height, width]) => {
    if (count !== labelCount) {
      throw new DataError(
        `idx: ${path}: expected ${labelCount} images, as many as there are labels in ${labelsPath}, but received ` +
          `${count} (byte 4). Hint: these files do not belong together`,
      );
    }
    const original = { height, width };
    size = preparedSize(preparation, original);
    const where = `idx: ${path}: images of ${height}x${width} (byte 8)`;
    const resizer = resizerFor(where, preparation.resize, original, size);
    const sourceBytes = height * width;
    const targetBytes = size.height * size.width;
    const kept = Math.min(count, preparation.limit);
    images = allocateImages(kept, size);
    return (part, first) => {
      const wanted = Math.min(part.length / sourceBytes, kept - first);
      if (wanted <= 0) return;
      const target = images.subarray(first * targetBytes, (first + wanted) * targetBytes);
      resizer(part.subarray(0, wanted * sourceBytes), target);
    };
  });
  return { images, size, summary };
}

function checkHash(set: KnownSet | undefined, part: Part, path: string, { sha256 }: IdxSummary): void {
  if (set === undefined || set.sha256?.[part] === sha256) return;
  const other = knownSets.find((known) => known.sha256?.[part] === sha256);
  if (set.sha256 !== undefined) {
    const hint = other === undefined ? 'download it again' : `this is a file of ${other.title}`;
    throw new DataError(
      `data: ${set.name}: ${path}: expected SHA-256 ${set.sha256[part]} of the contents but received ${sha256}. ` +
        `Hint: ${hint}`,
    );
  }
  // Without checksums, only a file that is certainly one of another set can be told.
  if (other === undefined) return;
  throw new DataError(
    `data: ${set.name}: ${path}: expected a file of ${set.title} but received one of ${other.title}. ` +
      'Hint: check what is in the folder',
  );
}
