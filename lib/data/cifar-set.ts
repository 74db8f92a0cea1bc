/**
 * CIFAR-10 in its binary version: batches of records, each a byte of the label and 32x32 reds, greens and blues.
 * Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), and the page of its data set.
 */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { DataError } from '../errors.js';
import { readRegularFile } from '../files.js';
import { untar } from '../formats/tar.js';
import { greyOfPlanes } from '../images/colour.js';
import {
  type CifarLocation,
  cifarArchiveName,
  cifarFiles,
  cifarNamesFile,
  cifarTestFile,
  cifarTrainFiles,
} from './cifar-files.js';
import { gunzip } from './gzip.js';
import type { LoadedData, LoadedSplit, LoadRequest } from './loaded.js';
import { resizeNotes } from './notes.js';
import { createIntake, missingClassNotes, newLabelCounts, type PictureIntake } from './picture-array.js';
import { setFiles } from './set-files.js';

const side = 32;
const pixels = 3 * side * side;
const recordBytes = 1 + pixels;
const classes = 10;
/** Of a batch. */
const recordsOfBatch = 10_000;
/** Several times what the files have. */
const MAX_FILE_BYTES = 2 ** 29;
const AGAIN = 'the file is damaged; rownet data get cifar10 gets the archive again';

/** @throws DataError if a file is cut, damaged or missing, or a label is none, naming file and byte */
export function loadCifarSet(location: CifarLocation, asked: LoadRequest): LoadedData {
  const { set, folder } = location;
  const { colour = true } = asked;
  const request: LoadRequest = { ...asked, colour };
  const contents = readContents(location);
  const batchOf = (name: string) => checkedBatch(contents, name);
  const names = classNames(contents);
  if (asked.classes !== undefined && asked.classes !== classes) {
    throw new DataError(
      `data: ${folder}: expected ${asked.classes} classes but CIFAR-10 has ${classes}. ` +
        'Hint: pass data of the classes that the net knows',
    );
  }
  const counts = newLabelCounts();
  const batches = cifarTrainFiles.map(batchOf);
  const train = readSplit(batches, request);
  for (const batch of batches) for (const { label } of batch.records()) counts[label] += 1;
  const testBatch = batchOf(cifarTestFile);
  const test = readSplit([testBatch], request, train.intake);
  const others = [...batches, testBatch].filter(({ count }) => count !== recordsOfBatch);
  const sizes = [[...batches], [testBatch]].map(
    (some) => new Map([[`${side}x${side}`, some.reduce((sum, { count }) => sum + count, 0)]]),
  );
  return {
    name: set?.name ?? 'cifar10',
    folder,
    train,
    test,
    classes,
    classNames: names,
    sha256: Object.fromEntries(
      cifarFiles.map((name) => [name, createHash('sha256').update(contents.bytesOf(name)).digest('hex')]),
    ),
    preparation: train.intake.preparation,
    notes: [
      ...(others.length === 0
        ? []
        : [
            `${others.length} of the 6 batches have not ${recordsOfBatch} pictures: ${others[0].name} has ${others[0].count}`,
          ]),
      ...resizeNotes(sizes, train.intake.preparation, request),
      ...(colour ? [] : ['the pictures are in colour; rownet trains on their grey values']),
      ...missingClassNotes(classes, names, counts),
    ],
    skipped: {},
  };
}

interface Contents {
  /** For messages: `data: path: test_batch.bin`. */
  where(name: string): string;
  bytesOf(name: string): Uint8Array;
}

function readContents({ set, folder, archive }: CifarLocation): Contents {
  if (archive === undefined) {
    const read = new Map<string, Uint8Array>();
    return {
      where: (name) => `data: ${join(folder, name)}`,
      bytesOf(name) {
        const bytes = read.get(name) ?? readRegularFile('data', join(folder, name), MAX_FILE_BYTES, AGAIN);
        read.set(name, bytes);
        return bytes;
      },
    };
  }
  const at = `data: ${archive}`;
  const packed = readRegularFile('data', archive, MAX_FILE_BYTES, AGAIN);
  if (set !== undefined) for (const file of setFiles(set)) file.checkBytes(at, packed);
  const files = new Map(untar(at, unpacked(at, packed)).map(({ name, bytes }) => [basename(name), bytes]));
  return {
    where: (name) => `${at}: ${name}`,
    bytesOf(name) {
      const bytes = files.get(name);
      if (bytes !== undefined) return bytes;
      throw new DataError(
        `${at}: expected the file ${name} in the archive but it holds ${[...files.keys()].slice(0, 8).join(', ') || 'none'}. ` +
          `Hint: it must be ${cifarArchiveName} of the binary version`,
      );
    },
  };
}

/** The last four bytes of a gzip file say how long its contents are. */
function unpacked(where: string, packed: Uint8Array): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return gunzip(where, packed, () => (packed.length < 4 ? 0 : view.getUint32(packed.length - 4, true)));
}

interface Batch {
  readonly name: string;
  readonly count: number;
  records(): Iterable<{ readonly label: number; readonly planes: Uint8Array }>;
}

function checkedBatch(contents: Contents, name: string): Batch {
  const [where, bytes] = [contents.where(name), contents.bytesOf(name)];
  const count = bytes.length / recordBytes;
  if (!Number.isInteger(count) || count === 0) {
    throw new DataError(
      `${where}: expected records of ${recordBytes} bytes, a label and ${pixels} of a picture, but received ` +
        `${bytes.length} bytes, which is ${Math.floor(count)} records and ${bytes.length % recordBytes} bytes. Hint: ${AGAIN}`,
    );
  }
  for (let at = 0; at < bytes.length; at += recordBytes) {
    if (bytes[at] < classes) continue;
    throw new DataError(
      `${where}: expected labels from 0 to ${classes - 1} but received ${bytes[at]} for picture ${at / recordBytes} ` +
        `(byte ${at}). Hint: ${AGAIN}`,
    );
  }
  return {
    name,
    count,
    *records() {
      for (let at = 0; at < bytes.length; at += recordBytes) {
        yield { label: bytes[at], planes: bytes.subarray(at + 1, at + recordBytes) };
      }
    },
  };
}

function classNames(contents: Contents): string[] {
  const bytes = contents.bytesOf(cifarNamesFile);
  const names = Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (names.length === classes && new Set(names).size === classes) return names;
  throw new DataError(
    `${contents.where(cifarNamesFile)}: expected the names of ${classes} classes, one a line, but received ` +
      `${names.length}${names.length === classes ? ', of which some are equal' : ''}. Hint: ${AGAIN}`,
  );
}

function readSplit(
  batches: readonly Batch[],
  request: LoadRequest,
  trained?: PictureIntake,
): LoadedSplit & { readonly intake: PictureIntake } {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const size = { height: side, width: side };
  const where = `data: CIFAR-10: pictures of ${side}x${side}`;
  const intake = createIntake(where, size, count, request, trained?.preparation);
  const labels = new Uint8Array(Math.min(count, request.limit));
  let next = 0;
  for (const batch of batches) {
    for (const { label, planes } of batch.records()) {
      if (next === labels.length) break;
      labels[next] = label;
      intake.put(request.colour ? planes : greyOfPlanes(planes), next);
      next += 1;
    }
  }
  return { images: intake.images, labels, intake };
}
