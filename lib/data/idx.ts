/**
 * IDX files, the format of MNIST: `00 00`, a type byte, the number of dimensions, each dimension as 32 bits
 * big-endian, then the data row-major. Read as they are or gzipped, in parts, so that a raw file never stands in
 * memory as a whole.
 *
 * Source: "The IDX file format" in LeCun, Cortes & Burges, The MNIST database of handwritten digits.
 */
import { createHash } from 'node:crypto';
import { DataError } from '../errors.js';
import { type OpenFile, readFully, withRegularFile } from '../files.js';
import { newBytes } from '../tensor.js';
import { gunzip, isGzip } from './gzip.js';

/** `images`: unsigned bytes `[count, height, width]`. `labels`: unsigned bytes `[count]`. */
export type IdxKind = 'images' | 'labels';

/** Takes consecutive whole items (images or labels), the first being number `first`. Valid during the call only. */
export type IdxSink = (part: Uint8Array, first: number) => void;

export interface IdxSummary {
  /** `[count, height, width]` or `[count]`, none of them 0. */
  readonly dims: readonly number[];
  /** Of the unpacked file, header included; hexadecimal. */
  readonly sha256: string;
}

interface IdxHeader {
  readonly dims: readonly number[];
  readonly headerBytes: number;
  readonly itemBytes: number;
  /** Size of the header and the data. */
  readonly promised: bigint;
}

const UNSIGNED_BYTE = 0x08;
const DIMENSIONS: Record<IdxKind, number> = { images: 3, labels: 1 };
const TYPE_NAMES = new Map([
  [0x09, 'signed byte'],
  [0x0b, 'short'],
  [0x0c, 'int'],
  [0x0d, 'float'],
  [0x0e, 'double'],
]);
/** Bytes of a file, header included. Twice the size of any set this is meant for; below every limit of Node. */
const MAX_BYTES = 2 ** 31;
const PART_BYTES = 2 ** 20;

const AGAIN = 'Hint: download it again';
const SWAPPED = 'Hint: images and labels are swapped';

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Checks bytes 0 to 3: zeros, type, number of dimensions. */
function checkMagic(where: string, kind: IdxKind, start: Uint8Array): void {
  const expected = DIMENSIONS[kind];
  const [zero0, zero1, type, dimensions] = start;
  if (zero0 !== 0 || zero1 !== 0) {
    const wanted = hex(Uint8Array.of(0, 0, UNSIGNED_BYTE, expected));
    const received = hex(start.subarray(0, 4));
    const hint =
      type === 0 && dimensions === 0 && zero1 === UNSIGNED_BYTE
        ? 'Hint: the file is little-endian; IDX is big-endian'
        : 'Hint: this is no IDX file';
    throw new DataError(`${where}: expected ${wanted} at byte 0 but received ${received}. ${hint}`);
  }
  if (type !== UNSIGNED_BYTE) {
    const name = TYPE_NAMES.get(type) ?? 'unknown';
    throw new DataError(
      `${where}: expected type 8 (unsigned byte) at byte 2 but received ${type} (${name}). ` +
        'Hint: convert the values to bytes',
    );
  }
  if (dimensions !== expected) {
    const other = kind === 'images' ? DIMENSIONS.labels : DIMENSIONS.images;
    const hint = dimensions === other ? SWAPPED : 'Hint: only grey images and their labels are read';
    throw new DataError(
      `${where}: expected ${kind} with ${expected} dimension${expected === 1 ? '' : 's'} but received ` +
        `${dimensions} at byte 3. ${hint}`,
    );
  }
}

/** Reads the header from the first bytes of the unpacked contents; `start` may be longer or shorter than it. */
function parseHeader(where: string, kind: IdxKind, start: Uint8Array): IdxHeader {
  const headerBytes = 4 + 4 * DIMENSIONS[kind];
  const cut = () =>
    new DataError(`${where}: expected a header of ${headerBytes} bytes, file has ${start.length}. ${AGAIN}`);
  if (start.length < 4) throw cut();
  checkMagic(where, kind, start);
  if (start.length < headerBytes) throw cut();
  const view = new DataView(start.buffer, start.byteOffset, headerBytes);
  const dims: number[] = [];
  for (let offset = 4; offset < headerBytes; offset += 4) {
    const dim = view.getUint32(offset);
    if (dim === 0) throw new DataError(`${where}: dimension ${dims.length} is 0 (byte ${offset}). ${AGAIN}`);
    dims.push(dim);
  }
  // In BigInt, since the product of three 32-bit numbers does not fit a double.
  const promised = dims.reduce((product, dim) => product * BigInt(dim), 1n) + BigInt(headerBytes);
  const itemBytes = dims.slice(1).reduce((product, dim) => product * dim, 1);
  return { dims, headerBytes, itemBytes, promised };
}

