/** Pictures of one plane, which is grey, or of three: reds, greens and blues. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { typedArrayName, typeName, valueText } from '../tensor.js';
import { checkGreyImage, type GreyImage, greyOver, luma } from './limits.js';

/** A picture in colour: all reds row by row, then all greens, then all blues, 0 to 255 each. */
export interface ColourImage {
  readonly width: number;
  readonly height: number;
  /** `3 * width * height` bytes. */
  readonly rgb: Uint8Array;
  /** Whether some pixel was in colour, and not grey; absent for false. */
  readonly colour?: boolean;
}

/** Grey or in colour. */
export type Picture = GreyImage | ColourImage;

/** Planes of a picture: 1 is grey. */
export type Planes = 1 | 3;

/** What a decoder makes of a file: as many planes as it was asked for. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** One plane after another. */
  readonly planes: Uint8Array;
  readonly colour: boolean;
}

export function isColourImage(picture: Picture): picture is ColourImage {
  return 'rgb' in picture;
}

/** The bytes of a picture, one plane after another. */
export function planesOf(picture: Picture): Uint8Array {
  return isColourImage(picture) ? picture.rgb : picture.grey;
}

/** A picture of another size, or with other bytes, of as many planes as `picture`. */
export function withPlanes(picture: Picture, { width, height, planes }: Omit<Pixels, 'colour'>): Picture {
  const size = { ...picture, width, height };
  return isColourImage(picture) ? { ...size, rgb: planes } : ({ ...size, grey: planes } as GreyImage);
}

/** Grey as it is; colours as Rec. 601 luma. */
export function asGrey(picture: Picture): GreyImage {
  if (!isColourImage(picture)) return picture;
  const { width, height, rgb } = picture;
  return { width, height, grey: greyOfPlanes(rgb) };
}

/** In colour as it is; grey as three equal planes. */
export function asColour(picture: Picture): ColourImage {
  if (isColourImage(picture)) return picture;
  const { width, height, grey } = picture;
  const rgb = new Uint8Array(3 * grey.length);
  for (let plane = 0; plane < 3; plane += 1) rgb.set(grey, plane * grey.length);
  return { width, height, rgb };
}

/** Rec. 601 luma of planes of reds, greens and blues. */
export function greyOfPlanes(rgb: Uint8Array): Uint8Array {
  return greyOf(rgb, 1, rgb.length / 3);
}

/** Rec. 601 luma of three bytes a pixel. */
export function greyOfPixels(pixels: Uint8Array): Uint8Array {
  return greyOf(pixels, 3, 1);
}

function greyOf(rgb: Uint8Array, pixelStep: number, planeStep: number): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < grey.length; i += 1) {
    const at = i * pixelStep;
    grey[i] = greyOver(luma(rgb[at], rgb[at + planeStep], rgb[at + 2 * planeStep]), 255, 255, 255);
  }
  return grey;
}

/** Three bytes a pixel as three planes. */
export function planesOfPixels(pixels: Uint8Array): Uint8Array {
  const area = pixels.length / 3;
  const planes = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 1) planes[(i % 3) * area + Math.floor(i / 3)] = pixels[i];
  return planes;
}

/** Planes as the bytes of one pixel after another, which PNG files have; one plane as it is. */
export function pixelsOfPlanes(planes: Uint8Array, area: number): Uint8Array {
  const count = planes.length / area;
  if (count === 1) return planes;
  return Uint8Array.from(planes, (_, i) => planes[(i % count) * area + Math.floor(i / count)]);
}

/**
 * @param where for messages: what reads the picture
 * @throws {ArgumentTypeError} for what is no picture
 * @throws {ArgumentRangeError} for a size that is not that of the bytes
 */
export function checkPicture(where: string, picture: Picture): void {
  if (typeof picture !== 'object' || picture === null || !('rgb' in picture)) {
    checkGreyImage(where, picture);
    return;
  }
  const { width, height, rgb } = picture;
  if (typedArrayName(rgb) !== 'Uint8Array') {
    throw new ArgumentTypeError(
      `${where}: expected an image { width, height, rgb }, rgb as a Uint8Array, but received rgb of type ` +
        `${typeName(rgb)}. Hint: decodeColourImage(bytes) makes one of a PNG or JPEG file`,
    );
  }
  const isSide = (side: unknown) => Number.isInteger(side) && Number(side) >= 1;
  if (isSide(width) && isSide(height) && rgb.length === 3 * width * height) return;
  throw new ArgumentRangeError(
    `${where}: expected reds, greens and blues of ${valueText(width)}x${valueText(height)} but received ` +
      `${rgb.length} bytes. Hint: three bytes a pixel, all reds first`,
  );
}
