/**
 * safetensors files: 8 bytes header length (little-endian), a JSON header, then the values of all tensors without
 * gaps, in row-major order. F32 is written; F64, F16 and BF16 are read too, as float32, and all values are finite.
 *
 * Source: the format section of huggingface/safetensors, README.md, and its reference implementation, whose checks are
 * all made here too.
 */
import { ArgumentRangeError, ArgumentTypeError, type Refuse, refusing } from '../errors.js';
import { readRegularFile } from '../files.js';
import { Tensor, typeName } from '../tensor.js';
import { checkSource, checkTensorMap, checkText, checkValues } from './arguments.js';
import { type FloatType, floatWidths, readFloats } from './floats.js';
import { type HeaderEntry, MAX_NAMES, METADATA_KEY, parseHeader, quoted } from './safetensors-header.js';
import { Conversions, type Integers, type StoredTensors } from './stored.js';

/** What a file holds. */
export interface Safetensors {
  /** By name, in the order of the data. */
  readonly tensors: Map<string, Tensor>;
  /** Free texts; empty if the file has none. The object has no prototype. */
  readonly metadata: Record<string, string>;
}

const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
const F32_BYTES = 4;
/** A file is read as a whole. */
const MAX_FILE_BYTES = 2 ** 31;
const MAX_DIM = 2 ** 31;
/** Bytes of a value of the types that may stand beside parameters. */
const integerWidths: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  U32: 4,
  I32: 4,
  U64: 8,
  I64: 8,
};
/** Types that the format knows beside those and the floats. */
const OTHER_DTYPES = new Set('F4 F6_E2M3 F6_E3M2 F8_E5M2 F8_E4M3 F8_E8M0 C64'.split(' '));

