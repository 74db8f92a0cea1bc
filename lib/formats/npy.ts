/**
 * npy files: one array of NumPy. Eight bytes of magic and version, the length of the header, a header that is a Python
 * literal such as `{'descr': '<f4', 'fortran_order': False, 'shape': (6, 1, 5, 5), }`, then the values.
 *
 * Source: NEP 1 and the documentation of numpy.lib.format, versions 1.0 to 3.0.
 */
import { DataError } from '../errors.js';
import { Tensor } from '../tensor.js';
import { type NpyHeader, parseNpyHeader } from './npy-header.js';

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

/**
 * Reads an npy file of float32 or float64 (rounded to float32), in either order of bytes. The tensor is a copy.
 * @param where for messages: `npz: path: "name"`
 * @throws DataError, naming the byte, for other types (objects above all, which would be unpickled), column-major
 * arrays, values that are not finite in float32, a header that is damaged, and contents of another length than its shape
 */
export function decodeNpy(where: string, bytes: Uint8Array): Tensor {
  const fail = (text: string, at: number, hint = 'the file is damaged; get it again'): never => {
    throw new DataError(`${where}: ${text} at byte ${at}. Hint: ${hint}`);
  };
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
  const header = parseNpyHeader(where, bytes, headerBegin, begin);
  const size = checkHeader(header, fail);
  const width = Number(header.descr.text[2]);
  if (bytes.length - begin !== size * width) {
    fail(
      `expected ${size * width} bytes for the shape (${header.shape.axes.join(', ')}) ` +
        `but received ${bytes.length - begin}`,
      begin,
    );
  }
  const littleEndian = header.descr.text[0] === '<';
  const values = new Float32Array(size);
  for (let i = 0; i < size; i += 1) {
    const at = begin + i * width;
    const stored = width === 4 ? view.getFloat32(at, littleEndian) : view.getFloat64(at, littleEndian);
    values[i] = stored;
    if (Number.isFinite(values[i])) continue;
    fail(
      `expected finite float32 values but received ${stored} (index ${i})`,
      at,
      'the training that wrote it had diverged, or the file is damaged',
    );
  }
  return new Tensor(header.shape.axes, values);
}

/** Returns the number of values. */
function checkHeader(
  { descr, fortranOrder, shape }: NpyHeader,
  fail: (text: string, at: number, hint?: string) => never,
): number {
  if (descr.text.includes('O')) {
    fail('expected float32 but received objects', descr.at, 'they are pickled, which could run any program');
  }
  if (!/^[<>]f[48]$/.test(descr.text)) {
    const received = JSON.stringify(descr.text.slice(0, 80));
    fail(`expected float32 or float64 but received ${received}`, descr.at, "use .astype('float32')");
  }
  if (fortranOrder.value) {
    fail(
      'expected row-major order but received column-major',
      fortranOrder.at,
      'use numpy.ascontiguousarray',
    );
  }
  let size = 1;
  for (const axis of shape.axes) {
    // Both factors are at most 2^31 here, so the product is exact before it is checked.
    size *= axis;
    if (axis <= MAX_SIZE && size <= MAX_SIZE) continue;
    fail(`expected at most 2^31 values but received the shape (${shape.axes.join(', ')})`, shape.at);
  }
  return size;
}
