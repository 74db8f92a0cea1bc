/**
 * Data sets as folders of images, one folder a class: `train/<class>/*.png` and `test/<class>/*.png`, or the class
 * folders alone. Nothing is read here but names.
 */
import { join } from 'node:path';
import { DataError } from '../errors.js';
import { naturalOrder, namesIn, subfolders } from './folders.js';

/** The images of one class. */
export interface ClassFiles {
  readonly name: string;
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** Both splits have the same classes in the same order. */
export interface ClassFolders {
  readonly folder: string;
  readonly train: readonly ClassFiles[];
  readonly test: readonly ClassFiles[];
}

/** Folder names of a split; the first one that is there counts. */
const TRAIN = ['train', 'training'];
const TEST = ['test', 'testing', 'val', 'validation'];

/** Without a folder for testing, image 6, 12, ... of a class is for testing: MNIST's own share. */
const TEST_EVERY = 6;
/** Labels are bytes. */
const MAX_CLASSES = 256;

/**
 * Looks for class folders; undefined if there are none.
 * @throws DataError if one split is missing, if the splits have other classes, or if there are too few classes or images
 */
export function findClassFolders(folder: string): ClassFolders | undefined {
  const names = subfolders(folder);
  const trainName = TRAIN.find((name) => names.includes(name));
  const testName = TEST.find((name) => names.includes(name));
  if (trainName === undefined && testName === undefined) return splitClasses(folder);
  if (trainName === undefined || testName === undefined) {
    throw new DataError(
      `data: ${folder}: expected a folder train and a folder test but received ${trainName ?? testName} alone. ` +
        'Hint: with class folders alone, every sixth image is for testing',
    );
  }
  const train = classesIn(join(folder, trainName));
  const test = classesIn(join(folder, testName));
  checkClasses(join(folder, trainName), train);
  const differences = [
    ...missing(train, test).map((name) => `${name} is in ${trainName} alone`),
    ...missing(test, train).map((name) => `${name} is in ${testName} alone`),
  ];
  if (differences.length > 0) {
    throw new DataError(
      `data: ${folder}: expected the same classes in ${trainName} and ${testName} but ${differences.join(', ')}. ` +
        'Hint: a class needs images in both',
    );
  }
  return { folder, train, test };
}

/** The names of `classes` that `others` lack. */
function missing(classes: readonly ClassFiles[], others: readonly ClassFiles[]): string[] {
  const names = new Set(others.map(({ name }) => name));
  return classes.map(({ name }) => name).filter((name) => !names.has(name));
}

function splitClasses(folder: string): ClassFolders | undefined {
  const classes = classesIn(folder);
  if (classes.length === 0) return undefined;
  checkClasses(folder, classes);
  const small = classes.find(({ files }) => files.length < TEST_EVERY);
  if (small !== undefined) {
    throw new DataError(
      `data: ${join(folder, small.name)}: expected at least ${TEST_EVERY} images, every sixth of which is for ` +
        `testing, but received ${small.files.length}. Hint: or make a folder train and a folder test`,
    );
  }
  const share = (forTesting: boolean) =>
    classes.map(({ name, files }) => ({
      name,
      files: files.filter((_, i) => ((i + 1) % TEST_EVERY === 0) === forTesting),
    }));
  return { folder, train: share(false), test: share(true) };
}

/** The subfolders that hold images; other files are none of our business. */
function classesIn(folder: string): ClassFiles[] {
  return subfolders(folder)
    .map((name) => ({ name, files: imagesIn(join(folder, name)) }))
    .filter(({ files }) => files.length > 0);
}

function imagesIn(folder: string): string[] {
  return (namesIn('data', folder) ?? [])
    .filter((name) => !name.startsWith('.') && /\.(png|jpe?g)$/i.test(name))
    .sort(naturalOrder)
    .map((name) => join(folder, name));
}

function checkClasses(folder: string, classes: readonly ClassFiles[]): void {
  if (classes.length >= 2 && classes.length <= MAX_CLASSES) return;
  throw new DataError(
    `data: ${folder}: expected 2 to ${MAX_CLASSES} folders of images, one a class, but received ${classes.length}. ` +
      'Hint: images are .png, .jpg or .jpeg',
  );
}
