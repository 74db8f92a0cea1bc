/** How pictures get the size that a net takes, whatever they are read from. */
import { ArgumentRangeError, DataError } from '../errors.js';
import { type Picture, type Planes, planesOf } from '../images/colour.js';
import { newBytes } from '../tensor.js';
import { createResizer, type ResizeMethod, type Resizer } from './resize.js';
import type { ImageSize } from './scale.js';

/** Height and width. */
export type HeightWidth = readonly [height: number, width: number];

/**
 * How the pictures of a data set were prepared. A training keeps it, so that later pictures are prepared as its own
 * were: those of another size than `from` are first brought to it, as by `fit`.
 */
export interface PicturePreparation {
  readonly resize: ResizeMethod;
  /** Height and width of the result. */
  readonly size: HeightWidth;
  /** Height and width that all pictures of the training had; absent where they had several sizes. */
  readonly from?: HeightWidth;
  /** Three channels, red, green and blue; absent for grey. */
  readonly colour?: boolean;
}

/** What is asked of a data set's pictures before any of them has been seen. */
export interface PreparationRequest {
  /** Undefined: chosen by the sizes of the pictures. */
  readonly resize: ResizeMethod | undefined;
  /** What is chosen for pictures that have one size and fit in. */
  readonly fitting: 'pad' | 'bilinear';
  readonly size: HeightWidth;
  /** Undefined: as data of the kind usually is. */
  readonly colour: boolean | undefined;
}

/** Resized images of one part; the largest array that the addon's kernels index. */
const MAX_IMAGE_BYTES = 2 ** 31;

/**
 * The preparation of a data set.
 * @param from the size of its pictures; undefined if they have several
 */
export function choosePreparation(
  { resize, fitting, size, colour }: PreparationRequest,
  from: ImageSize | undefined,
): PicturePreparation {
  const inColour = colour ? { colour } : {};
  if (from === undefined) return { resize: resize ?? 'fit', size, ...inColour };
  const fits = from.height <= size[0] && from.width <= size[1];
  const chosen = resize ?? (fits ? fitting : 'fit');
  const original: HeightWidth = [from.height, from.width];
  return { resize: chosen, size: chosen === 'none' ? original : size, from: original, ...inColour };
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

/**
 * A resizer for pictures of one size, which need not be that of the training's. Each plane of a picture is resized by itself.
 * Throws as `resizerFor`.
 */
export function pictureResizer(where: string, preparation: PicturePreparation, picture: ImageSize): Resizer {
  const { resize, size, from } = preparation;
  const to = imageSize(size);
  if (from === undefined || (picture.height === from[0] && picture.width === from[1])) {
    return resizerFor(where, resize, picture, to);
  }
  if (resize === 'fit') return resizerFor(where, 'fit', picture, to);
  if (resize === 'bilinear' || resize === 'stretch') return resizerFor(where, 'stretch', picture, to);
  const original = imageSize(from);
  const first = resizerFor(where, 'fit', picture, original);
  const second = resizerFor(where, resize, original, to);
  const between = new Uint8Array(original.height * original.width);
  const [pixels, results] = [picture.height * picture.width, to.height * to.width];
  return (source, target) => {
    for (let i = 0; i * pixels < source.length; i += 1) {
      first(source.subarray(i * pixels, (i + 1) * pixels), between);
      second(between, target.subarray(i * results, (i + 1) * results));
    }
  };
}

/** Channels of pictures that were prepared so. */
export function channelsOf({ colour }: Pick<PicturePreparation, 'colour'>): Planes {
  return colour ? 3 : 1;
}

/**
 * One picture, prepared as those of a training were: `size[0] * size[1]` bytes for each of its planes.
 * @param where for messages: `images: path`
 * @throws DataError if it cannot be brought to that size
 */
export function preparePicture(where: string, picture: Picture, preparation: PicturePreparation): Uint8Array {
  const { width, height } = picture;
  const planes = planesOf(picture);
  const resizer = pictureResizer(`${where}: an image of ${height}x${width}`, preparation, picture);
  const count = planes.length / (width * height);
  const pixels = new Uint8Array(count * preparation.size[0] * preparation.size[1]);
  resizer(planes, pixels);
  return pixels;
}

export function imageSize([height, width]: HeightWidth): ImageSize {
  return { height, width };
}

/** Room for `count` images, all 0. */
export function allocateImages(
  count: number,
  preparation: Pick<PicturePreparation, 'size' | 'colour'>,
): Uint8Array {
  const [height, width] = preparation.size;
  const bytes = count * channelsOf(preparation) * height * width;
  if (bytes <= MAX_IMAGE_BYTES) return newBytes('loadDataset', bytes);
  throw new ArgumentRangeError(
    `loadDataset: expected at most ${MAX_IMAGE_BYTES} bytes of images but received ${count} of ${height}x${width}. ` +
      'Hint: choose a smaller size or limit',
  );
}
