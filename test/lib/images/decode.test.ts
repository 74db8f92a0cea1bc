import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decode as oracleDecode, encode } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/errors.js';
import { decodeImage, readImageFile } from '../../../lib/images/decode.js';
import { Random } from '../../../lib/random.js';
import { root, temporaryFolder } from '../../support/cli.js';
import { chunk, greyPng, header, type PngParts, pngFile, refuse, signature } from './image-files.js';
import { pattern } from '../../support/misuse.js';

const folder = temporaryFolder();

const fixture = (name: string) => readFileSync(join(root, 'test/fixtures/images', name));

/** In double precision, from samples between 0 and 1. */
function expectedGrey(red: number, green: number, blue: number, alpha: number): number {
  const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
  return 255 * (luma * alpha + 1 - alpha);
}

describe('PNG', () => {
  // 1 grey, 2 grey with alpha, 3 colour, 4 colour with alpha: fast-png writes them, with its own filters.
  it.each([
    [1, 8],
    [1, 16],
    [2, 8],
    [2, 16],
    [3, 8],
    [3, 16],
    [4, 8],
    [4, 16],
  ] as const)('of %d channels and %d bits', (channels, depth) => {
    const random = new Random(channels + depth);
    const [width, height] = [13, 7];
    const max = 2 ** depth - 1;
    const count = width * height * channels;
    const values = Array.from({ length: count }, () => random.integer(max + 1));
    const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
    const image = decodeImage(encode({ width, height, channels, depth, data }), 'x');
    expect([image.width, image.height, image.grey.length]).toEqual([width, height, width * height]);
    for (let i = 0; i < width * height; i += 1) {
      const [a, b, c, d] = values.slice(i * channels, (i + 1) * channels).map((value) => value / max);
      const colour = channels < 3 ? [a, a, a, b ?? 1] : [a, b, c, d ?? 1];
      const wanted = expectedGrey(...(colour as [number, number, number, number]));
      expect(Math.abs(image.grey[i] - wanted)).toBeLessThanOrEqual(0.5 + 1e-9);
    }
  });

  it.each([1, 2, 4])('of %d bits a pixel, in rows that end within a byte', (depth) => {
    const width = 5;
    const levels = [0, 1, 2 ** depth - 1, 1, 0].map((level) => level % 2 ** depth);
    let bits = 0n;
    const bytes = Math.ceil((width * depth) / 8);
    for (const level of levels) bits = (bits << BigInt(depth)) | BigInt(level);
    bits <<= BigInt(8 * bytes - width * depth);
    const row = Buffer.from(bits.toString(16).padStart(2 * bytes, '0'), 'hex');
    const { grey } = decodeImage(
      pngFile({ width, height: 1, depth, rows: Buffer.concat([Buffer.of(0), row]) }),
      'x',
    );
    expect([...grey]).toEqual(levels.map((level) => Math.round((255 * level) / (2 ** depth - 1))));
  });

  it('with every filter, as fast-png reads it', () => {
    const random = new Random(3);
    const [width, height] = [9, 40];
    const rows = Uint8Array.from({ length: height * (3 * width + 1) }, () => random.integer(256));
    for (let y = 0; y < height; y += 1) rows[y * (3 * width + 1)] = y % 5;
    const file = pngFile({ width, height, type: 2, rows });
    const oracle = oracleDecode(file);
    const { grey } = decodeImage(file, 'x');
    for (let i = 0; i < width * height; i += 1) {
      const [red, green, blue] = oracle.data.subarray(3 * i, 3 * i + 3);
      const wanted = expectedGrey(red / 255, green / 255, blue / 255, 1);
      expect(Math.abs(grey[i] - wanted)).toBeLessThanOrEqual(0.5 + 1e-9);
    }
  });

  it.each([1, 2, 3, 5, 8, 9, 17])('interlaced, %d pixels wide', (width) => {
    // Pass by pass, as the specification's table has them.
    const height = width + 2;
    const order = [
      '1 6 4 6 2 6 4 6',
      '7 7 7 7 7 7 7 7',
      '5 6 5 6 5 6 5 6',
      '7 7 7 7 7 7 7 7',
      '3 6 4 6 3 6 4 6',
      '7 7 7 7 7 7 7 7',
      '5 6 5 6 5 6 5 6',
      '7 7 7 7 7 7 7 7',
    ].map((line) => line.split(' ').map(Number));
    const level = (x: number, y: number) => (31 * x + 57 * y + x * y) % 256;
    const rows: number[] = [];
    for (let pass = 1; pass <= 7; pass += 1) {
      for (let y = 0; y < height; y += 1) {
        const columns = Array.from({ length: width }, (_, x) => x).filter(
          (x) => order[y % 8][x % 8] === pass,
        );
        if (columns.length > 0) rows.push(0, ...columns.map((x) => level(x, y)));
      }
    }
    const { grey } = decodeImage(pngFile({ width, height, interlace: 1, rows: Uint8Array.from(rows) }), 'x');
    expect([...grey]).toEqual(
      Array.from({ length: width * height }, (_, i) => level(i % width, Math.floor(i / width))),
    );
  });

  const paletted = (before: readonly Buffer[], row: readonly number[]): PngParts => ({
    width: row.length,
    height: 1,
    type: 3,
    rows: Uint8Array.from([0, ...row]),
    before,
  });
  const colours = chunk('PLTE', Uint8Array.from([0, 0, 0, 255, 0, 0, 0, 255, 0]));

  it('with a palette, transparent colours over white', () => {
    expect([...decodeImage(pngFile(paletted([colours], [0, 1, 2])), 'x').grey]).toEqual([0, 76, 150]);
    const clear = chunk('tRNS', Uint8Array.from([0, 128]));
    expect([...decodeImage(pngFile(paletted([colours, clear], [0, 1, 2])), 'x').grey]).toEqual([
      255, 165, 150,
    ]);
  });

  it('with one transparent colour', () => {
    const before = [chunk('tRNS', Uint8Array.from([0, 7]))];
    const grey = { width: 3, height: 1, rows: Uint8Array.from([0, 6, 7, 8]), before };
    expect([...decodeImage(pngFile(grey), 'x').grey]).toEqual([6, 255, 8]);
    const colour = { width: 2, height: 1, type: 2, rows: Uint8Array.from([0, 1, 2, 3, 1, 2, 4]) };
    const clear = [chunk('tRNS', Uint8Array.from([0, 1, 0, 2, 0, 3]))];
    expect([...decodeImage(pngFile({ ...colour, before: clear }), 'x').grey]).toEqual([255, 2]);
  });

  it('with bytes after its end, and with chunks that say nothing about pixels', () => {
    const file = Buffer.concat([greyPng(2, 1, [1, 2]), Buffer.from('more')]);
    expect([...decodeImage(file, 'x').grey]).toEqual([1, 2]);
    const text = [chunk('tEXt', Buffer.from('a\0b'))];
    expect([
      ...decodeImage(pngFile({ width: 1, height: 1, rows: Uint8Array.of(0, 9), before: text }), 'x').grey,
    ]).toEqual([9]);
  });

  const plain = { width: 2, height: 2, rows: Uint8Array.from([0, 1, 2, 0, 3, 4]) };
  const rows = (...values: number[]) => pngFile({ ...plain, rows: Uint8Array.from(values) });
  it.each<readonly [message: string, file: Buffer]>([
    ['pixels but received 0x2 (byte 16)', pngFile({ ...plain, width: 0 })],
    ['but received 2147483648x2147483648 (byte 16)', pngFile({ ...plain, width: 2 ** 31, height: 2 ** 31 })],
    ['no PNG of depth 4 and colour type 2 (byte 24)', pngFile({ ...plain, depth: 4, type: 2 })],
    ['no PNG of depth 8 and colour type 5 (byte 24)', pngFile({ ...plain, type: 5 })],
    ['(byte 26) but received 0, 0 and 2', pngFile({ ...plain, interlace: 2 })],
    ['a filter from 0 to 4 in row 1 but received 5', rows(0, 1, 2, 5, 3, 4)],
    ['header promises 6 bytes, the image data (IDAT) hold 3', rows(0, 1, 2)],
    ['they hold more than 6 bytes', rows(0, 1, 2, 0, 3, 4, 5)],
    ['they hold more than 6 bytes', pngFile({ ...plain, rows: new Uint8Array(2 ** 24) })],
    ['expected a palette (PLTE)', pngFile(paletted([], [0]))],
    [
      '1 to 256 colours at byte 33 but received 4 bytes',
      pngFile(paletted([chunk('PLTE', new Uint8Array(4))], [0])),
    ],
    [
      'pixels from 0 to 2, as many as the palette has colours, but received 3',
      pngFile(paletted([colours], [3])),
    ],
    [
      'at most 3 colours at byte 54 but received 4',
      pngFile(paletted([colours, chunk('tRNS', new Uint8Array(4))], [0])),
    ],
    [
      'expected 2 bytes of tRNS at byte 33 but received 1',
      pngFile({ ...plain, before: [chunk('tRNS', new Uint8Array(1))] }),
    ],
    ['at byte 33 but received "ABCD"', pngFile({ ...plain, before: [chunk('ABCD')] })],
    [
      'expected an IHDR of 13 bytes at byte 8 but received "IEND" of 0',
      Buffer.concat([signature, chunk('IEND')]),
    ],
    ['image data (IDAT)', Buffer.concat([signature, header(plain), chunk('IEND')])],
  ])('refuses with "%s"', (message, file) => {
    expect(refuse(file)).toContain(message);
  });

  it('refuses a wrong checksum, and tells where', () => {
    const file = greyPng(2, 2, [1, 2, 3, 4]);
    file[20] ^= 1;
    expect(refuse(file)).toMatch(
      /^images: x: the checksum at byte 29 is \d+, but that of its chunk is \d+\. Hint:/,
    );
  });

  it('refuses pixels with a wrong Adler checksum', () => {
    const file = greyPng(2, 2, [1, 2, 3, 4]);
    const data = file.subarray(41, file.length - 16);
    data[data.length - 1] ^= 1;
    const mended = Buffer.concat([file.subarray(0, 33), chunk('IDAT', data), chunk('IEND')]);
    expect(refuse(mended)).toContain('do not unpack: incorrect data check');
  });
});

