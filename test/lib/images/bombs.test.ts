/** Small image files that ask for much memory or work, or that two readers would read in two ways. */
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../lib/images/decode.js';
import { chunk, header, pngFile, refuse, segment, signature } from './image-files.js';

const repeated = (part: Buffer, count: number) => Buffer.alloc(part.length * count, part);

describe('PNG', () => {
  it.each(['teXt', 'IDAT'])('takes no memory for each of a million empty chunks %s', (type) => {
    const image = pngFile({ width: 1, height: 1, rows: Uint8Array.of(0, 9) });
    const empty = repeated(chunk(type), 1_000_000);
    const file = Buffer.concat([image.subarray(0, 33), empty, image.subarray(33)]);
    const before = process.memoryUsage.rss();
    expect([...decodeImage(file, 'x').grey]).toEqual([9]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(file.length + 100 * 2 ** 20);
  });

  it('shows the name of an unknown chunk as text', () => {
    const file = Buffer.concat([signature, header({ width: 1, height: 1 }), chunk('A\u001b[2')]);
    expect(refuse(file)).toContain(String.raw`expected a known chunk at byte 33 but received "A\u001b[2"`);
  });

  it('may have a long text, and an animation, of which the first image counts', () => {
    const text = chunk(
      'zTXt',
      Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(2 ** 26))]),
    );
    const animation = chunk('acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]));
    const before = [text, animation, chunk('fcTL', Buffer.alloc(26))];
    const image = pngFile({ width: 1, height: 1, rows: Uint8Array.of(0, 9), before });
    const next = chunk('fdAT', Buffer.concat([Buffer.alloc(4), deflateSync(Uint8Array.of(0, 7))]));
    const file = Buffer.concat([image.subarray(0, -12), next, image.subarray(-12)]);
    expect([...decodeImage(file, 'x').grey]).toEqual([9]);
  });
});

describe('JPEG', () => {
  const start = Buffer.of(0xff, 0xd8);
  const end = Buffer.of(0xff, 0xd9);
  const tables = Buffer.concat([
    segment(0xdb, Buffer.alloc(65).fill(1, 1)),
    // One code of one bit each, for "no difference" and for "no more".
    segment(0xc4, Buffer.from([0, 1, ...Array(15).fill(0), 0])),
    segment(0xc4, Buffer.from([16, 1, ...Array(15).fill(0), 0])),
  ]);
  const frame = (width: number, height: number, components: number, marker = 0xc0) => {
    const ids = Array.from({ length: components }, (_, i) => [i + 1, 0x11, 0]).flat();
    const size = [height >> 8, height & 255, width >> 8, width & 255];
    return segment(marker, Buffer.from([8, ...size, components, ...ids]));
  };
  const scan = (...ids: number[]) =>
    Buffer.concat([
      segment(0xda, Buffer.from([ids.length, ...ids.flatMap((id) => [id, 0]), 0, 63, 0])),
      Buffer.of(0, 0),
    ]);
  const file = (...parts: Buffer[]) => Buffer.concat([start, tables, ...parts, end]);

  it('of one grey block is read', () => {
    expect(decodeImage(file(frame(1, 1, 1), scan(1)), 'x')).toEqual({
      width: 1,
      height: 1,
      grey: Uint8Array.of(128),
    });
  });

  it.each<readonly [string, Buffer, RegExp]>([
    ['FF00', segment(0x00, Buffer.alloc(2)), /a known JPEG marker at byte 115 but received FF00/],
    ['FF01', segment(0x01, Buffer.alloc(2)), /received FF01/],
    ['a restart marker outside of a scan', segment(0xd0, Buffer.alloc(2)), /received FFD0/],
    ['a second start', start, /received FFD8/],
    ['FFF0', segment(0xf0, Buffer.alloc(2)), /received FFF0/],
    ['arithmetic coding', segment(0xcc, Buffer.alloc(2)), /received FFCC/],
    [
      'a restart interval of 4 bytes',
      segment(0xdd, Buffer.alloc(4)),
      /at byte 115 has a length of 6, which is/,
    ],
    ['a number of lines of 3 bytes', segment(0xdc, Buffer.alloc(3)), /length of 5/],
    ['a quantization table that is cut', segment(0xdb, Buffer.alloc(64)), /length of 66/],
    ['a quantization table of three bytes a number', segment(0xdb, Buffer.alloc(193, 32)), /length of 195/],
    ['a Huffman table without all its values', segment(0xc4, Buffer.alloc(18, 1)), /length of 20/],
    ['bytes after a Huffman table', segment(0xc4, Buffer.alloc(19)), /length of 21/],
  ])('is refused with %s, which jpeg-js would read on into', (_, part, message) => {
    expect(refuse(file(part, frame(1, 1, 1), scan(1)))).toMatch(message);
  });

  it.each<readonly [string, readonly number[]]>([
    ['of no colour', []],
    ['that goes 255 times over one colour', Array(255).fill(1)],
    ['of one colour twice', [1, 1]],
    ['of an unknown colour', [2]],
  ])('is refused with a scan %s', (_, ids) => {
    const bytes = file(frame(8192, 8192, 1, 0xc2), scan(...ids));
    expect(refuse(bytes)).toMatch(/expected a scan of some of the 1 colours at byte 128 but received/);
  });

  it('is refused with a scan that is longer than its colours, or before the size', () => {
    const long = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0, 0]));
    expect(refuse(file(frame(1, 1, 1), long))).toContain('received 7 bytes for 1');
    expect(refuse(file(scan(1), frame(1, 1, 1)))).toContain('at byte 115 come before the size');
  });

  it('is refused with more segments than any has', () => {
    const comments = (count: number) => repeated(segment(0xfe, Buffer.from('ab')), count);
    const parts = [frame(1, 1, 1), scan(1)];
    // Five others.
    expect(decodeImage(file(comments(65_531), ...parts), 'x').grey).toHaveLength(1);
    expect(refuse(file(comments(65_532), ...parts))).toMatch(
      /^images: x: expected at most 65536 JPEG segments but there are more at byte \d+\. /,
    );
  });

  it('of four colours may have three quarters of the pixels', () => {
    const bytes = file(frame(8192, 6145, 4), scan(1, 2, 3, 4));
    expect(refuse(bytes)).toContain('expected 1 to 50331648 pixels but received 8192x6145');
  });
});
