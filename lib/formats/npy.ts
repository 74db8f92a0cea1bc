/**
 * npy files: one array of NumPy. Eight bytes of magic and version, the length of the header, a header that is a Python
 * literal such as `{'descr': '<f4', 'fortran_order': False, 'shape': (6, 1, 5, 5), }`, then the values.
 *
 * Source: NEP 1 and the documentation of numpy.lib.format, versions 1.0 to 3.0.
 */
import { refusing } from '../errors.js';
import { Tensor } from '../tensor.js';
import { type FloatType, floatWidths, readFloats } from './floats.js';
import { type NpyHeader, parseNpyHeader } from './npy-header.js';
import type { Integers } from './stored.js';

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
const VERSION_END = 8;
/** The values of a file begin at a multiple of this. */
const ALIGNMENT = 64;
/** As many as NumPy reads. */
const MAX_HEADER_BYTES = 10_000;
const MAX_SIZE = 2 ** 31;

/** The bytes of an npy file, version 1.0, float32, little-endian, row-major, laid out as NumPy does. */
export function encodeNpy({ shape, data }: Tensor): Uint8Array {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${axes}), }`;
  const begin = Math.ceil((VERSION_END + 2 + header.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = Buffer.alloc(begin + 4 * data.length, ' ');
  bytes.set(MAGIC);
  bytes.set([1, 0], MAGIC.length);
  bytes.writeUInt16LE(begin - VERSION_END - 2, VERSION_END);
  bytes.write(header, VERSION_END + 2, 'latin1');
  bytes.write('\n', begin - 1);
  for (const [i, value] of data.entries()) bytes.writeFloatLE(value, begin + 4 * i);
  return bytes;
}

/** What an npy file holds: an array of floats, or, without its values, one of integers or booleans. */
export interface NpyArray {
  /** Row-major, whatever the order in the file. */
  readonly tensor?: Tensor;
  /** As the file has it: `<f8`. */
  readonly descr: string;
  readonly type: FloatType | 'integers';
  readonly columnMajor: boolean;
}

const floatTypes: Readonly<Record<string, FloatType>> = { f2: 'F16', f4: 'F32', f8: 'F64' };
const INTEGERS = /^(\|[biu]1|[<>][iu][248])$/;

/**
 * Reads an npy file of float32, or of float16 or float64 (rounded to float32), in either order of bytes and of axes. The
 * tensor is a copy.
 * @param where for messages: `npz: path: "name"`
 * @throws DataError, naming the byte, for other types (objects above all, which would be unpickled), values that are not
 * finite in float32, a header that is damaged, and contents of another length than its shape
 */
export function decodeNpy(where: string, bytes: Uint8Array): Tensor {
  return decodeNpyArray(where, bytes, 'refuse').tensor as Tensor;
}

type Fail = (text: string, at: number, hint?: string) => never;

/** An npy file up to where its values begin. */
export interface OpenNpy {
  readonly header: NpyHeader;
  readonly view: DataView;
  readonly begin: number;
  readonly fail: Fail;
}

/** Reads what stands before the values. Throws as decodeNpy does for a damaged header. */
export function openNpy(where: string, bytes: Uint8Array): OpenNpy {
  const refuse = refusing(where, 'the file is damaged; get it again');
  const fail: Fail = (text, at, hint) => refuse(`${text} at byte ${at}`, hint);
  if (bytes.length < VERSION_END || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    return fail('expected the start of an npy file', 0, 'save it with numpy.savez');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [major, minor] = [bytes[6], bytes[7]];
  if (major < 1 || major > 3 || minor !== 0) {
    fail(`expected version 1.0, 2.0 or 3.0 but received ${major}.${minor}`, MAGIC.length);
  }
  const headerBegin = VERSION_END + (major === 1 ? 2 : 4);
  if (bytes.length < headerBegin) fail('expected the length of the header', VERSION_END);
  const length = major === 1 ? view.getUint16(VERSION_END, true) : view.getUint32(VERSION_END, true);
  if (length > MAX_HEADER_BYTES) {
    fail(`expected a header of at most ${MAX_HEADER_BYTES} bytes but received ${length}`, VERSION_END);
  }
  const begin = headerBegin + length;
  if (begin > bytes.length) fail(`header promises ${begin} bytes, file has ${bytes.length}`, VERSION_END);
  return { header: parseNpyHeader(where, bytes, headerBegin, begin), view, begin, fail };
}

/**
 * The number of values, each of `width` bytes.
 * @throws DataError unless the file holds just as many as its shape says
 */
export function countNpyValues({ header, view, begin, fail }: OpenNpy, width: number): number {
  const size = sizeOfShape(header, fail);
  const received = view.byteLength - begin;
  if (received === size * width) return size;
  return fail(
    `expected ${size * width} bytes for the shape (${header.shape.axes.join(', ')}) but received ${received}`,
    begin,
  );
}

/** As decodeNpy, with what the file says of the array. */
export function decodeNpyArray(where: string, bytes: Uint8Array, integers: Integers): NpyArray {
  const open = openNpy(where, bytes);
  const { header, view, begin, fail } = open;
  const type = typeOf(header, integers, fail);
  const descr = header.descr.text;
  const size = countNpyValues(open, type === 'integers' ? Number(descr[2]) : floatWidths[type]);
  const columnMajor = header.fortranOrder.value;
  if (type === 'integers') return { descr, type, columnMajor };
  const values = readFloats(view, begin, size, type, descr[0] === '<', (stored, index, at) =>
    fail(
      `expected finite float32 values but received ${stored} (index ${index})`,
      at,
      'the training that wrote it had diverged, or the file is damaged',
    ),
  );
  const { axes } = header.shape;
  const tensor = new Tensor(axes, columnMajor ? rowMajor(values, axes) : values);
  return { tensor, descr, type, columnMajor };
}

function typeOf({ descr }: NpyHeader, integers: Integers, fail: Fail): FloatType | 'integers' {
  if (descr.text.includes('O')) {
    fail('expected float32 but received objects', descr.at, 'they are pickled, which could run any program');
  }
  const [order, letters] = [descr.text[0], descr.text.slice(1)];
  if ('<>'.includes(order) && Object.hasOwn(floatTypes, letters)) return floatTypes[letters];
  if (integers === 'leave out' && INTEGERS.test(descr.text)) return 'integers';
  const received = JSON.stringify(descr.text.slice(0, 80));
  return fail(
    `expected float32, float64 or float16 but received ${received}`,
    descr.at,
    "use .astype('float32')",
  );
}

/** The values of an array whose first axis runs fastest, with the last one running fastest. */
function rowMajor(values: Float32Array, axes: readonly number[]): Float32Array<ArrayBuffer> {
  const strides = axes.map((_, axis) => axes.slice(0, axis).reduce((product, length) => product * length, 1));
  const ordered = new Float32Array(values.length);
  const index = axes.map(() => 0);
  let from = 0;
  for (let to = 0; to < ordered.length; to += 1) {
    ordered[to] = values[from];
    // Counts up as an odometer does.
    for (let axis = axes.length - 1; axis >= 0; axis -= 1) {
      index[axis] += 1;
      from += strides[axis];
      if (index[axis] < axes[axis]) break;
      from -= strides[axis] * axes[axis];
      index[axis] = 0;
    }
  }
  return ordered;
}

function sizeOfShape({ shape }: NpyHeader, fail: Fail): number {
  let size = 1;
  for (const axis of shape.axes) {
    // Both factors are at most 2^31 here, so the product is exact before it is checked.
    size *= axis;
    if (axis <= MAX_SIZE && size <= MAX_SIZE) continue;
    fail(`expected at most 2^31 values but received the shape (${shape.axes.join(', ')})`, shape.at);
  }
  return size;
}
