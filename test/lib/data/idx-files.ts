/** Builds IDX files for tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { temporaryFolder as newFolder } from '../../support/cli.js';
import { errorOf } from '../../support/misuse.js';

/** A folder that is gone after the tests of the file. */
export const temporaryFolder = () => newFolder().path;

export function bigEndian(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

export function imagesFile(count: number, height: number, width: number, pixels?: Uint8Array): Buffer {
  const data = pixels ?? Uint8Array.from({ length: count * height * width }, (_, i) => (i * 7) % 256);
  return Buffer.concat([bigEndian(0x803, count, height, width), data]);
}

export function labelsFile(labels: ArrayLike<number>): Buffer {
  return Buffer.concat([bigEndian(0x801, labels.length), Uint8Array.from(labels)]);
}

export interface FolderContents {
  readonly train?: number;
  readonly test?: number;
  readonly height?: number;
  readonly width?: number;
  readonly gzip?: boolean;
  readonly dotted?: boolean;
  /** Files that differ from the usual ones; null leaves one out. */
  readonly replace?: Record<string, Buffer | null>;
}

/** A folder of four small files: labels 0, 1, ..., 9, 0, ...; pixels of the pattern of imagesFile. */
export function writeFolder(folder: string, contents: FolderContents = {}): string {
  const {
    train = 12,
    test = 5,
    height = 28,
    width = 28,
    gzip = false,
    dotted = false,
    replace = {},
  } = contents;
  const labels = (count: number) => labelsFile(Array.from({ length: count }, (_, i) => i % 10));
  const files: Record<string, Buffer | null> = {
    'train-images-idx3-ubyte': imagesFile(train, height, width),
    'train-labels-idx1-ubyte': labels(train),
    't10k-images-idx3-ubyte': imagesFile(test, height, width),
    't10k-labels-idx1-ubyte': labels(test),
    ...replace,
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    if (bytes === null) continue;
    const path = join(folder, dotted ? name.replace('-idx', '.idx') : name);
    if (gzip) writeFileSync(`${path}.gz`, gzipSync(bytes));
    else writeFileSync(path, bytes);
  }
  return folder;
}

/** A place for data sets, and an environment in which no other is found, whatever the machine has installed. */
export function setFolders() {
  const root = temporaryFolder();
  let folders = 0;
  return {
    root,
    bare: { HOME: join(root, 'home'), XDG_DATA_DIRS: join(root, 'share') },
    folderWith: (contents?: FolderContents) => writeFolder(join(root, `set-${folders++}`), contents),
  };
}

/** The error of a call that fails. */
export const thrownBy = (run: () => unknown) => errorOf(run) as Error;
