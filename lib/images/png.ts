/**
 * PNG to grey or to three planes. A reader of our own over node:zlib: every length is checked against the header before memory is taken,
 * checksums count, and an error names the byte.
 * Source: Portable Network Graphics (PNG) Specification, third edition, W3C.
 */
import zlib, { inflateSync } from 'node:zlib';
import type { Refuse } from '../errors.js';
import type { Pixels, Planes } from './colour.js';
import { greyOver, maxPixels } from './limits.js';
import { type Chunk, colourType, type PixelReader, pixelReader } from './png-colours.js';
import { PaperChooser } from './transparency.js';

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

const { GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA } = colourType;

/** Samples of a pixel and the depths that may be, by colour type. */
const COLOUR_TYPES = new Map<number, { channels: number; depths: readonly number[] }>([
  [GREY, { channels: 1, depths: [1, 2, 4, 8, 16] }],
  [COLOUR, { channels: 3, depths: [8, 16] }],
  [PALETTE, { channels: 1, depths: [1, 2, 4, 8] }],
  [GREY_ALPHA, { channels: 2, depths: [8, 16] }],
  [COLOUR_ALPHA, { channels: 4, depths: [8, 16] }],
]);

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly type: number;
  readonly channels: number;
  readonly interlaced: boolean;
}

/** Of the chunks that count; of a palette and of transparency the first one does. */
interface Contents {
  readonly header: Header;
  readonly palette: Chunk | undefined;
  readonly transparency: Chunk | undefined;
  /** Of all IDAT chunks. */
  readonly packed: Uint8Array;
}

/** A part of the image that is packed on its own: the whole, or every so many pixels of it. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly width: number;
  readonly height: number;
}

/** Adam7: first column, first row, and the steps between columns and rows. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Transparent pixels are laid over the paper that PaperChooser finds. Bytes after the end of the image are ignored.
 * @param fail refuses the file
 * @throws DataError naming the byte, where it is known
 */
export function decodePng(fail: Refuse, bytes: Uint8Array, wanted: Planes): Pixels {
  const { header, palette, transparency, packed } = readChunks(fail, bytes);
  const reader = pixelReader(fail, header, palette, transparency);
  const { alpha, luma1000, max } = reader;
  const passes = passesOf(header);
  const rows = inflate(fail, packed, passes, header);
  unfilterPasses(fail, rows, passes, header);
  const paper = alpha === undefined ? 255 : paperOf(rows, passes, header, reader);
  const { width, height } = header;
  const area = width * height;
  const planes = new Uint8Array(wanted * area);
  forEachPixel(rows, passes, header, (samples, index, at) => {
    const opacity = alpha?.(samples, index) ?? max;
    const level = luma1000(samples, index);
    if (wanted === 1) {
      planes[at] = greyOver(level, opacity, max, paper);
      return;
    }
    for (let plane = 0; plane < 3; plane += 1) {
      const sample = 1000 * reader.sample(samples, index, plane);
      planes[plane * area + at] = greyOver(sample, opacity, max, paper);
    }
  });
  return { width, height, planes, colour: reader.sawColour() };
}

function paperOf(
  rows: Uint8Array,
  passes: readonly Pass[],
  header: Header,
  { alpha, luma1000, max }: PixelReader,
): number {
  const chooser = new PaperChooser();
  forEachPixel(rows, passes, header, (samples, index) => {
    chooser.see(luma1000(samples, index) / 1000 / max, (alpha?.(samples, index) ?? max) / max);
  });
  return chooser.paper();
}

/**
 * What the chunks up to IEND hold, each of them whole and with the right checksum. Chunks themselves are not kept: a
 * file may have millions of empty ones.
 */
function readChunks(fail: Refuse, bytes: Uint8Array): Contents {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed = new Uint8Array(bytes.length);
  const cut = (at: number) =>
    fail(`the chunk at byte ${at} goes past the end of the file (${bytes.length} bytes)`);
  let packedBytes = 0;
  let header: Header | undefined;
  let palette: Chunk | undefined;
  let transparency: Chunk | undefined;
  let offset = SIGNATURE.length;
  while (true) {
    if (offset + 12 > bytes.length) cut(offset);
    const length = view.getUint32(offset);
    if (length > bytes.length - offset - 12) cut(offset);
    const end = offset + 8 + length;
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const stored = view.getUint32(end);
    const actual = zlib.crc32(bytes.subarray(offset + 4, end));
    if (stored !== actual) {
      fail(`the checksum at byte ${end} is ${stored}, but that of its chunk is ${actual}`);
    }
    const chunk = { type, offset, data: bytes.subarray(offset + 8, end) };
    header ??= readHeader(fail, chunk);
    if (type === 'IEND') return { header, palette, transparency, packed: packed.subarray(0, packedBytes) };
    if (type === 'IDAT') {
      packed.set(chunk.data, packedBytes);
      packedBytes += length;
    } else if (type === 'PLTE') palette ??= chunk;
    else if (type === 'tRNS') transparency ??= chunk;
    // A capital letter in front: the image cannot be shown without it.
    else if (type !== 'IHDR' && /^[A-Z]/.test(type)) {
      fail(`expected a known chunk at byte ${offset} but received ${JSON.stringify(type)}`);
    }
    offset = end + 4;
  }
}

