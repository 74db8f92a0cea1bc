/**
 * JPEG to grey or to three planes. The pixels are decoded by jpeg-js, which trusts its input; what it gets has been walked before, by
 * jpeg-segments.ts.
 */
import { createRequire } from 'node:module';
import type { Refuse } from '../errors.js';
import { greyOfPixels, type Pixels, type Planes, planesOfPixels } from './colour.js';
import { readSegments } from './jpeg-segments.js';
import { isColour, maxPixels } from './limits.js';
import { orient } from './orientation.js';

/** jpeg-js counts what it allocates; this is enough for `maxPixels` in three colours of full size. */
const MAX_MEMORY_MB = 1536;

/**
 * The image is turned as an orientation in EXIF says. Bytes after its end are ignored.
 * @param fail refuses the file
 * @throws DataError naming the byte, where it is known
 */
export function decodeJpeg(fail: Refuse, bytes: Uint8Array, wanted: Planes): Pixels {
  const { width, height, rgb, orientation, end } = readSegments(fail, bytes);
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
    fail(`the JPEG data do not decode: ${text}`, undefined, { cause });
  }
  if (pixels.length !== 3 * width * height) fail(`expected ${width}x${height} pixels but received others`);
  let colour = false;
  for (let i = 0; i < pixels.length && !colour; i += 3) {
    colour = isColour(pixels[i], pixels[i + 1], pixels[i + 2], 255);
  }
  const planes = wanted === 1 ? greyOfPixels(pixels) : planesOfPixels(pixels);
  return orient({ width, height, planes, colour }, orientation);
}
