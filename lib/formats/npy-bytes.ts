/** npy files of whole numbers from 0 to 255, as pixels and labels are stored. */
import { countNpyValues, openNpy } from './npy.js';

export interface ByteArray {
  readonly shape: readonly number[];
  /** Row-major. A view of the file where that holds bytes. */
  readonly data: Uint8Array;
}

const INTEGERS = /^(?:[|<>=][iu]1|[<>][iu][248])$/;

/**
 * Reads an npy file of integers of any width, each from 0 to 255, row-major.
 * @param where for messages: `npz: path: "name"`
 * @throws DataError, naming the byte, for other types (objects above all, which would be unpickled) and values,
 * column-major arrays of several axes, and a file that is damaged
 */
export function decodeNpyBytes(where: string, bytes: Uint8Array): ByteArray {
  const open = openNpy(where, bytes);
  const { header, view, begin, fail } = open;
  const { text: descr, at } = header.descr;
  if (!INTEGERS.test(descr)) {
    const hint = descr.includes('O')
      ? 'objects are pickled, which could run any program'
      : "pixels and labels are numbers from 0 to 255: use .astype('uint8')";
    fail(`expected integers but received ${JSON.stringify(descr.slice(0, 80))}`, at, hint);
  }
  const { axes } = header.shape;
  if (header.fortranOrder.value && axes.filter((axis) => axis > 1).length > 1) {
    fail(
      'expected row-major order but received column-major',
      header.fortranOrder.at,
      'use numpy.ascontiguousarray',
    );
  }
  const width = Number(descr[2]);
  const count = countNpyValues(open, width);
  const signed = descr[1] === 'i';
  if (width === 1 && !signed) return { shape: axes, data: bytes.subarray(begin) };
  const littleEndian = descr[0] !== '>';
  const read = reader(view, width, signed, littleEndian);
  const data = new Uint8Array(count);
  for (let i = 0; i < count; i += 1) {
    const value = read(begin + i * width);
    if (value < 0 || value > 255) {
      const hint = 'pixels and labels are numbers from 0 to 255';
      fail(`expected a number from 0 to 255 but received ${value} (index ${i})`, begin + i * width, hint);
    }
    data[i] = Number(value);
  }
  return { shape: axes, data };
}

function reader(
  view: DataView,
  width: number,
  signed: boolean,
  littleEndian: boolean,
): (at: number) => number | bigint {
  if (width === 1) return (at) => view.getInt8(at);
  if (width === 2)
    return (at) => (signed ? view.getInt16(at, littleEndian) : view.getUint16(at, littleEndian));
  if (width === 4)
    return (at) => (signed ? view.getInt32(at, littleEndian) : view.getUint32(at, littleEndian));
  return (at) => (signed ? view.getBigInt64(at, littleEndian) : view.getBigUint64(at, littleEndian));
}
