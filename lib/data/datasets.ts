/** Data sets of images, grey or in colour, and labels, read from files of several kinds and resized, all as bytes. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { typeName, valueText } from '../tensor.js';
import { blankNotes } from './blank.js';
import { loadCifarSet } from './cifar-set.js';
import { loadClassFolders } from './class-images.js';
import { loadCsvSet } from './csv-set.js';
import { loadIdxSet } from './idx-set.js';
import type { LoadedData, LoadedSplit, LoadRequest } from './loaded.js';
import { loadNpzSet } from './npz-set.js';
import { maxClasses } from './picture-array.js';
import { channelsOf, type HeightWidth, type PicturePreparation } from './preparation.js';
import { absoluteName, type LocateOptions, type Location, locate } from './registry.js';
import { type ResizeMethod, resizeMethods } from './resize.js';

/** Images, or the rows of a table, with what they are to be taken for: `labels`, `values`, or both. */
export interface Dataset {
  /** `mnist`, `fashion-mnist`, or the folder's name. */
  readonly name: string;
  /**
   * `count` times what `shape` says, one sample after another: bytes, 0 black to 255 white, which stay bytes until a batch
   * is gathered, or finite floats.
   */
  readonly images: Uint8Array | Float32Array;
  /** One class a sample, each below `classes`; what a loss of labels asks for. */
  readonly labels?: Uint8Array;
  /** As many finite numbers a sample as the net has outputs, for a loss of values. */
  readonly values?: Float32Array;
  readonly count: number;
  /** Of one sample: `[C, H, W]` of an image, `[features]` of a row. */
  readonly shape: readonly number[];
  /** Where there are labels. */
  readonly classes?: number;
  /** What the classes are called, one name a label: the folders of class folders, those of a known set. */
  readonly classNames?: readonly string[];
}

/** Images with their labels, in bytes: what files of pictures give. */
export interface PictureSet extends Dataset {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  /** `[C, H, W]` of one image. */
  readonly shape: readonly [number, number, number];
  readonly classes: number;
}

/** What loadDataset returns. */
export interface DataSource {
  readonly train: PictureSet;
  readonly test: PictureSet;
  /** Absolute path of the folder that the files came from. */
  readonly folder: string;
  /**
   * SHA-256, hexadecimal: of the unpacked contents, by the original file name (`train-images-idx3-ubyte`, ...); for class
   * folders of all names and contents of a split, by `train` and `test`; of CSV and npz files by their names.
   */
  readonly sha256: Readonly<Record<string, string>>;
  /** How the pictures got their size; `preparation` of another `loadDataset` prepares others alike. */
  readonly preparation: PicturePreparation;
  /** What was done that one may not expect, in words: pictures resized, files skipped, classes without a picture. */
  readonly notes: readonly string[];
  /** Files in class folders that are no images by their names, counted by extension. */
  readonly skipped: Readonly<Record<string, number>>;
  /** What the data is loaded by again, with `preparation`. */
  readonly origin: DataOrigin;
}

/** Where data came from, and what was left out or turned around: absent where `LoadOptions` did not say. */
export interface DataOrigin extends Pick<LoadOptions, 'limit' | 'transpose' | 'skipEmptyClasses'> {
  /** A known set, such as `mnist`, or an absolute path. */
  readonly name: string;
}

/** How `loadDataset` finds and prepares images. */
export interface LoadOptions extends LocateOptions {
  /** How images get their size. Default: `pad` where all have one size that fits, else `fit`. */
  readonly resize?: ResizeMethod;
  /** Height and width after resizing; one number for both. Default 32; without effect for `none`. */
  readonly size?: number | HeightWidth;
  /** As the images of another set were prepared; says `resize` and `size` too. */
  readonly preparation?: PicturePreparation;
  /** Only the first images, of the training set and of the test set each. Default: all. */
  readonly limit?: number;
  /**
   * Number of classes: labels are below it. Default: that of a known set, as many as there are class folders, else one
   * more than the highest label.
   */
  readonly classes?: number;
  /**
   * Three channels, red, green and blue, in place of grey: of class folders, npz files and `cifar10`. A grey picture has
   * three equal ones. Default: true for `cifar10`, else false.
   */
  readonly colour?: boolean;
  /** Exchange rows and columns. Default: for files that are EMNIST's by their names, which are stored so. */
  readonly transpose?: boolean;
}

const optionNames: OptionNames<LoadOptions> = {
  resize: true,
  size: true,
  preparation: true,
  limit: true,
  classes: true,
  colour: true,
  transpose: true,
  skipEmptyClasses: true,
  env: true,
  cwd: true,
  offline: true,
};

/**
 * Loads a training and a test set: a known name (`mnist`, `cifar10`, ...) from where it is found (see registry.ts), anything
 * else from a folder of four IDX files, gzipped or not, of the files of CIFAR-10, of class folders (see class-folders.ts) or with a train.csv, from a CSV
 * file or an npz file. The contents of MNIST and Fashion-MNIST are checked by SHA-256.
 *
 * Memory: the resized bytes, and for a gzipped file its unpacked contents while they are resized.
 * @throws DataError if files are missing, damaged, of the wrong kind or do not belong together, naming file and byte
 * @throws ArgumentRangeError if an option is out of range
 * @throws ArgumentTypeError if the name is no text or the options are no object
 */
export function loadDataset(nameOrFolder: string, options: LoadOptions = {}): DataSource {
  return loadDatasetFitting(nameOrFolder, 'pad', options);
}

