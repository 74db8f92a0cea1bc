/** The four IDX files of a data set, found by their names. Nothing is read here but names. */
import { join } from 'node:path';
import { DataError } from '../errors.js';
import { namesIn } from './folders.js';

/** The four parts of a data set. */
export const parts = ['trainImages', 'trainLabels', 'testImages', 'testLabels'] as const;
export type Part = (typeof parts)[number];

/** The original names. */
export const partFiles: Readonly<Record<Part, string>> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

/** Four files that exist, though nothing is known about their contents yet. */
export interface IdxFiles {
  readonly folder: string;
  readonly files: Readonly<Record<Part, string>>;
  /** What stands before `-train-images-idx3-ubyte`: `emnist-letters`; '' for nothing. */
  readonly prefix: string;
}

const NAME = /^(?:(.+)-)?(?:train|t10k|test)-(?:images|labels)[-.]idx[13]-ubyte(?:\.gz)?$/;

/** The file names accepted for a part, the preferred one first; the third is that of a download. */
export function candidates(part: Part, prefix = ''): string[] {
  const original = (prefix === '' ? '' : `${prefix}-`) + partFiles[part];
  const dotted = original.replace('-idx', '.idx');
  const names = [original, dotted, `${original}.gz`, `${dotted}.gz`];
  // EMNIST calls its test images so.
  return original.includes('t10k-')
    ? [...names, ...names.map((name) => name.replace(/t10k-(images|labels)/, 'test-$1'))]
    : names;
}

/**
 * The four files of a folder; undefined if the folder has none of them or does not exist.
 * @param where for messages: `data`
 * @param only the prefix that is asked for; without it, files without a prefix are taken, else those of the only prefix
 * @throws DataError if there are several prefixes, or only some of the files
 */
export function findIdxFiles(where: string, folder: string, only?: string): IdxFiles | undefined {
  const names = namesIn(where, folder);
  if (names === undefined) return undefined;
  const prefixes = [...new Set(names.flatMap((name) => prefixOf(name) ?? []))].sort();
  const prefix = only ?? (prefixes.length === 1 || !prefixes.includes('') ? prefixes[0] : '');
  if (prefix === undefined || !prefixes.includes(prefix)) return undefined;
  if (only === undefined && prefix !== '' && prefixes.length > 1) {
    throw new DataError(
      `${where}: ${folder}: expected four files but received those of ${prefixes.length} sets: ` +
        `${prefixes.join(', ')}. Hint: say which, as in ${join(folder, prefix)}`,
    );
  }
  const { files, missing } = matchFiles(folder, new Set(names), prefix);
  if (missing.length > 0) {
    throw new DataError(
      `${where}: ${folder}: expected four files but these are missing: ${missing.join(', ')}. ` +
        'Hint: each may also be gzipped (.gz)',
    );
  }
  return { folder, files: files as Record<Part, string>, prefix };
}

function prefixOf(name: string): string | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : (match[1] ?? '');
}

function matchFiles(folder: string, names: ReadonlySet<string>, prefix: string) {
  const files: Partial<Record<Part, string>> = {};
  const missing: string[] = [];
  for (const part of parts) {
    const accepted = candidates(part, prefix);
    const name = accepted.find((candidate) => names.has(candidate));
    if (name === undefined) missing.push(accepted[0]);
    else files[part] = join(folder, name);
  }
  return { files, missing };
}
