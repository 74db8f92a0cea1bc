/**
 * JPEG to grey. The pixels are decoded by jpeg-js, which trusts its input: the segments are walked first, so that what
 * is refused is refused with the byte, before memory is taken, and the work stays in proportion.
 * Source of the markers: ITU-T T.81, table B.1.
 */
import { createRequire } from 'node:module';
import { DataError } from '../errors.js';
import { type GreyImage, greyOverWhite, luma, maxPixels } from './limits.js';

const AGAIN = 'Hint: the file is damaged; save it again';
const OTHER_KIND = 'Hint: save it as a baseline or progressive JPEG, or as a PNG';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP14 = 0xee;
/** Baseline, extended and progressive; the others are lossless, hierarchical or arithmetic. */
const READABLE_FRAMES = [0xc0, 0xc1, 0xc2];
/** DHT, JPG and DAC stand among the numbers of the frames. */
const NOT_FRAMES = [0xc4, 0xc8, 0xcc];

/**
 * Pixels times scans. A progressive photograph has ten scans or so; a small file could ask for thousands, each of
 * which goes over the whole image.
 */
const MAX_WORK = 16 * maxPixels;
/** jpeg-js counts what it allocates; this is enough for `maxPixels` in three colours of full size. */
const MAX_MEMORY_MB = 1536;

