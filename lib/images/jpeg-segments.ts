/**
 * The segments of a JPEG, walked before anything is decoded: what is refused is refused with the byte, before memory is
 * taken, and the work stays in proportion. jpeg-js goes by the contents of a segment where it should go by its length,
 * so each must be exactly as long as its contents: what would be skipped here must not be read there.
 * Source of the markers and of their parameters: ITU-T T.81, annex B.
 */
import type { Refuse } from '../errors.js';
import { maxPixels } from './limits.js';
import { type Orientation, orientationOf } from './orientation.js';

const OTHER_KIND = 'save it as a baseline or progressive JPEG, or as a PNG';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DNL = 0xdc;
const DRI = 0xdd;
const DHT = 0xc4;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
const APP15 = 0xef;
const COM = 0xfe;
/** Baseline, extended and progressive; the others are lossless, hierarchical or arithmetic. */
const READABLE_FRAMES = [0xc0, 0xc1, 0xc2];
/** JPG and DAC stand among the numbers of the frames, as DHT does. */
const NOT_FRAMES = [DHT, 0xc8, 0xcc];

/**
 * Pixels times scans. A progressive photograph has ten scans or so; a small file could ask for thousands, each of
 * which goes over the whole image.
 */
const MAX_WORK = 16 * maxPixels;
/** Samples of all colours: an image of `maxPixels` in three of them. */
const MAX_SAMPLES = 3 * maxPixels;
/** jpeg-js keeps every comment. The largest profile takes 255 segments. */
const MAX_SEGMENTS = 65_536;

/** What is known of a JPEG before its pixels are decoded. */
export interface Jpeg {
  readonly width: number;
  readonly height: number;
  /** The components are red, green and blue, as they are. */
  readonly rgb: boolean;
  readonly orientation: Orientation;
  /** Where the end-of-image marker ends. */
  readonly end: number;
}

interface Frame extends Pick<Jpeg, 'width' | 'height' | 'rgb'> {
  /** What scans call the components. */
  readonly components: readonly number[];
}