/** Order of the bytes in UTF-8, which is that of code points, and that of the reference implementation. */
function compareNames([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function checkSound(what: string, text: unknown): void {
  checkText('safetensors', what, text);
  if (!/\p{Surrogate}/u.test(text)) return;
  throw new ArgumentRangeError(
    `safetensors: expected ${what} without lone surrogates but received ${quoted(text)}`,
  );
}

/**
 * The bytes of a safetensors file, equal to those of the reference implementation for the same tensors (which leaves
 * the order of metadata to chance): tensors and metadata by name, the header padded with spaces to a multiple of 8.
 * @param metadata left out of the header if not given
 * @throws ArgumentRangeError for the name `__metadata__`, for texts with lone surrogates, a header over 100 MB, more than
 * 65,536 names, and values that are not finite, since a file with them would be refused when it is read
 * @throws ArgumentTypeError for metadata that is no text
 * @throws ShapeError for a tensor whose memory has been transferred
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  return joinFile(encodeHeader(tensors, metadata), encodeData(tensors));
}

/** The two parts of a file as one. */
export function joinFile(header: Uint8Array, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}

/** What stands before the data, whose bytes do not depend on the metadata. @throws as encodeSafetensors. */
export function encodeHeader(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  checkTensorMap('safetensors', 'what is written', tensors);
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null)) {
    throw new ArgumentTypeError(
      `safetensors: expected metadata to be an object of texts but received ${typeName(metadata)}`,
    );
  }
  const metadataNames = metadata === undefined ? 0 : Object.keys(metadata).length;
  const names = Math.max(tensors.size + (metadata === undefined ? 0 : 1), metadataNames);
  if (names > MAX_NAMES) {
    throw new ArgumentRangeError(`safetensors: expected at most ${MAX_NAMES} names but received ${names}`);
  }
  const members: string[] = [];
  if (metadata !== undefined) members.push(`${JSON.stringify(METADATA_KEY)}:${metadataJson(metadata)}`);
  let dataBytes = 0;
  for (const [name, tensor] of [...tensors].sort(compareNames)) {
    checkSound('a name', name);
    if (name === METADATA_KEY) {
      throw new ArgumentRangeError(
        `safetensors: expected any tensor name but ${METADATA_KEY}, which has a meaning`,
      );
    }
    const end = dataBytes + F32_BYTES * tensor.size;
    const shape = tensor.shape.join(',');
    members.push(
      `${JSON.stringify(name)}:{"dtype":"F32","shape":[${shape}],"data_offsets":[${dataBytes},${end}]}`,
    );
    dataBytes = end;
  }
  const header = Buffer.from(`{${members.join(',')}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new ArgumentRangeError(
      `safetensors: expected a header of at most ${MAX_HEADER_BYTES} bytes but received ${headerBytes}`,
    );
  }
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes).fill(' '.charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(header, LENGTH_BYTES);
  return bytes;
}

/** The values of all tensors, by name. @throws ArgumentRangeError for values that are not finite. */
export function encodeData(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const sorted = [...tensors].sort(compareNames);
  const bytes = new Uint8Array(F32_BYTES * sorted.reduce((sum, [, { size }]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [name, tensor] of sorted) {
    checkValues('safetensors', name, tensor);
    for (const value of tensor.data) {
      view.setFloat32(offset, value, true);
      offset += F32_BYTES;
    }
  }
  return bytes;
}

function metadataJson(metadata: Readonly<Record<string, string>>): string {
  const members = Object.entries(metadata).sort(compareNames);
  for (const [key, value] of members) {
    checkSound('a key of the metadata', key);
    checkSound(`metadata ${quoted(key)}`, value);
  }
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}

/**
 * Reads a safetensors file. The tensors are copies.
 * @param where for messages: the path
 * @throws DataError, naming the byte, unless the header is valid (see parseHeader) and at most 100 MB, the tensors
 * cover the data without gap, overlap or rest, each has the size of its shape, and all values are F32, F64, F16 or BF16,
 * and finite in float32
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Safetensors {
  checkSource('safetensors', bytes, where);
  const { tensors, metadata } = decodeStored(bytes, where, 'refuse');
  return { tensors, metadata };
}

/** As decodeSafetensors, with what is not as the file has it. */
export function decodeStored(
  bytes: Uint8Array,
  where: string,
  integers: Integers,
): StoredTensors & Safetensors {
  const fail: Refuse = refusing(`safetensors: ${where}`, 'the header is damaged; get the file again');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataBegin = readHeaderLength(fail, view);
  const { entries, metadata } = parseHeader(fail, bytes, LENGTH_BYTES, dataBegin);
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const entry of entries) {
    checkEntry(fail, entry, covered, widthOf(fail, entry, integers));
    covered = entry.end;
  }
  const dataBytes = bytes.length - dataBegin;
  if (covered !== dataBytes) {
    fail(
      `expected ${covered} bytes of data from byte ${dataBegin} but received ${dataBytes}`,
      'the file is cut or has something appended; get it again',
    );
  }
  const tensors = new Map<string, Tensor>();
  const converted = new Conversions();
  const leftOut = new Map<string, string>();
  for (const entry of entries) {
    const { name, dtype } = entry;
    if (isFloat(dtype)) {
      tensors.set(name, readTensor(fail, view, dataBegin, entry, dtype));
      if (dtype !== 'F32') converted.add(dtype, name);
    } else leftOut.set(name, dtype);
  }
  return { tensors, metadata, converted, leftOut };
}

function isFloat(dtype: string): dtype is FloatType {
  return Object.hasOwn(floatWidths, dtype);
}

/** Bytes of a value. @throws DataError for a type that is not taken. */
function widthOf(fail: Refuse, { name, dtype, at }: HeaderEntry, integers: Integers): number {
  if (isFloat(dtype)) return floatWidths[dtype];
  const isInteger = Object.hasOwn(integerWidths, dtype);
  if (isInteger && integers === 'leave out') return integerWidths[dtype];
  const kind = isInteger || OTHER_DTYPES.has(dtype) ? dtype : `an unknown type ${quoted(dtype)}`;
  return fail(
    `tensor ${quoted(name)}: expected F32, F64, F16 or BF16 but received ${kind} at byte ${at}`,
    'convert the tensors to float32',
  );
}

/**
 * Reads a safetensors file from disk.
 * @throws DataError if it cannot be read or is over 2^31 bytes, and as decodeSafetensors does
 */
export function readSafetensors(path: string): Safetensors {
  return decodeSafetensors(readFileBytes(path), path);
}

/** The bytes of a file of tensors, whatever its format; errors as readSafetensors. */
export function readFileBytes(path: string): Uint8Array {
  return readRegularFile('safetensors', path, MAX_FILE_BYTES, 'split it');
}

/** Returns where the data start. */
function readHeaderLength(fail: Refuse, view: DataView): number {
  const hint = 'this is no safetensors file, or it is cut';
  if (view.byteLength < LENGTH_BYTES) {
    fail(`expected 8 bytes of header length at byte 0, file has ${view.byteLength}`, hint);
  }
  const length = view.getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    fail(`expected a header of at most ${MAX_HEADER_BYTES} bytes but received ${length} at byte 0`, hint);
  }
  const end = LENGTH_BYTES + Number(length);
  if (end > view.byteLength)
    fail(`header promises ${end} bytes at byte 0, file has ${view.byteLength}`, hint);
  return end;
}

/** Checks shape and offsets; `covered` is where the tensor has to begin. */
function checkEntry(
  fail: Refuse,
  { name, shape, begin, end, at }: HeaderEntry,
  covered: number,
  width: number,
): void {
  const damaged = (text: string) => fail(`tensor ${quoted(name)}: ${text} at byte ${at}`);
  if (begin !== covered) {
    const what = begin > covered ? 'a hole' : 'an overlap';
    damaged(`expected data_offsets from ${covered} but received ${begin}, ${what},`);
  }
  if (end < begin) damaged(`expected data_offsets in order but received [${begin}, ${end}]`);
  let size = 1;
  for (const dim of shape) {
    if (dim > MAX_DIM) damaged(`expected dimensions up to 2^31 but received ${dim}`);
    // Both factors are at most 2^31 here, so the product is exact before it is checked.
    size *= dim;
    if (size > MAX_DIM) damaged(`expected at most 2^31 values but received the shape [${shape.join(', ')}]`);
  }
  if (end - begin !== size * width) {
    damaged(`expected ${size * width} bytes for the shape [${shape.join(', ')}] but received ${end - begin}`);
  }
}

function readTensor(
  fail: Refuse,
  view: DataView,
  dataBegin: number,
  { name, shape, begin, end }: HeaderEntry,
  dtype: FloatType,
): Tensor {
  const notFinite = (stored: number, index: number, at: number) => {
    const expected = Number.isFinite(stored) ? 'values within the range of float32' : 'finite values';
    return fail(
      `tensor ${quoted(name)}: expected ${expected} but received ${stored} at index ${index} (byte ${at})`,
      'the training that wrote it had diverged, or the file is damaged',
    );
  };
  const count = (end - begin) / floatWidths[dtype];
  return new Tensor(shape, readFloats(view, dataBegin + begin, count, dtype, true, notFinite));
}
