/**
 * Data sets as folders of images, one folder a class: `train/<class>/*.png` and `test/<class>/*.png`, or the class
 * folders alone. Nothing is read here but names.
 */
import { extname, join } from 'node:path';
import { DataError } from '../errors.js';
import { isFolder, namesIn, naturalOrder, subfolders } from './folders.js';
import { testEvery } from './picture-array.js';

/** The images of one class. */
export interface ClassFiles {
  /** In composed Unicode, however the folder spells it. */
  readonly name: string;
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** Both splits have the same classes in the same order. */
export interface ClassFolders {
  readonly folder: string;
  readonly train: readonly ClassFiles[];
  readonly test: readonly ClassFiles[];
  /** Files in class folders that are no images by their names: how many by extension, the most frequent first. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Classes that are left out, since a split has no image of them. */
  readonly emptyClasses: readonly string[];
}

/** A folder in which classes are looked for. */
interface Split {
  readonly folder: string;
  readonly classes: readonly ClassFiles[];
  readonly skipped: ReadonlyMap<string, number>;
}

/** Folder names of a split, in any case; the first one that is there counts. */
const TRAIN = ['train', 'training'];
const TEST = ['test', 'testing', 'val', 'valid', 'validation'];

/** Windows hides them. */
const SYSTEM_FILES = ['thumbs.db', 'desktop.ini'];
/** Labels are bytes. */
const MAX_CLASSES = 256;

/**
 * Looks for class folders; undefined if there are none.
 * @param skipEmpty leave out a class that has no image, in place of an error
 * @throws DataError if one split is missing, if the splits have other classes, if a class has no image, if two folders
 * have one name but for their spelling, or if there are too few classes or images
 */
export function findClassFolders(folder: string, skipEmpty: boolean): ClassFolders | undefined {
  const names = subfolders(folder);
  const trainName = splitName(folder, names, TRAIN);
  const testName = splitName(folder, names, TEST);
  if (trainName === undefined && testName === undefined) return splitClasses(folder, skipEmpty);
  if (trainName === undefined || testName === undefined) {
    throw new DataError(
      `data: ${folder}: expected a folder train and a folder test but received ${trainName ?? testName} alone. ` +
        'Hint: with class folders alone, every sixth image is for testing',
    );
  }
  const splits = [classesIn(join(folder, trainName)), classesIn(join(folder, testName))];
  const skipped = skippedIn(splits);
  const emptyClasses = refuseEmpty(splits, skipEmpty);
  const [train, test] = splits.map(({ classes }) =>
    classes.filter(({ name }) => !emptyClasses.includes(name)),
  );
  checkClasses(splits[0].folder, train);
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
  return { folder, train, test, skipped, emptyClasses };
}

/** Which of the folders is a split, by the first of `words` that one is called. */
function splitName(folder: string, names: readonly string[], words: readonly string[]): string | undefined {
  for (const word of words) {
    const found = names.filter((name) => name.toLowerCase() === word);
    if (found.length > 1) {
      throw new DataError(
        `data: ${folder}: expected one folder ${word} but received ${found.join(' and ')}. Hint: rename one`,
      );
    }
    if (found.length === 1) return found[0];
  }
  return undefined;
}

/** The names of `classes` that `others` lack. */
function missing(classes: readonly ClassFiles[], others: readonly ClassFiles[]): string[] {
  const names = new Set(others.map(({ name }) => name));
  return classes.map(({ name }) => name).filter((name) => !names.has(name));
}

function splitClasses(folder: string, skipEmpty: boolean): ClassFolders | undefined {
  const split = classesIn(folder);
  if (split.classes.every(({ files }) => files.length === 0)) return undefined;
  const emptyClasses = refuseEmpty([split], skipEmpty);
  const classes = split.classes.filter(({ files }) => files.length > 0);
  checkClasses(folder, classes);
  const small = classes.find(({ files }) => files.length < testEvery);
  if (small !== undefined) {
    throw new DataError(
      `data: ${join(folder, small.name)}: expected at least ${testEvery} images, every sixth of which is for ` +
        `testing, but received ${small.files.length}. Hint: or make a folder train and a folder test`,
    );
  }
  const share = (forTesting: boolean) =>
    classes.map(({ name, files }) => ({
      name,
      files: files.filter((_, i) => ((i + 1) % testEvery === 0) === forTesting),
    }));
  return { folder, train: share(false), test: share(true), skipped: skippedIn([split]), emptyClasses };
}

/** Every subfolder is a class; one without images is dealt with later. */
function classesIn(folder: string): Split {
  const skipped = new Map<string, number>();
  const spellings = new Map<string, string>();
  const classes = subfolders(folder).map((spelling) => {
    const name = spelling.normalize('NFC');
    const other = spellings.get(name);
    if (other !== undefined) {
      throw new DataError(
        `data: ${folder}: expected one folder a class but two are called ${name}, composed and decomposed in ` +
          'Unicode. Hint: move the images of one into the other',
      );
    }
    spellings.set(name, spelling);
    return { name, files: imagesIn(join(folder, spelling), skipped) };
  });
  return { folder, classes: classes.sort((a, b) => naturalOrder(a.name, b.name)), skipped };
}

function imagesIn(folder: string, skipped: Map<string, number>): string[] {
  const isImage = (name: string) => !name.startsWith('.') && /\.(png|jpe?g)$/i.test(name);
  const names = namesIn('data', folder) ?? [];
  for (const name of names) {
    if (isImage(name)) continue;
    const kind = kindOf(folder, name);
    skipped.set(kind, (skipped.get(kind) ?? 0) + 1);
  }
  return names
    .filter(isImage)
    .sort(naturalOrder)
    .map((name) => join(folder, name));
}

/** What a file that is no image is counted as. */
function kindOf(folder: string, name: string): string {
  if (name.startsWith('.') || SYSTEM_FILES.includes(name.toLowerCase())) return 'hidden';
  if (isFolder(join(folder, name))) return 'folders';
  return extname(name).toLowerCase() || 'without extension';
}

function skippedIn(splits: readonly Split[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { skipped } of splits) {
    for (const [kind, count] of skipped) sums.set(kind, (sums.get(kind) ?? 0) + count);
  }
  return Object.fromEntries([...sums].sort(([, a], [, b]) => b - a));
}

/** `12 files (.webp) and 3 hidden ones`; undefined for none. */
export function skippedText(skipped: Readonly<Record<string, number>>): string | undefined {
  const { hidden = 0, folders = 0, ...extensions } = skipped;
  const kinds = Object.entries(extensions);
  const files = kinds.reduce((sum, [, count]) => sum + count, 0);
  const counts = kinds.map(([kind, count]) => (kinds.length === 1 ? kind : `${count} ${kind}`));
  const parts = [
    files > 0 ? `${files} ${files === 1 ? 'file' : 'files'} (${counts.join(', ')})` : '',
    folders > 0 ? `${folders} ${folders === 1 ? 'folder' : 'folders'} in class folders` : '',
    hidden > 0 ? `${hidden} hidden` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? undefined : `skipped ${parts.join(', ')}`;
}

/** The names of classes without an image; unless they may be left out, there must be none. */
function refuseEmpty(splits: readonly Split[], skipEmpty: boolean): string[] {
  const empty = splits.flatMap(({ folder, classes }) =>
    classes.filter(({ files }) => files.length === 0).map(({ name }) => ({ name, folder })),
  );
  const names = [...new Set(empty.map(({ name }) => name))];
  const all = splits.reduce((sum, { classes }) => sum + classes.length, 0);
  // Where no class has one, the folder is no folder of classes at all: told elsewhere.
  if (skipEmpty || names.length === 0 || empty.length === all) return names;
  const lost = skippedText(skippedIn(splits));
  const others = names.length === 1 ? '' : `, nor have ${names.length - 1} more classes`;
  throw new DataError(
    `data: ${join(empty[0].folder, names[0])}: class ${names[0]} has no picture that can be read${others}` +
      `${lost === undefined ? '' : `; ${lost}`}. ` +
      'Hint: save pictures as .png, .jpg or .jpeg, or leave such classes out (--skip-empty-classes, skipEmptyClasses)',
  );
}

function checkClasses(folder: string, classes: readonly ClassFiles[]): void {
  if (classes.length >= 2 && classes.length <= MAX_CLASSES) return;
  throw new DataError(
    `data: ${folder}: expected 2 to ${MAX_CLASSES} folders of images, one a class, but received ${classes.length}. ` +
      'Hint: images are .png, .jpg or .jpeg',
  );
}
