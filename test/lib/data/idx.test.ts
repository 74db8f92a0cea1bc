import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IdxKind, readIdx } from '../../../lib/data/idx.js';
import { DataError } from '../../../lib/errors.js';
import { bigEndian, imagesFile, labelsFile, temporaryFolder, thrownBy } from './idx-files.js';

const folder = temporaryFolder();
let files = 0;

function write(bytes: Uint8Array, name = `file-${files++}`): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Reads everything and checks on the way that parts are whole, in order, without gaps. */
function readAll(path: string, kind: IdxKind) {
  const chunks: Buffer[] = [];
  let items = 0;
  const summary = readIdx(path, kind, (dims) => {
    const itemBytes = dims.slice(1).reduce((product, dim) => product * dim, 1);
    return (part, first) => {
      expect(first).toBe(items);
      expect(part.length % itemBytes).toBe(0);
      items += part.length / itemBytes;
      chunks.push(Buffer.from(part));
    };
  });
  expect(items).toBe(summary.dims[0]);
  return { ...summary, data: Buffer.concat(chunks), parts: chunks.length };
}

function refuse(bytes: Uint8Array, kind: IdxKind = 'images'): { message: string; path: string } {
  const path = write(bytes);
  let begun = false;
  const error = thrownBy(() =>
    readIdx(path, kind, () => {
      begun = true;
      return () => {};
    }),
  );
  expect(error).toBeInstanceOf(DataError);
  expect(begun).toBe(false);
  expect(error.message.startsWith(`idx: ${path}: `)).toBe(true);
  return { message: error.message.slice(`idx: ${path}: `.length), path };
}

describe('readIdx', () => {
  it('reads images', () => {
    const file = imagesFile(3, 4, 5);
    const { dims, data, sha256 } = readAll(write(file), 'images');
    expect(dims).toEqual([3, 4, 5]);
    expect(data).toEqual(file.subarray(16));
    expect(sha256).toBe(createHash('sha256').update(file).digest('hex'));
  });

  it('reads labels', () => {
    const { dims, data } = readAll(write(labelsFile([3, 1, 4, 1, 5])), 'labels');
    expect(dims).toEqual([5]);
    expect([...data]).toEqual([3, 1, 4, 1, 5]);
  });

  it('reads in parts of at most a mebibyte, and the same bytes gzipped', () => {
    const file = imagesFile(3001, 28, 28);
    const raw = readAll(write(file), 'images');
    expect(raw.parts).toBe(3);
    expect(raw.data.equals(file.subarray(16))).toBe(true);
    const packed = readAll(write(gzipSync(file), 'images.gz'), 'images');
    expect(packed.data.equals(raw.data)).toBe(true);
    expect(packed.sha256).toBe(raw.sha256);
  });

  it('reads images that are larger than a part', () => {
    const file = imagesFile(2, 1500, 1000);
    const { parts, data } = readAll(write(file), 'images');
    expect(parts).toBe(2);
    expect(data.equals(file.subarray(16))).toBe(true);
  });

  it('lets errors of the caller through', () => {
    const path = write(labelsFile([1, 2]));
    const mine = new RangeError('mine');
    const throwIt = () => {
      throw mine;
    };
    expect(thrownBy(() => readIdx(path, 'labels', throwIt))).toBe(mine);
    expect(thrownBy(() => readIdx(path, 'labels', () => throwIt))).toBe(mine);
  });
});

