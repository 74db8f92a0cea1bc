/** Grey pixels of image files, told apart by their first bytes. */
import { ArgumentTypeError, DataError } from '../errors.js';
import { readRegularFile } from '../files.js';
import { typedArrayName, typeName } from '../tensor.js';
import { foreignFormat } from './foreign.js';
import { decodeJpeg } from './jpeg.js';
import { isJpeg } from './jpeg-segments.js';
import { type GreyImage, maxFileBytes } from './limits.js';
import { decodePng, isPng } from './png.js';

const LARGE = 'make the image smaller';

/**
 * Decodes a PNG (any depth and colour type) or a JPEG (baseline or progressive). Colours become Rec. 601 luma. What is
 * transparent is laid over white, or over black where the opaque pixels are of one light colour.
 *
 * ```js
 * const { width, height, grey } = decodeImage(readFileSync('digit.png'));
 * ```
 * @param where for messages, the path with what reads it: `images: path`
 * @throws DataError if it is neither, naming what it is, is damaged, or has more than 64 Mi pixels; it names the byte where it
 * is known
 */
export function decodeImage(bytes: Uint8Array, where = 'decodeImage'): GreyImage {
  checkBytes(bytes, where);
  if (bytes.length > maxFileBytes) {
    throw new DataError(
      `${where}: expected at most ${maxFileBytes} bytes but received ${bytes.length}. Hint: ${LARGE}`,
    );
  }
  if (isPng(bytes)) return decodePng(where, bytes);
  if (isJpeg(bytes)) return decodeJpeg(where, bytes);
  throw notRead(where, bytes);
}

function checkBytes(bytes: unknown, where: unknown): void {
  if (typedArrayName(bytes) === 'Uint8Array' && typeof where === 'string') return;
  const [expected, received] =
    typeof where === 'string'
      ? ['the bytes of an image as a Uint8Array', bytes]
      : ['a text that says where they are from', where];
  throw new ArgumentTypeError(`decodeImage: expected ${expected} but received ${typeName(received)}`);
}

function notRead(where: string, bytes: Uint8Array): DataError {
  const format = foreignFormat(bytes);
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  const received =
    format?.name ?? (bytes.length === 0 ? 'an empty file' : `a file that starts with ${start}`);
  const hint = format?.hint ?? 'save it as a PNG';
  return new DataError(`${where}: expected a PNG or JPEG but received ${received}. Hint: ${hint}`);
}

/** The bytes of an image file, for who needs them besides the pixels. */
export function readImageFile(path: string): Uint8Array {
  return readRegularFile('images', path, maxFileBytes, LARGE);
}

/**
 * Reads an image file.
 * @throws DataError as decodeImage does, and if the file cannot be read
 */
export function readImage(path: string): GreyImage {
  return decodeImage(readImageFile(path), `images: ${path}`);
}