interface Jpeg {
  readonly width: number;
  readonly height: number;
  /** The components are red, green and blue, as they are. */
  readonly rgb: boolean;
  /** Where the end-of-image marker ends. */
  readonly end: number;
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

/**
 * Bytes after the end of the image are ignored, and so is an orientation in EXIF.
 * @param where for messages: `images: path`
 * @throws DataError naming the byte, where it is known
 */
export function decodeJpeg(where: string, bytes: Uint8Array): GreyImage {
  const { width, height, rgb, end } = readSegments(where, bytes);
  // Loaded at the first JPEG: most runs never see one.
  const { decode } = createRequire(import.meta.url)('jpeg-js') as typeof import('jpeg-js');
  let pixels: Uint8Array;
  try {
    pixels = decode(bytes.subarray(0, end), {
      useTArray: true,
      formatAsRGBA: false,
      // What it tolerates is only a restart interval that ends after the last block, which is no error.
      tolerantDecoding: true,
      maxResolutionInMP: Math.ceil(maxPixels / 1e6),
      maxMemoryUsageInMB: MAX_MEMORY_MB,
      ...(rgb ? { colorTransform: false } : {}),
    }).data;
  } catch (cause) {
    // Whatever it is, the file made it fail: jpeg-js does not check all that it reads.
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${where}: the JPEG data do not decode: ${text}. ${AGAIN}`, { cause });
  }
  const grey = new Uint8Array(width * height);
  if (pixels.length !== 3 * grey.length) {
    throw new DataError(`${where}: expected ${width}x${height} pixels but received others. ${AGAIN}`);
  }
  for (let i = 0; i < grey.length; i += 1) {
    grey[i] = greyOverWhite(luma(pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]), 255, 255);
  }
  return { width, height, grey };
}

/** Goes from segment to segment to the end of the image. */
function readSegments(where: string, bytes: Uint8Array): Jpeg {
  const cut = (offset: number) =>
    new DataError(`${where}: expected a JPEG marker at byte ${offset} but the file ends there. ${AGAIN}`);
  let frame: Omit<Jpeg, 'end'> | undefined;
  let adobeRgb = false;
  let offset = 2;
  while (true) {
    if (offset + 2 > bytes.length) throw cut(bytes.length);
    if (bytes[offset] !== 0xff) {
      throw new DataError(
        `${where}: expected a JPEG marker at byte ${offset} but received ${bytes[offset]}. ${AGAIN}`,
      );
    }
    const marker = bytes[offset + 1];
    if (marker === 0xff) {
      offset += 1;
      continue;
    }
    if (marker === EOI) {
      if (frame === undefined)
        throw new DataError(`${where}: the JPEG ends at byte ${offset} without an image. ${AGAIN}`);
      return { ...frame, rgb: frame.rgb || adobeRgb, end: offset + 2 };
    }
    if (offset + 4 > bytes.length) throw cut(bytes.length);
    const length = 256 * bytes[offset + 2] + bytes[offset + 3];
    const end = offset + 2 + length;
    if (length < 2 || end > bytes.length) {
      throw new DataError(
        `${where}: the JPEG segment at byte ${offset} has a length of ${length}, which does not fit. ${AGAIN}`,
      );
    }
    const data = bytes.subarray(offset + 4, end);
    if (marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.includes(marker)) {
      if (frame !== undefined)
        throw new DataError(`${where}: a second image starts at byte ${offset}. ${OTHER_KIND}`);
      frame = readFrame(where, marker, data, offset);
      checkWork(where, bytes, frame);
    }
    if (marker === SOS && frame === undefined) {
      throw new DataError(
        `${where}: the pixels at byte ${offset} come before the size of the image. ${AGAIN}`,
      );
    }
    // "Adobe", version, flags, and the transform: 0 is none.
    if (
      marker === APP14 &&
      data.length >= 12 &&
      Buffer.from(data.subarray(0, 5)).toString('latin1') === 'Adobe'
    ) {
      adobeRgb = data[11] === 0;
    }
    offset = marker === SOS ? endOfScan(bytes, end) : end;
  }
}

/** The next marker after entropy-coded data, in which FF is followed by 00 or a restart marker. */
function endOfScan(bytes: Uint8Array, start: number): number {
  let offset = bytes.indexOf(0xff, start);
  while (offset >= 0 && offset + 1 < bytes.length) {
    const next = bytes[offset + 1];
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return offset;
    offset = bytes.indexOf(0xff, offset + 2);
  }
  return bytes.length;
}

function readFrame(where: string, marker: number, data: Uint8Array, offset: number): Omit<Jpeg, 'end'> {
  if (!READABLE_FRAMES.includes(marker)) {
    throw new DataError(
      `${where}: JPEGs of kind FF${marker.toString(16).toUpperCase()} (byte ${offset}) are not read. ${OTHER_KIND}`,
    );
  }
  const [precision, height1, height0, width1, width0, components] = data;
  if (data.length < 6 || data.length !== 6 + 3 * components) {
    throw new DataError(`${where}: the JPEG header at byte ${offset} has ${data.length} bytes. ${AGAIN}`);
  }
  if (precision !== 8 || ![1, 3, 4].includes(components)) {
    throw new DataError(
      `${where}: expected 8 bits and 1, 3 or 4 colours but received ${precision} bits and ${components} colours ` +
        `(byte ${offset + 4}). ${OTHER_KIND}`,
    );
  }
  const width = 256 * width1 + width0;
  const height = 256 * height1 + height0;
  if (width === 0 || height === 0 || width * height > maxPixels) {
    throw new DataError(
      `${where}: expected 1 to ${maxPixels} pixels but received ${width}x${height} (byte ${offset + 5}). ` +
        'Hint: make it smaller',
    );
  }
  for (let i = 6; i < data.length; i += 3) {
    const horizontal = data[i + 1] >> 4;
    const vertical = data[i + 1] & 15;
    if (horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4) {
      throw new DataError(
        `${where}: expected sampling factors from 1 to 4 but received ${horizontal}x${vertical} ` +
          `(byte ${offset + 4 + i + 1}). ${AGAIN}`,
      );
    }
  }
  const names = String.fromCharCode(...data.subarray(6).filter((_, i) => i % 3 === 0));
  return { width, height, rgb: names === 'RGB' };
}

/** Counts what looks like the start of a scan anywhere, since jpeg-js may see one where a strict reader does not. */
function checkWork(where: string, bytes: Uint8Array, { width, height }: Omit<Jpeg, 'end'>): void {
  let scans = 0;
  for (let i = bytes.indexOf(0xff); i >= 0; i = bytes.indexOf(0xff, i + 1)) {
    if (bytes[i + 1] === SOS) scans += 1;
  }
  if (scans * width * height <= MAX_WORK) return;
  throw new DataError(
    `${where}: expected at most ${Math.floor(MAX_WORK / (width * height))} scans of ${width}x${height} pixels but ` +
      `received ${scans}. Hint: save it as a baseline JPEG`,
  );
}
