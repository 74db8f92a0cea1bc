/** Image files made by hand, chunk by chunk and segment by segment, so that each can be wrong in one place. */
import { crc32, deflateSync } from 'node:zlib';
import { decodeImage } from '../../../lib/images/decode.js';
import { refusal } from '../../support/misuse.js';

export const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

export function chunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  readonly type?: number;
  readonly interlace?: number;
  /** Whole rows, with their filter byte, unpacked. */
  readonly rows: Uint8Array;
  /** Between IHDR and IDAT. */
  readonly before?: readonly Buffer[];
}

export function header({
  width,
  height,
  depth = 8,
  type = 0,
  interlace = 0,
}: Omit<PngParts, 'rows'>): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, type, 0, 0, interlace], 8);
  return chunk('IHDR', data);
}

export function pngFile(parts: PngParts): Buffer {
  return Buffer.concat([
    signature,
    header(parts),
    ...(parts.before ?? []),
    chunk('IDAT', deflateSync(parts.rows)),
    chunk('IEND'),
  ]);
}

/** An image of 8-bit grey levels. */
export function greyPng(width: number, height: number, grey: ArrayLike<number>): Buffer {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = grey[y * width + x];
  }
  return pngFile({ width, height, rows });
}

/** A segment of a JPEG: marker, length, data. */
export function segment(marker: number, data: Uint8Array): Buffer {
  const length = data.length + 2;
  return Buffer.concat([Buffer.of(0xff, marker, length >> 8, length & 255), data]);
}

/** Why `images: x`, a file of these bytes, is refused. */
export function refuse(bytes: Uint8Array): string {
  return refusal(() => decodeImage(bytes, 'images: x'));
}