interface Segment {
  readonly marker: number;
  /** Of its marker, in the file. */
  readonly offset: number;
  /** Without marker and length. */
  readonly data: Uint8Array;
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

/**
 * Goes from segment to segment to the end of the image.
 * @throws DataError naming the byte
 */
export function readSegments(fail: Refuse, bytes: Uint8Array): Jpeg {
  let frame: Frame | undefined;
  let adobeRgb = false;
  let orientation: Orientation | undefined;
  let offset = 2;
  let segments = 0;
  while (true) {
    const marker = bytes[offset + 1];
    if (bytes[offset] === 0xff && marker === 0xff) {
      offset += 1;
      continue;
    }
    if (marker === EOI && bytes[offset] === 0xff) {
      if (frame === undefined) fail(`the JPEG ends at byte ${offset} without an image`);
      const { width, height, rgb } = frame;
      return { width, height, rgb: rgb || adobeRgb, orientation: orientation ?? 1, end: offset + 2 };
    }
    segments += 1;
    if (segments > MAX_SEGMENTS) {
      fail(`expected at most ${MAX_SEGMENTS} JPEG segments but there are more at byte ${offset}`);
    }
    const segment = readSegment(fail, bytes, offset);
    const { data } = segment;
    const end = offset + 4 + data.length;
    if (isFrame(marker)) {
      if (frame !== undefined) fail(`a second image starts at byte ${offset}`, OTHER_KIND);
      frame = readFrame(fail, segment);
      checkWork(fail, bytes, frame);
    } else if (marker === SOS) checkScan(fail, segment, frame);
    else if (marker === APP1 && startsWith(data, 'Exif\0\0')) orientation ??= orientationOf(data.subarray(6));
    // "Adobe", version, flags, and the transform: 0 is none.
    else if (marker === APP14 && data.length >= 12 && startsWith(data, 'Adobe')) adobeRgb = data[11] === 0;
    else checkLength(fail, segment);
    offset = marker === SOS ? endOfScan(bytes, end) : end;
  }
}

function startsWith(data: Uint8Array, text: string): boolean {
  return Buffer.from(data.subarray(0, text.length)).toString('latin1') === text;
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.includes(marker);
}

/** The segment at `offset`, whole and of a kind that may stand there. */
function readSegment(fail: Refuse, bytes: Uint8Array, offset: number): Segment {
  if (offset + 4 > bytes.length && (offset + 2 > bytes.length || bytes[offset] === 0xff)) {
    fail(`expected a JPEG marker at byte ${bytes.length} but the file ends there`);
  }
  if (bytes[offset] !== 0xff) fail(`expected a JPEG marker at byte ${offset} but received ${bytes[offset]}`);
  const marker = bytes[offset + 1];
  const isKnown = isFrame(marker) || [DHT, SOS, DQT, DNL, DRI, COM].includes(marker);
  if (!isKnown && !(marker >= APP0 && marker <= APP15)) {
    fail(
      `expected a known JPEG marker at byte ${offset} but received ` +
        `FF${marker.toString(16).toUpperCase().padStart(2, '0')}`,
    );
  }
  const length = 256 * bytes[offset + 2] + bytes[offset + 3];
  if (length < 2 || offset + 2 + length > bytes.length) {
    fail(`the JPEG segment at byte ${offset} has a length of ${length}, which does not fit`);
  }
  return { marker, offset, data: bytes.subarray(offset + 4, offset + 2 + length) };
}

/** Tables, and numbers of a fixed size. */
function checkLength(fail: Refuse, { marker, offset, data }: Segment): void {
  const fits =
    (marker !== DRI && marker !== DNL && marker !== DHT && marker !== DQT) ||
    ((marker === DRI || marker === DNL) && data.length === 2) ||
    (marker === DHT && holdsTables(data, huffmanTableBytes)) ||
    (marker === DQT && holdsTables(data, quantizationTableBytes));
  if (fits) return;
  fail(
    `the JPEG segment at byte ${offset} has a length of ${data.length + 2}, which is not that of its ` +
      `contents`,
  );
}

/** Whether tables follow each other up to the end. */
function holdsTables(data: Uint8Array, tableBytes: (data: Uint8Array, at: number) => number): boolean {
  let at = 0;
  while (at < data.length) at += tableBytes(data, at);
  return at === data.length;
}

/** A byte, how many codes there are of each length from 1 to 16, and the values of all codes. */
function huffmanTableBytes(data: Uint8Array, at: number): number {
  return data.subarray(at + 1, at + 17).reduce((sum, codes) => sum + codes, 17);
}

/** A byte, and 64 numbers of one or two bytes; NaN for anything else. */
function quantizationTableBytes(data: Uint8Array, at: number): number {
  const numberBytes = [1, 2][data[at] >> 4] ?? Number.NaN;
  return 1 + 64 * numberBytes;
}

/** Some of the components of the frame, each once, with its tables; then three bytes. */
function checkScan(fail: Refuse, { offset, data }: Segment, frame: Frame | undefined): void {
  if (frame === undefined) fail(`the pixels at byte ${offset} come before the size of the image`);
  const ids = data.subarray(1, 1 + 2 * data[0]).filter((_, i) => i % 2 === 0);
  const fits =
    data.length === 4 + 2 * data[0] &&
    ids.length >= 1 &&
    new Set(ids).size === ids.length &&
    ids.every((id) => frame.components.includes(id));
  if (fits) return;
  fail(
    `expected a scan of some of the ${frame.components.length} colours at byte ${offset} but received ` +
      `${data.length} bytes for ${data[0] ?? 'none'}`,
  );
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

function readFrame(fail: Refuse, { marker, offset, data }: Segment): Frame {
  if (!READABLE_FRAMES.includes(marker)) {
    fail(`JPEGs of kind FF${marker.toString(16).toUpperCase()} (byte ${offset}) are not read`, OTHER_KIND);
  }
  const [precision, height1, height0, width1, width0, count] = data;
  if (data.length < 6 || data.length !== 6 + 3 * count) {
    fail(`the JPEG header at byte ${offset} has ${data.length} bytes`);
  }
  if (precision !== 8 || ![1, 3, 4].includes(count)) {
    fail(
      `expected 8 bits and 1, 3 or 4 colours but received ${precision} bits and ${count} colours ` +
        `(byte ${offset + 4})`,
      OTHER_KIND,
    );
  }
  const width = 256 * width1 + width0;
  const height = 256 * height1 + height0;
  const most = Math.min(maxPixels, Math.floor(MAX_SAMPLES / count));
  if (width === 0 || height === 0 || width * height > most) {
    fail(
      `expected 1 to ${most} pixels but received ${width}x${height} (byte ${offset + 5})`,
      'make it smaller',
    );
  }
  for (let i = 6; i < data.length; i += 3) {
    const horizontal = data[i + 1] >> 4;
    const vertical = data[i + 1] & 15;
    if (horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4) {
      fail(
        `expected sampling factors from 1 to 4 but received ${horizontal}x${vertical} ` +
          `(byte ${offset + 4 + i + 1})`,
      );
    }
  }
  const components = [...data.subarray(6).filter((_, i) => i % 3 === 0)];
  return { width, height, rgb: String.fromCharCode(...components) === 'RGB', components };
}

/** Counts what looks like the start of a scan anywhere, since jpeg-js may see one where a strict reader does not. */
function checkWork(fail: Refuse, bytes: Uint8Array, { width, height }: Frame): void {
  let scans = 0;
  for (let i = bytes.indexOf(0xff); i >= 0; i = bytes.indexOf(0xff, i + 1)) {
    if (bytes[i + 1] === SOS) scans += 1;
  }
  if (scans * width * height <= MAX_WORK) return;
  fail(
    `expected at most ${Math.floor(MAX_WORK / (width * height))} scans of ${width}x${height} pixels but ` +
      `received ${scans}`,
    'save it as a baseline JPEG',
  );
}
