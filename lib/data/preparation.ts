/** How the images of a data set get their size, whatever they are read from. */
import { ArgumentRangeError, DataError } from '../errors.js';
import { createResizer, type ImageSize, type Resizer, type ResizeMethod } from './resize.js';

export interface Preparation {
  readonly resize: ResizeMethod;
  /** Height and width; without effect for `none`. */
  readonly size: number;
  /** Only so many images of a split. */
  readonly limit: number;
}

/** Resized images of one part; the largest array that the addon's kernels index. */
const MAX_IMAGE_BYTES = 2 ** 31;

/** The size of all images, from that of the originals. */
export function preparedSize({ resize, size }: Preparation, original: ImageSize): ImageSize {
  return resize === 'none' ? original : { height: size, width: size };
}

/**
 * @param where what has images of a size that does not fit: `idx: path: images of 40x40 (byte 8)`
 * @throws DataError if images of this size cannot be brought to the other
 */
export function resizerFor(where: string, method: ResizeMethod, from: ImageSize, to: ImageSize): Resizer {
  try {
    return createResizer(method, from, to);
  } catch (error) {
    if (!(error instanceof ArgumentRangeError)) throw error;
    throw new DataError(`${where}: ${error.message}`, { cause: error });
  }
}

/** Room for `count` images, all 0. */
export function allocateImages(count: number, { height, width }: ImageSize): Uint8Array {
  const bytes = count * height * width;
  if (bytes <= MAX_IMAGE_BYTES) return new Uint8Array(bytes);
  throw new ArgumentRangeError(
    `loadDataset: expected at most ${MAX_IMAGE_BYTES} bytes of images but received ${count} of ${height}x${width}. ` +
      'Hint: choose a smaller size or limit',
  );
}
