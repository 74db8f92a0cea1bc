/** CSV and npz files of a data set, found by their names. Nothing is read here but names. */
import { basename, dirname, extname, join } from 'node:path';
import { DataError } from '../errors.js';
import type { CsvFiles } from './csv-set.js';
import { namesIn } from './folders.js';

export type TableLocation =
  | ({ readonly kind: 'csv' } & CsvFiles)
  | { readonly kind: 'npz'; readonly folder: string; readonly file: string };

/** `train.csv`, `mnist_train.csv`, `emnist-letters-train.csv`. */
const TRAIN_CSV = /^(?:(.*?)[-_. ]+)?train\.csv$/i;

/** A file that is passed itself; undefined if it is of another kind by its name. */
export function tableFile(path: string): TableLocation | undefined {
  const extension = extname(path).toLowerCase();
  const folder = dirname(path);
  if (extension === '.npz') return { kind: 'npz', folder, file: path };
  if (extension !== '.csv') return undefined;
  return { kind: 'csv', folder, name: basename(path, extname(path)), train: path, test: undefined };
}

/**
 * The training file of a folder with the test file beside it, else its npz file; undefined if there is neither.
 * @param only what stands before `train.csv`, where that is asked for
 * @throws DataError if there are several
 */
export function findTables(folder: string, only?: string): TableLocation | undefined {
  const names = (namesIn('data', folder) ?? []).filter((name) => !name.startsWith('.')).sort();
  const prefixOf = (name: string) => {
    const match = TRAIN_CSV.exec(name);
    return match === null ? undefined : (match[1] ?? '');
  };
  const trains = names.filter((name) => {
    const prefix = prefixOf(name);
    return prefix !== undefined && (only === undefined || prefix === only);
  });
  const archives = only === undefined ? names.filter((name) => extname(name).toLowerCase() === '.npz') : [];
  const found = trains.length > 0 ? trains : archives;
  if (found.length === 0) return undefined;
  if (found.length > 1) {
    throw new DataError(
      `data: ${folder}: expected one data set but received ${found.slice(0, 8).join(', ')}. ` +
        `Hint: say which, as in ${join(folder, found[0])}`,
    );
  }
  const [name] = found;
  const file = join(folder, name);
  if (trains.length === 0) return { kind: 'npz', folder, file };
  const wanted = name.replace(/train\.csv$/i, 'test.csv').toLowerCase();
  const test = names.find((other) => other.toLowerCase() === wanted);
  return {
    kind: 'csv',
    folder,
    name: prefixOf(name) || basename(folder),
    train: file,
    test: test === undefined ? undefined : join(folder, test),
  };
}