/**
 * The same for a recipe.
 * @param fitting how pictures of one size that fit in are resized, unless `resize` or `preparation` says
 */
export function loadDatasetFitting(
  nameOrFolder: string,
  fitting: 'pad' | 'bilinear',
  options: LoadOptions,
): DataSource {
  checkOptions('loadDataset', options, optionNames, '{ size: 32 }');
  checkSource(nameOrFolder, options);
  const request = readOptions(options, fitting);
  const loaded = load(locate(nameOrFolder, options), request);
  const origin = originOf(nameOrFolder, options);
  return asSource({ ...loaded, notes: [...loaded.notes, ...blankNotes(loaded)] }, origin);
}

function originOf(nameOrFolder: string, options: LoadOptions): DataOrigin {
  const { limit, transpose, skipEmptyClasses, cwd } = options;
  return {
    name: absoluteName(nameOrFolder, cwd),
    ...(limit === undefined ? {} : { limit }),
    ...(transpose === undefined ? {} : { transpose }),
    ...(skipEmptyClasses ? { skipEmptyClasses } : {}),
  };
}

function load(location: Location, request: LoadRequest): LoadedData {
  switch (location.kind) {
    case 'idx':
      return loadIdxSet(location, request);
    case 'cifar':
      return loadCifarSet(location, request);
    case 'classes':
      return loadClassFolders(location.classes, request);
    case 'csv':
      return loadCsvSet(location, request);
    case 'npz':
      return loadNpzSet(location.file, request);
  }
}

function readOptions(options: LoadOptions, fitting: 'pad' | 'bilinear'): LoadRequest {
  const { resize, size = 32, preparation, limit = 2 ** 32, classes } = options;
  const { colour, transpose, skipEmptyClasses } = options;
  checkInteger('a limit', limit, 1, 2 ** 32);
  if (classes !== undefined) checkInteger('classes', classes, 1, maxClasses);
  if (resize !== undefined) checkMethod('resize', resize);
  checkSwitch('colour', colour);
  checkSwitch('transpose', transpose);
  checkSwitch('skipEmptyClasses', skipEmptyClasses);
  const sides = readSize('a size', size);
  if (preparation !== undefined) {
    checkPreparation(preparation);
    const otherSize = options.size !== undefined && String(sides) !== String(preparation.size);
    const otherColour = colour !== undefined && colour !== (preparation.colour ?? false);
    if (otherSize || otherColour || (resize !== undefined && resize !== preparation.resize)) {
      throw new ArgumentRangeError(
        'loadDataset: expected resize, size and colour as in preparation but received others. Hint: leave them out',
      );
    }
  }
  return {
    resize,
    fitting,
    size: sides,
    preparation,
    limit,
    classes,
    // What is prepared as a training's pictures were has as many channels.
    colour: preparation === undefined ? colour : (preparation.colour ?? false),
    transpose,
    skipEmptyClasses: skipEmptyClasses ?? false,
  };
}

function checkSource(nameOrFolder: unknown, { env = {}, cwd = '', offline = false }: LocateOptions): void {
  if (typeof nameOrFolder !== 'string') {
    throw new ArgumentTypeError(
      `loadDataset: expected the name of a data set or a folder but received ${typeName(nameOrFolder)}. ` +
        "Hint: loadDataset('mnist')",
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

function checkInteger(what: string, value: unknown, low: number, high: number): void {
  if (Number.isInteger(value) && Number(value) >= low && Number(value) <= high) return;
  throw new ArgumentRangeError(
    `loadDataset: expected ${what} from ${low} to ${high} but received ${valueText(value)}`,
  );
}

function checkSwitch(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new ArgumentTypeError(
    `loadDataset: expected ${name} to be true or false but received ${typeName(value)}`,
  );
}

function checkMethod(name: string, value: unknown): void {
  if (resizeMethods.some((method) => method === value)) return;
  const methods = resizeMethods.map((method) => `'${method}'`).join(', ');
  throw new ArgumentRangeError(
    `loadDataset: expected ${name} to be one of ${methods} but received ${valueText(value)}`,
  );
}

function readSize(what: string, size: unknown): HeightWidth {
  const sides: unknown[] = Array.isArray(size) ? size : [size, size];
  if (sides.length !== 2) {
    throw new ArgumentRangeError(
      `loadDataset: expected ${what} as one number or [height, width] but received ${sides.length} numbers`,
    );
  }
  for (const side of sides) checkInteger(what, side, 1, 65535);
  return [Number(sides[0]), Number(sides[1])];
}

function checkPreparation(preparation: PicturePreparation): void {
  const names = { resize: true, size: true, from: true, colour: true } as const;
  checkOptions('loadDataset: preparation', preparation, names, 'that of a DataSource');
  const { resize, size, from, colour } = preparation;
  checkSwitch('preparation.colour', colour);
  checkMethod('preparation.resize', resize);
  readSize('preparation.size', size);
  if (from !== undefined) readSize('preparation.from', from);
}

function asSource(loaded: LoadedData, origin: DataOrigin): DataSource {
  const { name, classes, classNames, folder, sha256, preparation, skipped } = loaded;
  const dataset = ({ images, labels }: LoadedSplit): PictureSet => ({
    name,
    images,
    labels,
    count: labels.length,
    shape: [channelsOf(preparation), ...preparation.size],
    classes,
    ...(classNames === undefined ? {} : { classNames }),
  });
  return {
    train: dataset(loaded.train),
    test: dataset(loaded.test),
    folder,
    sha256,
    preparation,
    notes: loaded.notes,
    skipped,
    origin,
  };
}
