/** What images may be, and how their colours become grey. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { typedArrayName, typeName, valueText } from '../tensor.js';

/** Grey levels, 0 black to 255 white, row by row. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
  /** Whether some pixel was in colour; absent for false. */
  readonly colour?: boolean;
}

/**
 * @param where for messages: what reads the image
 * @throws {ArgumentTypeError} for what is no image
 * @throws {ArgumentRangeError} for a size that is not that of the grey levels
 */
export function checkGreyImage(where: string, image: GreyImage): void {
  if (typeof image !== 'object' || image === null || typedArrayName(image.grey) !== 'Uint8Array') {
    throw new ArgumentTypeError(
      `${where}: expected an image { width, height, grey }, grey as a Uint8Array, but received ${typeName(image)}. ` +
        'Hint: decodeImage(bytes) makes one of a PNG or JPEG file',
    );
  }
  const { width, height, grey } = image;
  const isSide = (side: unknown) => Number.isInteger(side) && Number(side) >= 1;
  if (isSide(width) && isSide(height) && grey.length === width * height) return;
  throw new ArgumentRangeError(
    `${where}: expected ${valueText(width)}x${valueText(height)} grey levels but received ${grey.length}. Hint: one byte a pixel`,
  );
}

/** Red, green and blue of a grey pixel lie no further apart, as a share of white: JPEG rounds. */
const greySpread = 0.1;

/** @param max the largest sample */
export function isColour(red: number, green: number, blue: number, max: number): boolean {
  return Math.max(red, green, blue) - Math.min(red, green, blue) > greySpread * max;
}

/** Pixels of an image: more than any camera's photograph, and no more memory than decoding it may take. */
export const maxPixels = 64 * 2 ** 20;
/** Bytes of a file: an image of so many pixels takes less, unless it is packed badly. */
export const maxFileBytes = 256 * 2 ** 20;

/** Rec. 601 luma of a colour, times 1000. */
export function luma(red: number, green: number, blue: number): number {
  return 299 * red + 587 * green + 114 * blue;
}

/**
 * A grey level of 8 bits, rounded once: a luma (times 1000) over paper, as much of it as alpha says.
 * Exact: the products stay below 2^53 for samples of 16 bits.
 * @param max the largest sample: 255 for samples of 8 bits
 * @param paper 0 or 255
 */
export function greyOver(luma1000: number, alpha: number, max: number, paper: number): number {
  const white = 1000 * max;
  const behind = paper === 0 ? 0 : white * (max - alpha);
  return Math.round((255 * (luma1000 * alpha + behind)) / (white * max));
}