describe('JPEG', () => {
  const [width, height] = [43, 29];
  const colour = (i: number): [number, number, number] => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return [40 + 4 * x, 230 - 6 * y, 30 + 2 * x + 3 * y];
  };

  // Written by libjpeg-turbo 2.1.5 at quality 97.
  it.each([
    ['progressive.jpg', 4],
    ['grey-restart.jpg', 1],
    ['grey-progressive-restart.jpg', 1],
    ['rgb.jpg', 2],
    ['cmyk.jpg', 2],
  ])('%s', (name, bound) => {
    const image = decodeImage(fixture(name), 'x');
    expect([image.width, image.height]).toEqual([width, height]);
    for (let i = 0; i < width * height; i += 1) {
      const [red, green, blue] = colour(i).map((value) => value / 255);
      const wanted = name.startsWith('grey') ? 255 * red : expectedGrey(red, green, blue, 1);
      expect(Math.abs(image.grey[i] - wanted)).toBeLessThanOrEqual(bound);
    }
  });

  it('of red, green and blue, told by the Adobe segment or by the names of the colours alone', () => {
    const whole = decodeImage(fixture('rgb.jpg'), 'x');
    const renamed = Buffer.from(fixture('rgb.jpg'));
    const frame = renamed.indexOf(Buffer.from([0xff, 0xc0]));
    for (const i of [0, 1, 2]) renamed[frame + 10 + 3 * i] = i + 1;
    const scan = renamed.indexOf(Buffer.from([0xff, 0xda]));
    renamed.set([1, 0, 2, 0, 3, 0], scan + 5);
    expect(decodeImage(renamed, 'x')).toEqual(whole);
    const unmarked = Buffer.from(fixture('rgb.jpg'));
    unmarked.write('Other', unmarked.indexOf('Adobe'), 'latin1');
    expect(decodeImage(unmarked, 'x')).toEqual(whole);
  });

  it('with bytes after its end', () => {
    const file = fixture('rgb.jpg');
    expect(decodeImage(Buffer.concat([file, Buffer.from('more')]), 'x')).toEqual(decodeImage(file, 'x'));
  });

  const edited = (name: string, edit: (file: Buffer, frame: number) => void) => {
    const file = Buffer.from(fixture(name));
    edit(file, file.indexOf(Buffer.from([0xff, name.includes('progressive') ? 0xc2 : 0xc0])));
    return file;
  };
  const rgb = (edit: (file: Buffer, frame: number) => void) => edited('rgb.jpg', edit);
  it.each<readonly [message: string, file: Buffer]>([
    ['...received 0x29 (byte ...)...', rgb((file, frame) => file.writeUInt16BE(0, frame + 7))],
    ['...received 65535x65535 (byte ...)...', rgb((file, frame) => file.fill(255, frame + 5, frame + 9))],
    ['...received 12 bits and 3 colours...', rgb((file, frame) => file.writeUInt8(12, frame + 4))],
    // A lossless JPEG.
    ['...kind FFC3 (byte ...) are not read...', rgb((file, frame) => file.writeUInt8(0xc3, frame + 1))],
    // A sampling factor of 0.
    ['...received 0x1...', rgb((file, frame) => file.writeUInt8(1, frame + 11))],
    ['...the file ends there...', fixture('rgb.jpg').subarray(0, 800)],
    ['...the file ends there...', fixture('rgb.jpg').subarray(0, -2)],
    ['...ends at byte 2 without an image...', Buffer.of(0xff, 0xd8, 0xff, 0xd9)],
    ['...segment at byte 2 has a length of 65535...', Buffer.of(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0)],
    ['...expected a JPEG marker at byte 6 but received 7...', Buffer.of(0xff, 0xd8, 0xff, 0xe0, 0, 2, 7, 7)],
  ])('refuses with "%s"', (message, file) => {
    expect(refuse(file)).toMatch(pattern(message));
  });

  it('refuses more scans of a large image than can be worth it', () => {
    const file = edited('progressive.jpg', (bytes, frame) => {
      bytes.writeUInt16BE(8000, frame + 5);
      bytes.writeUInt16BE(8000, frame + 7);
    });
    const scan = Buffer.from([0xff, 0xda, 0, 2]);
    const many = Buffer.concat([
      file.subarray(0, -2),
      ...Array.from({ length: 20 }, () => scan),
      file.subarray(-2),
    ]);
    expect(refuse(many)).toMatch(/expected at most 16 scans of 8000x8000 pixels but received \d\d/);
  });
});

