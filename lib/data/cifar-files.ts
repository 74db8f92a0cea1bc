/** The files of CIFAR-10 in its binary version, as a folder or as the archive they come in. Nothing is read here but names. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DataError } from '../errors.js';
import { namesIn } from './folders.js';
import type { CifarKnownSet } from './known-sets.js';

/** As the University of Toronto has it. */
export const cifarArchiveName = 'cifar-10-binary.tar.gz';
/** The folder in the archive. */
const innerFolder = 'cifar-10-batches-bin';

export const cifarTrainFiles = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`);
export const cifarTestFile = 'test_batch.bin';
/** The names of the classes, one a line. */
export const cifarNamesFile = 'batches.meta.txt';
export const cifarFiles: readonly string[] = [...cifarTrainFiles, cifarTestFile, cifarNamesFile];

/** Files that exist, though nothing is known about their contents yet. */
export interface CifarLocation {
  readonly kind: 'cifar';
  /** The set that was asked for by name; undefined for a folder. */
  readonly set: CifarKnownSet | undefined;
  readonly folder: string;
  /** The archive, where its files do not stand in the folder themselves. */
  readonly archive: string | undefined;
}

/**
 * The files in a folder, in the folder of their own in it, or the archive; undefined if there are none.
 * @param where for messages: `data`
 * @throws DataError if there are only some of the files, or those of the version for Python
 */
export function findCifar(
  where: string,
  folder: string,
  set: CifarKnownSet | undefined,
): CifarLocation | undefined {
  for (const place of [folder, join(folder, innerFolder)]) {
    const names = new Set(namesIn(where, place) ?? []);
    const missing = cifarFiles.filter((name) => !names.has(name));
    if (missing.length === 0) return { kind: 'cifar', set, folder: place, archive: undefined };
    if (cifarFiles.some((name) => /batch.*bin$/.test(name) && names.has(name))) {
      throw new DataError(
        `${where}: ${place}: expected the files of CIFAR-10 but these are missing: ${missing.join(', ')}. ` +
          `Hint: ${cifarArchiveName} holds them all`,
      );
    }
    if (names.has('cifar-10-batches-py') || (names.has('data_batch_1') && names.has('test_batch'))) {
      throw new DataError(
        `${where}: ${place}: expected CIFAR-10 in its binary version but received the one for Python. ` +
          `Hint: get ${cifarArchiveName} (rownet data get cifar10)`,
      );
    }
  }
  const archive = join(folder, cifarArchiveName);
  return existsSync(archive) ? { kind: 'cifar', set, folder, archive } : undefined;
}

/** A path that is the archive itself by its name. */
export function cifarArchive(path: string): CifarLocation | undefined {
  if (basename(path) !== cifarArchiveName) return undefined;
  return { kind: 'cifar', set: undefined, folder: dirname(path), archive: path };
}
