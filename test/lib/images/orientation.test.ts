import { encode } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../lib/images/decode.js';
import { orientationOf } from '../../../lib/images/orientation.js';
import { Random } from '../../../lib/random.js';
import { segment } from './image-files.js';

/** The TIFF part of an EXIF block, with entries of 12 bytes. */
function exif(order: 'II' | 'MM', entries: readonly (readonly [tag: number, type: number, value: number])[]) {
  const bytes = Buffer.alloc(8 + 2 + 12 * entries.length + 4);
  const u16 = (value: number, at: number) =>
    order === 'II' ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const u32 = (value: number, at: number) =>
    order === 'II' ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  bytes.write(order, 'latin1');
  u16(42, 2);
  u32(8, 4);
  u16(entries.length, 8);
  for (const [i, [tag, type, value]] of entries.entries()) {
    const at = 10 + 12 * i;
    u16(tag, at);
    u16(type, at + 2);
    u32(1, at + 4);
    u16(value, at + 8);
  }
  return bytes;
}

const app1 = (data: Uint8Array) => segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), data]));

const [width, height] = [21, 13];
const random = new Random(1);
const pixels = Buffer.from(
  Array.from({ length: width * height }, () => random.integer(256)).flatMap((grey) => [
    grey,
    grey,
    grey,
    255,
  ]),
);
const stored = Buffer.from(encode({ width, height, data: pixels }, 95).data);
const plain = decodeImage(stored, 'x');
const withSegments = (...segments: Buffer[]) =>
  decodeImage(Buffer.concat([stored.subarray(0, 2), ...segments, stored.subarray(2)]), 'x');

/** Where the table of the standard shows row 0 and column 0. */
const sides = [
  [1, 'top', 'left'],
  [2, 'top', 'right'],
  [3, 'bottom', 'right'],
  [4, 'bottom', 'left'],
  [5, 'left', 'top'],
  [6, 'right', 'top'],
  [7, 'right', 'bottom'],
  [8, 'left', 'bottom'],
] as const;

describe.each(['II', 'MM'] as const)('an orientation in EXIF, %s', (order) => {
  it.each(sides)('%d: row 0 at the %s, column 0 at the %s', (orientation, row0, column0) => {
    const image = withSegments(
      app1(
        exif(order, [
          [0x010f, 2, 9],
          [0x0112, 3, orientation],
        ]),
      ),
    );
    const isTurned = row0 === 'left' || row0 === 'right';
    expect([image.width, image.height]).toEqual(isTurned ? [height, width] : [width, height]);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const place = { x: 0, y: 0 };
        const put = (side: string, distance: number) => {
          if (side === 'top') place.y = distance;
          else if (side === 'bottom') place.y = image.height - 1 - distance;
          else if (side === 'left') place.x = distance;
          else place.x = image.width - 1 - distance;
        };
        put(row0, y);
        put(column0, x);
        expect(image.grey[place.y * image.width + place.x]).toBe(plain.grey[y * width + x]);
      }
    }
  });
});

it('the first EXIF block counts, and other APP1 segments do not', () => {
  const block = (value: number) => app1(exif('II', [[0x0112, 3, value]]));
  const upsideDown = withSegments(block(3));
  expect(upsideDown).not.toEqual(plain);
  expect(withSegments(block(3), block(6))).toEqual(upsideDown);
  const xmp = segment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x/>'));
  expect(withSegments(xmp, block(3))).toEqual(upsideDown);
});

it('what makes no sense leaves the image as it is stored', () => {
  const sound = exif('II', [[0x0112, 3, 3]]);
  expect(orientationOf(sound)).toBe(3);
  const changed = (at: number, ...values: number[]) => {
    const copy = Buffer.from(sound);
    copy.set(values, at);
    return copy;
  };
  const odd = [
    exif('MM', []),
    exif('MM', [[0x0112, 3, 0]]),
    exif('MM', [[0x0112, 3, 9]]),
    // A LONG, and one of two numbers.
    exif('MM', [[0x0112, 4, 3]]),
    changed(14, 2),
    changed(0, 0x49, 0x4d),
    changed(2, 43),
    // A directory behind the end, and one with more entries than there are.
    changed(4, 255, 255, 255, 255),
    changed(4, 24, 0, 0, 0),
    changed(8, 255, 255, 0x13),
  ];
  for (const bytes of odd) expect(orientationOf(bytes)).toBe(1);
  for (let length = 0; length < 22; length += 1) expect(orientationOf(sound.subarray(0, length))).toBe(1);
  expect(withSegments(segment(0xe1, Buffer.from('Exif\0\0')))).toEqual(plain);
});
