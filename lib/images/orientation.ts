/**
 * Which way up a photograph is shown. Cameras store pixels as the sensor lies, and say in EXIF how it was held.
 * Source: CIPA DC-008, Exif 2.32, tag 0x0112.
 */
import type { Pixels } from './colour.js';

/** What is stored as row 0 and as column 0 is shown at: */
export type Orientation =
  | 1 // top, left
  | 2 // top, right
  | 3 // bottom, right
  | 4 // bottom, left
  | 5 // left, top
  | 6 // right, top
  | 7 // right, bottom
  | 8; // left, bottom

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;

/**
 * The orientation in an EXIF block, which starts with a TIFF header; 1 where there is none, and where it makes no
 * sense: the pixels are sound all the same.
 */
export function orientationOf(exif: Uint8Array): Orientation {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 8) return 1;
  const order = view.getUint16(0);
  const littleEndian = order === 0x4949;
  if ((!littleEndian && order !== 0x4d4d) || view.getUint16(2, littleEndian) !== 42) return 1;
  const directory = view.getUint32(4, littleEndian);
  if (directory + 2 > exif.length) return 1;
  const entries = view.getUint16(directory, littleEndian);
  for (let i = 0; i < entries; i += 1) {
    const at = directory + 2 + i * ENTRY_BYTES;
    if (at + ENTRY_BYTES > exif.length) return 1;
    if (view.getUint16(at, littleEndian) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(at + 8, littleEndian);
    const isNumber =
      view.getUint16(at + 2, littleEndian) === SHORT && view.getUint32(at + 4, littleEndian) === 1;
    return isNumber && value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/** The image as it is shown; from 5 on its sides change places. */
export function orient(image: Pixels, orientation: Orientation): Pixels {
  if (orientation === 1) return image;
  const { width, height, planes } = image;
  const [shownWidth, shownHeight] = orientation < 5 ? [width, height] : [height, width];
  // Where the pixel at the top left comes from, and the ways to its neighbours at the right and below.
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  const start = (fromRight ? width - 1 : 0) + (fromBottom ? height - 1 : 0) * width;
  const column = fromRight ? -1 : 1;
  const row = fromBottom ? -width : width;
  const [right, below] = orientation < 5 ? [column, row] : [row, column];
  const shown = new Uint8Array(planes.length);
  for (let plane = 0; plane < planes.length; plane += width * height) {
    for (let y = 0; y < shownHeight; y += 1) {
      for (let x = 0; x < shownWidth; x += 1) {
        shown[plane + y * shownWidth + x] = planes[plane + start + y * below + x * right];
      }
    }
  }
  return { ...image, width: shownWidth, height: shownHeight, planes: shown };
}