describe('other files', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'but received an empty file'],
    [
      'text',
      Buffer.from('some text'),
      'expected a PNG or JPEG but received a file that starts with 736f6d65',
    ],
    ['half a signature', signature.subarray(0, 5), 'starts with 89504e47'],
  ])('are refused: %s', (_, bytes, message) => {
    expect(refuse(bytes)).toContain(message);
  });

  it('are read by their path', () => {
    const path = folder.join('two.png');
    writeFileSync(path, greyPng(2, 1, [5, 6]));
    expect([...decodeImage(readImageFile(path)).grey]).toEqual([5, 6]);
    expect(() => readImageFile(folder.join('none.png'))).toThrow(
      `images: ${folder.join('none.png')}: expected a readable file`,
    );
    mkdirSync(folder.join('folder.png'));
    expect(() => readImageFile(folder.join('folder.png'))).toThrow(
      'expected a file but received a directory',
    );
    const large = folder.join('large.png');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 28 + 1);
    expect(() => readImageFile(large)).toThrow('expected at most 268435456 bytes but the file has 268435457');
  });
});

describe('damaged files', () => {
  const random = new Random(1);
  const noise = Uint8Array.from({ length: 24 * 24 * 4 }, () => random.integer(256));
  const seeds: readonly Buffer[] = [
    Buffer.from(encode({ width: 24, height: 24, channels: 4, depth: 8, data: noise })),
    greyPng(9, 9, noise),
    Buffer.from(encodeJpeg({ width: 24, height: 24, data: noise }, 80).data),
    ...['progressive.jpg', 'grey-restart.jpg', 'rgb.jpg', 'cmyk.jpg'].map(fixture),
  ];

  /** The chunks get their right checksums again: else no mutation gets past the first check. */
  function mendChecksums(file: Buffer): Buffer {
    if (!file.subarray(0, 8).equals(signature)) return file;
    const parts = [file.subarray(0, 8)];
    let offset = 8;
    while (offset + 12 <= file.length) {
      const length = file.readUInt32BE(offset);
      if (offset + 12 + length > file.length) break;
      const type = file.toString('latin1', offset + 4, offset + 8);
      parts.push(chunk(type, file.subarray(offset + 8, offset + 8 + length)));
      offset += 12 + length;
    }
    return Buffer.concat([...parts, file.subarray(offset)]);
  }

  it('are decoded or refused with a DataError', () => {
    let refused = 0;
    const edits = fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.nat(seeds.length - 1), edits, fc.nat(4000), fc.boolean(), (seed, changes, cut, mend) => {
        const file = Buffer.from(seeds[seed]);
        for (const [at, value] of changes) file[at % file.length] = value;
        const whole = mend ? mendChecksums(file) : file;
        const bytes = cut % 2 === 0 ? whole : whole.subarray(0, cut % whole.length);
        try {
          const { width, height, grey } = decodeImage(bytes, 'images: x');
          expect(grey.length).toBe(width * height);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          refused += 1;
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it('are refused wherever they are cut', () => {
    let cuts = 0;
    for (const file of seeds) {
      for (let length = 0; length < file.length; length += 7) {
        refuse(file.subarray(0, length));
        cuts += 1;
      }
    }
    expect(cuts).toBeGreaterThan(500);
  });
});
