import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip, isGzip } from '../../../lib/data/gzip.js';
import { readIdx } from '../../../lib/data/idx.js';
import { Random } from '../../../lib/random.js';
import { bigEndian, labelsFile, temporaryFolder, thrownBy } from './idx-files.js';
import { refusal } from '../../support/misuse.js';

const folder = temporaryFolder();
// More than the 4096 packed bytes in which the header is looked for.
const random = new Random(1);
const raw = labelsFile(Array.from({ length: 20_000 }, () => random.integer(10)));
const packed = gzipSync(raw);
const AGAIN = 'Hint: the file is damaged; download it again';

function readLabels(file: Uint8Array): Uint8Array {
  const path = join(folder, 'labels.gz');
  writeFileSync(path, file);
  let labels = new Uint8Array(0);
  readIdx(path, 'labels', () => (part) => {
    labels = Uint8Array.from(part);
  });
  return labels;
}

/** The message without `idx: path: `. */
const refuse = (file: Uint8Array) => refusal(() => readLabels(file), `idx: ${join(folder, 'labels.gz')}: `);

function changed(at: number, value: number): Buffer {
  const file = Buffer.from(packed);
  file[at < 0 ? file.length + at : at] = value;
  return file;
}

describe('gzipped IDX files', () => {
  it.each(['gzip', 'python'])('made by %s are read', (maker) => {
    const file = readFileSync(new URL(`../../fixtures/idx/labels-by-${maker}.gz`, import.meta.url));
    expect(isGzip(file)).toBe(true);
    expect([...readLabels(file)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });

  it('are read with every optional part of the header', () => {
    const start = Buffer.from([0x1f, 0x8b, 8, 0x1f, 0, 0, 0, 0, 0, 255]);
    const extra = Buffer.alloc(2 + 259);
    extra.writeUInt16LE(259);
    const header = Buffer.concat([start, extra, Buffer.from('name\0comment\0')]);
    const sum = crc32(header) % 2 ** 16;
    const file = Buffer.concat([header, Buffer.of(sum % 256, sum >> 8), packed.subarray(10)]);
    expect(readLabels(file).length).toBe(20_000);
  });

  it('are read at every level, and stored', () => {
    for (const level of [0, 1, 9])
      expect(Buffer.from(readLabels(gzipSync(raw, { level })))).toEqual(raw.subarray(8));
  });

  it('take one buffer of the promised size', () => {
    const bytes = gunzip('test', packed, () => raw.length);
    expect(Buffer.from(bytes)).toEqual(raw);
    expect(bytes.buffer.byteLength).toBeLessThan(raw.length + 128);
  });
});

describe('a damaged gzip file', () => {
  it.each([2, 5, 9])('that is cut in its header, at byte %d', (length) => {
    expect(refuse(packed.subarray(0, length))).toBe(`the gzip header is cut at byte ${length}. ${AGAIN}`);
  });

  it('that is cut in an optional part', () => {
    const header = (flags: number, ...rest: number[]) =>
      Buffer.of(0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3, ...rest);
    for (const file of [
      header(4, 9),
      header(4, 255, 255, 1),
      header(8, 65, 66),
      header(2, 1),
      header(16),
      header(0),
    ]) {
      expect(refuse(file)).toBe(`the gzip header is cut at byte ${file.length}. ${AGAIN}`);
    }
  });

  it('whose header has another checksum than the one in it', () => {
    const header = Buffer.from(packed.subarray(0, 10));
    header[3] = 2;
    const sum = crc32(header) % 2 ** 16;
    const file = (value: number) =>
      Buffer.concat([header, Buffer.of(value % 256, value >> 8), packed.subarray(10)]);
    expect(() => refuse(file(sum))).toThrow('there was none');
    expect(refuse(file(sum ^ 1))).toBe(
      `the checksum of the gzip header at byte 10 is ${sum ^ 1}, but that of the header is ${sum}. ${AGAIN}`,
    );
  });

  it('of another method, or with reserved flags', () => {
    expect(refuse(changed(2, 7))).toBe(`expected gzip method 8 but received 7 at byte 2. ${AGAIN}`);
    expect(refuse(changed(3, 0x20))).toBe(
      `expected no reserved gzip flags but received 32 at byte 3. ${AGAIN}`,
    );
  });

  it.each([11, 40, 4000, 8000])('that is cut in its data, at byte %d', (length) => {
    expect(packed.length).toBeGreaterThan(8100);
    expect(refuse(packed.subarray(0, length))).toMatch(/^(the gzip data do not unpack|expected a header)/);
  });

  it('that is cut anywhere', () => {
    for (let length = 0; length < packed.length; length += length < 100 ? 1 : 97)
      refuse(packed.subarray(0, length));
  });

  it('with data that are no deflate data', () => {
    expect(refuse(changed(10, 7))).toBe(`the gzip data do not unpack: invalid block type. ${AGAIN}`);
  });

  it('with another checksum or size', () => {
    const end = packed.length - 8;
    const crc = packed.readUInt32LE(end);
    expect(refuse(changed(-8, packed.at(-8)! ^ 1))).toBe(
      `the gzip checksum at byte ${end} is ${(crc ^ 1) >>> 0}, but that of the data is ${crc}. ${AGAIN}`,
    );
    expect(refuse(changed(-4, packed.at(-4)! ^ 1))).toBe(
      `the gzip size at byte ${end + 4} is ${20008 ^ 1}, but that of the data is 20008. ${AGAIN}`,
    );
  });

  it('with its trailer cut', () => {
    for (let cut = 1; cut <= 8; cut += 1) {
      expect(refuse(packed.subarray(0, -cut))).toBe(
        `expected a gzip checksum at byte ${packed.length - 8} but the file ends there. ${AGAIN}`,
      );
    }
  });

  it.each([
    ['a zero', Buffer.of(0)],
    ['zeros and text', Buffer.from('\0\0\0text')],
    ['text', Buffer.from('text')],
    ['half of a magic number', Buffer.of(0x1f)],
  ])('with %s after the end', (_, extra) => {
    expect(refuse(Buffer.concat([packed, extra]))).toBe(
      `there are bytes after the gzip data at byte ${packed.length} of ${packed.length + extra.length}. ` +
        'Hint: unpack it with gunzip and look at the result',
    );
  });

  it('of several members', () => {
    for (const second of [packed, gzipSync('')]) {
      const file = Buffer.concat([packed, second]);
      expect(refuse(file)).toBe(
        `a second gzip member starts at byte ${packed.length} of ${file.length}. ` +
          'Hint: unpack it with gunzip and look at the result',
      );
    }
    const halves = Buffer.concat([gzipSync(raw.subarray(0, 3000)), gzipSync(raw.subarray(3000))]);
    expect(refuse(halves)).toContain('header promises 20008 bytes, the gzip data hold 3000 and end at byte');
  });

  it('that is empty inside', () => {
    expect(refuse(gzipSync(''))).toBe('expected a header of 8 bytes, file has 0. Hint: download it again');
  });

  it('that holds another number of bytes than its contents promise', () => {
    expect(refuse(gzipSync(raw.subarray(0, -1)))).toContain(
      'header promises 20008 bytes, the gzip data hold 20007',
    );
    expect(refuse(gzipSync(Buffer.concat([raw, Buffer.of(0)])))).toBe(
      `header promises 20008 bytes, the gzip data hold more. ${AGAIN}`,
    );
  });
});

describe('a gzip bomb', () => {
  it('that promises little stops at the promise', () => {
    const file = gzipSync(Buffer.concat([labelsFile([1, 2, 3]), Buffer.alloc(50_000_000)]));
    const before = process.memoryUsage().arrayBuffers;
    expect(refuse(file)).toBe(`header promises 11 bytes, the gzip data hold more. ${AGAIN}`);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('that promises what it holds is refused unopened', () => {
    // 100 MiB of zeros pack to 100 KiB.
    const count = 100 * 2 ** 20;
    const file = gzipSync(Buffer.concat([bigEndian(0x801, count), Buffer.alloc(count)]));
    const before = process.memoryUsage().arrayBuffers;
    expect(refuse(file)).toBe(
      `header promises ${count + 8} bytes, file has ${file.length}, which is more than gzip saves on images. ` +
        'Hint: if you trust the file, unpack it with gunzip and pass the result',
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  it('that is small after all is read', () => {
    const count = 2 ** 20;
    const file = gzipSync(Buffer.concat([bigEndian(0x801, count), Buffer.alloc(count)]));
    expect(count / file.length).toBeGreaterThan(500);
    expect(readLabels(file).length).toBe(count);
  });

  it('made of empty blocks has no contents to show', () => {
    const empty = deflateRawSync('', { finishFlush: constants.Z_SYNC_FLUSH });
    const file = Buffer.concat([packed.subarray(0, 10), ...Array.from({ length: 2000 }, () => empty)]);
    expect(refuse(file)).toBe('expected a header of 8 bytes, file has 0. Hint: download it again');
  });
});

it('passes other errors through', () => {
  const mine = new Error('mine');
  const run = () =>
    gunzip('test', packed, () => {
      throw mine;
    });
  expect(thrownBy(run)).toBe(mine);
});
