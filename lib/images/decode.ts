/** Pixels of image files, told apart by their first bytes. */
import { ArgumentTypeError, type Refuse, refusing } from '../errors.js';
import { readRegularFile } from '../files.js';
import { typedArrayName, typeName } from '../tensor.js';
import type { ColourImage, Pixels, Planes } from './colour.js';
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
  const { width, height, planes, colour } = decode('decodeImage', bytes, where, 1);
  return { width, height, grey: planes, ...(colour ? { colour } : {}) };
}

/**
 * The same in colour: planes of reds, greens and blues; a grey file gives three equal ones. What is transparent is laid
 * over the same paper as by `decodeImage`, which throws the same.
 */
export function decodeColourImage(bytes: Uint8Array, where = 'decodeColourImage'): ColourImage {
  const { width, height, planes, colour } = decode('decodeColourImage', bytes, where, 3);
  return { width, height, rgb: planes, ...(colour ? { colour } : {}) };
}

/** @param caller for messages about what is no file at all */
function decode(caller: string, bytes: Uint8Array, where: string, wanted: Planes): Pixels {
  checkBytes(caller, bytes, where);
  const fail: Refuse = refusing(where, 'the file is damaged; save it again');
  if (bytes.length > maxFileBytes) {
    fail(`expected at most ${maxFileBytes} bytes but received ${bytes.length}`, LARGE);
  }
  if (isPng(bytes)) return decodePng(fail, bytes, wanted);
  if (isJpeg(bytes)) return decodeJpeg(fail, bytes, wanted);
  const { name, hint } = foreignFormat(bytes) ?? unknownFormat(bytes);
  return fail(`expected a PNG or JPEG but received ${name}`, hint);
}

function checkBytes(caller: string, bytes: unknown, where: unknown): void {
  if (typedArrayName(bytes) === 'Uint8Array' && typeof where === 'string') return;
  const [expected, received] =
    typeof where === 'string'
      ? ['the bytes of an image as a Uint8Array', bytes]
      : ['a text that says where they are from', where];
  throw new ArgumentTypeError(`${caller}: expected ${expected} but received ${typeName(received)}`);
}

function unknownFormat(bytes: Uint8Array) {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  const name = bytes.length === 0 ? 'an empty file' : `a file that starts with ${start}`;
  return { name, hint: 'save it as a PNG' };
}

/** The bytes of an image file, for who needs them besides the pixels. */
export function readImageFile(path: string): Uint8Array {
  return readRegularFile('images', path, maxFileBytes, LARGE);
}