function checkLimit(where: string, header: IdxHeader): void {
  if (header.promised > MAX_BYTES) {
    throw new DataError(
      `${where}: header promises ${header.promised} bytes, at most ${MAX_BYTES} are read. Hint: split the file`,
    );
  }
}

/**
 * Reads a file of images or labels and hands its data on in parts.
 * @param begin gets the dimensions once the header is known to fit the file, and returns the taker of the parts; what
 * it or the taker throws passes through
 * @throws DataError, naming file and byte, if the file cannot be read, is no IDX file of this kind, is not exactly as
 * long as its header says, or is a damaged gzip file
 */
export function readIdx(
  path: string,
  kind: IdxKind,
  begin: (dims: readonly number[]) => IdxSink,
): IdxSummary {
  const where = `idx: ${path}`;
  return withRegularFile('idx', path, (file) => {
    const start = new Uint8Array(Math.min(file.size, 4 + 4 * DIMENSIONS[kind]));
    if (readFully(file, start, 0) !== start.length) throw shrunk(where);
    return isGzip(start) ? readPacked(where, kind, file, begin) : readRaw(where, kind, file, start, begin);
  });
}

function shrunk(where: string): DataError {
  return new DataError(`${where}: the file became shorter while it was read. Hint: try again`);
}

function readRaw(
  where: string,
  kind: IdxKind,
  file: OpenFile,
  start: Uint8Array,
  begin: (dims: readonly number[]) => IdxSink,
): IdxSummary {
  const header = parseHeader(where, kind, start);
  const { dims, headerBytes, itemBytes, promised } = header;
  if (promised !== BigInt(file.size)) {
    throw new DataError(`${where}: header promises ${promised} bytes, file has ${file.size}. ${AGAIN}`);
  }
  checkLimit(where, header);
  const sink = begin(dims);
  const hash = createHash('sha256').update(start);
  const partItems = Math.min(dims[0], Math.max(1, Math.floor(PART_BYTES / itemBytes)));
  const buffer = new Uint8Array(partItems * itemBytes);
  for (let first = 0; first < dims[0]; first += partItems) {
    const part = buffer.subarray(0, Math.min(partItems, dims[0] - first) * itemBytes);
    if (readFully(file, part, headerBytes + first * itemBytes) !== part.length) throw shrunk(where);
    hash.update(part);
    sink(part, first);
  }
  return { dims, sha256: hash.digest('hex') };
}

function readPacked(
  where: string,
  kind: IdxKind,
  file: OpenFile,
  begin: (dims: readonly number[]) => IdxSink,
): IdxSummary {
  const unpacked = unpack(where, kind, file);
  const { dims, headerBytes } = parseHeader(where, kind, unpacked);
  begin(dims)(unpacked.subarray(headerBytes), 0);
  return { dims, sha256: createHash('sha256').update(unpacked).digest('hex') };
}

/**
 * Checks a gzipped file that stands in memory, such as one that was downloaded.
 * @throws DataError as readIdx does
 */
export function checkPackedIdx(where: string, kind: IdxKind, packed: Uint8Array): IdxSummary {
  const unpacked = unpackBytes(where, kind, packed);
  const { dims } = parseHeader(where, kind, unpacked);
  return { dims, sha256: createHash('sha256').update(unpacked).digest('hex') };
}

/** A function of its own, so that the packed bytes are garbage when it returns. */
function unpack(where: string, kind: IdxKind, file: OpenFile): Uint8Array {
  if (file.size > MAX_BYTES) {
    throw new DataError(
      `${where}: file has ${file.size} bytes, at most ${MAX_BYTES} are read. Hint: split the file`,
    );
  }
  const packed = newBytes(where, file.size);
  if (readFully(file, packed, 0) !== packed.length) throw shrunk(where);
  return unpackBytes(where, kind, packed);
}

function unpackBytes(where: string, kind: IdxKind, packed: Uint8Array): Uint8Array {
  return gunzip(where, packed, (start) => {
    const header = parseHeader(where, kind, start);
    checkLimit(where, header);
    return Number(header.promised);
  });
}