function readHeader(fail: Refuse, { type: name, data }: Chunk): Header {
  if (name !== 'IHDR' || data.length !== 13) {
    fail(`expected an IHDR of 13 bytes at byte 8 but received ${JSON.stringify(name)} of ${data.length}`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const [depth, type, compression, filter, interlace] = data.subarray(8);
  if (width === 0 || height === 0 || width * height > maxPixels) {
    fail(`expected 1 to ${maxPixels} pixels but received ${width}x${height} (byte 16)`, 'make it smaller');
  }
  const colour = COLOUR_TYPES.get(type);
  if (colour === undefined || !colour.depths.includes(depth)) {
    fail(`there is no PNG of depth ${depth} and colour type ${type} (byte 24)`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    fail(
      `expected compression 0, filters 0 and interlacing 0 or 1 (byte 26) but received ${compression}, ` +
        `${filter} and ${interlace}`,
    );
  }
  return { width, height, depth, type, channels: colour.channels, interlaced: interlace === 1 };
}

function passesOf({ width, height, interlaced }: Header): Pass[] {
  if (!interlaced) return [{ x: 0, y: 0, stepX: 1, stepY: 1, width, height }];
  return ADAM7.map(([x, y, stepX, stepY]) => ({
    x,
    y,
    stepX,
    stepY,
    width: Math.ceil((width - x) / stepX),
    height: Math.ceil((height - y) / stepY),
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Bytes of a row, without the filter's. */
function rowBytes(width: number, { depth, channels }: Header): number {
  return Math.ceil((width * channels * depth) / 8);
}

/** Exactly the bytes that the header promises. */
function inflate(fail: Refuse, packed: Uint8Array, passes: readonly Pass[], header: Header): Uint8Array {
  const promised = passes.reduce((sum, { width, height }) => sum + height * (1 + rowBytes(width, header)), 0);
  let samples: Uint8Array;
  try {
    samples = inflateSync(packed, { maxOutputLength: promised, chunkSize: promised + 64 });
  } catch (cause) {
    // Told by its code: an error of zlib is no Error of this realm where a test runner has one of its own.
    const { code, message } = Object(cause) as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    const text = code === 'ERR_BUFFER_TOO_LARGE' ? `they hold more than ${promised} bytes` : message;
    return fail(`the image data (IDAT) do not unpack: ${text}`, undefined, { cause });
  }
  if (samples.length === promised) return samples;
  return fail(`header promises ${promised} bytes, the image data (IDAT) hold ${samples.length}`);
}

/** Takes back the filters of all rows, in place. */
function unfilterPasses(fail: Refuse, bytes: Uint8Array, passes: readonly Pass[], header: Header): void {
  const pixelBytes = Math.max(1, (header.channels * header.depth) / 8);
  let position = 0;
  for (const { width, height } of passes) {
    const length = rowBytes(width, header);
    let above: Uint8Array = new Uint8Array(length);
    for (let y = 0; y < height; y += 1) {
      const filter = bytes[position];
      const row = bytes.subarray(position + 1, position + 1 + length);
      if (filter > 4) fail(`expected a filter from 0 to 4 in row ${y} but received ${filter}`);
      unfilter(filter, row, above, pixelBytes);
      above = row;
      position += 1 + length;
    }
  }
}

/** Visits all pixels of rows without filters: the samples of a row, the pixel's first of them, its place in the image. */
function forEachPixel(
  bytes: Uint8Array,
  passes: readonly Pass[],
  header: Header,
  visit: (samples: Uint16Array, index: number, at: number) => void,
): void {
  const { depth, channels } = header;
  let position = 0;
  for (const pass of passes) {
    const length = rowBytes(pass.width, header);
    const samples = new Uint16Array(pass.width * channels);
    for (let y = 0; y < pass.height; y += 1) {
      unpackSamples(bytes.subarray(position + 1, position + 1 + length), depth, samples);
      const first = (pass.y + y * pass.stepY) * header.width + pass.x;
      for (let x = 0; x < pass.width; x += 1) visit(samples, x * channels, first + x * pass.stepX);
      position += 1 + length;
    }
  }
}

function unfilter(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  if (filter === 0) return;
  for (let i = 0; i < row.length; i += 1) {
    const left = i < pixelBytes ? 0 : row[i - pixelBytes];
    const up = above[i];
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += up;
    else if (filter === 3) row[i] += (left + up) >> 1;
    else row[i] += paeth(left, up, i < pixelBytes ? 0 : above[i - pixelBytes]);
  }
}

/** Which of the three neighbours is nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Big-endian samples of 1 to 16 bits. */
function unpackSamples(row: Uint8Array, depth: number, samples: Uint16Array): void {
  if (depth === 16) {
    for (let i = 0; i < samples.length; i += 1) samples[i] = 256 * row[2 * i] + row[2 * i + 1];
    return;
  }
  const mask = 2 ** depth - 1;
  for (let i = 0; i < samples.length; i += 1) {
    const bit = i * depth;
    samples[i] = (row[bit >> 3] >> (8 - depth - (bit & 7))) & mask;
  }
}