describe('a file that is no good', () => {
  it.each([0, 1, 2, 3])('has only %d bytes', (length) => {
    const { message } = refuse(imagesFile(1, 2, 2).subarray(0, length));
    expect(message).toBe(`expected a header of 16 bytes, file has ${length}. Hint: download it again`);
  });

  it.each([4, 5, 8, 11, 15])('is cut in the header, at byte %d', (length) => {
    const { message } = refuse(imagesFile(1, 2, 2).subarray(0, length));
    expect(message).toBe(`expected a header of 16 bytes, file has ${length}. Hint: download it again`);
  });

  it('is cut in the header of labels', () => {
    const { message } = refuse(labelsFile([1]).subarray(0, 7), 'labels');
    expect(message).toBe('expected a header of 8 bytes, file has 7. Hint: download it again');
  });

  it.each([-1, 1])('is %d byte longer than promised', (difference) => {
    const file = imagesFile(10, 28, 28);
    const changed = difference < 0 ? file.subarray(0, -1) : Buffer.concat([file, Buffer.of(0)]);
    expect(refuse(changed).message).toBe(
      `header promises 7856 bytes, file has ${7856 + difference}. Hint: download it again`,
    );
  });

  it('has first bytes that are not zero', () => {
    const file = imagesFile(1, 2, 2);
    file[1] = 1;
    expect(refuse(file).message).toBe(
      'expected 00 00 08 03 at byte 0 but received 00 01 08 03. Hint: this is no IDX file',
    );
    expect(refuse(Buffer.from('<!DOCTYPE html><title>404</title>'), 'labels').message).toBe(
      'expected 00 00 08 01 at byte 0 but received 3c 21 44 4f. Hint: this is no IDX file',
    );
  });

  it.each([
    [0x00, 'unknown'],
    [0x07, 'unknown'],
    [0x0d, 'float'],
    [0xff, 'unknown'],
  ])('has type %d', (type, name) => {
    const file = imagesFile(1, 2, 2);
    file[2] = type;
    expect(refuse(file).message).toBe(
      `expected type 8 (unsigned byte) at byte 2 but received ${type} (${name}). Hint: convert the values to bytes`,
    );
  });

  it.each([0, 2, 4, 255])('has %d dimensions', (dimensions) => {
    const file = imagesFile(1, 2, 2);
    file[3] = dimensions;
    expect(refuse(file).message).toBe(
      `expected images with 3 dimensions but received ${dimensions} at byte 3. ` +
        'Hint: only grey images and their labels are read',
    );
  });

  it('has labels instead of images, and the reverse', () => {
    expect(refuse(labelsFile([1, 2, 3, 4, 5, 6, 7, 8, 9])).message).toBe(
      'expected images with 3 dimensions but received 1 at byte 3. Hint: images and labels are swapped',
    );
    expect(refuse(imagesFile(1, 2, 2), 'labels').message).toBe(
      'expected labels with 1 dimension but received 3 at byte 3. Hint: images and labels are swapped',
    );
  });

  it('is little-endian', () => {
    const file = imagesFile(1, 2, 2);
    file.subarray(0, 16).swap32();
    expect(refuse(file).message).toBe(
      'expected 00 00 08 03 at byte 0 but received 03 08 00 00. ' +
        'Hint: the file is little-endian; IDX is big-endian',
    );
    const dims = imagesFile(1, 2, 2);
    dims.subarray(4, 16).swap32();
    expect(refuse(dims).message).toContain(`header promises ${2n ** 74n + 16n} bytes, file has 20`);
  });

  it.each([0, 1, 2])('has no extent along dimension %d', (axis) => {
    const file = imagesFile(1, 2, 2);
    file.writeUInt32BE(0, 4 + 4 * axis);
    expect(refuse(file).message).toBe(
      `dimension ${axis} is 0 (byte ${4 + 4 * axis}). Hint: download it again`,
    );
  });

  it.each([
    [[0xffff_ffff, 1, 1], '4294967311'],
    [[65536, 65536, 1], '4294967312'],
    [[65536, 65536, 65536], '281474976710672'],
    // 2^96 - 3 * 2^64 + 3 * 2^32 - 1 + 16, which wraps to something small in 32 and in 64 bits.
    [[0xffff_ffff, 0xffff_ffff, 0xffff_ffff], '79228162458924105385300197391'],
    // The product is 2^64: 0 in 64 bits.
    [[2 ** 31, 2 ** 31, 4], '18446744073709551632'],
  ])('promises %j', (dims, total) => {
    const file = Buffer.concat([bigEndian(0x803, ...dims), Buffer.alloc(4)]);
    expect(refuse(file).message).toBe(`header promises ${total} bytes, file has 20. Hint: download it again`);
    expect(refuse(gzipSync(file)).message).toMatch(/^header promises \d+ bytes, at most 2147483648 are read/);
  });

  it('has four dimensions of 2^32 - 1', () => {
    const file = bigEndian(0x804, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff);
    expect(refuse(file).message).toContain('expected images with 3 dimensions but received 4 at byte 3');
  });

  it('is as large as it says, but too large', () => {
    const path = join(folder, 'sparse');
    const fd = openSync(path, 'w');
    writeSync(fd, bigEndian(0x803, 2 ** 21, 32, 32));
    ftruncateSync(fd, 2 ** 31 + 16);
    closeSync(fd);
    expect(thrownBy(() => readAll(path, 'images')).message).toBe(
      `idx: ${path}: header promises 2147483664 bytes, at most 2147483648 are read. Hint: split the file`,
    );
  });
});

it.skipIf(process.platform !== 'linux')('closes the file in every case', () => {
  const good = write(imagesFile(1, 2, 2));
  const bad = write(Buffer.of(1));
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 20; i += 1) {
    readAll(good, 'images');
    thrownBy(() => readAll(bad, 'images'));
    thrownBy(() => readAll(folder, 'images'));
  }
  expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 10);
});

describe('a path that is no good', () => {
  it('is missing', () => {
    const path = join(folder, 'missing');
    const error = thrownBy(() => readAll(path, 'images'));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(
      `idx: ${path}: expected a readable file but received ENOENT: no such file or directory. Hint: check the path`,
    );
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('is a directory', () => {
    const path = join(folder, 'directory');
    mkdirSync(path);
    const error = thrownBy(() => readAll(path, 'images'));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(
      `idx: ${path}: expected a file but received a directory. Hint: check the path`,
    );
  });

  it('is a pipe that nobody writes to, or an endless device', () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    for (const special of [path, '/dev/zero']) {
      const error = thrownBy(() => readAll(special, 'images'));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toContain('expected a file but received a device or a pipe');
    }
  });

  // Root may read everything, so the test becomes another user for the moment.
  it.skipIf(process.getuid?.() !== 0)('may not be read', () => {
    const path = write(imagesFile(1, 2, 2));
    execFileSync('chmod', ['711', folder]);
    execFileSync('chmod', ['600', path]);
    process.seteuid?.(65534);
    try {
      const error = thrownBy(() => readAll(path, 'images'));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toBe(
        `idx: ${path}: expected a readable file but received EACCES: permission denied. ` +
          'Hint: check its owner and mode',
      );
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe('any damage', () => {
  const good = imagesFile(6, 5, 4);

  it.each([
    ['raw', good],
    ['gzipped', gzipSync(good)],
  ])('of a %s file gives a DataError or other pixels, never anything else', (_, file) => {
    fc.assert(
      fc.property(
        fc.nat(file.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, change, cut) => {
          const damaged = cut ? file.subarray(0, at) : Buffer.from(file);
          if (!cut) damaged[at] ^= change;
          const path = write(damaged, 'damaged');
          try {
            const { dims, data } = readAll(path, 'images');
            expect(cut).toBe(false);
            expect(data.length).toBe(dims[0] * dims[1] * dims[2]);
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
            expect((error as Error).message).toContain(`idx: ${path}: `);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
