import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { loadDataset } from '../../lib/data/datasets.js';
import { readIdx } from '../../lib/data/idx.js';
import { allocateImages } from '../../lib/data/preparation.js';
import { DataError } from '../../lib/errors.js';
import { readFully, readRegularFile, withRegularFile } from '../../lib/files.js';
import { loadParams } from '../../lib/formats/params.js';
import { temporaryFolder } from '../support/cli.js';
import { errorOf } from '../support/misuse.js';
import { bigEndian } from './data/idx-files.js';

const folder = temporaryFolder();
const path = folder.join('file');

it('a path with a null byte is refused as a path, whoever reads it', () => {
  const expected =
    /: expected a path but received one with a null byte: ".*a\\u0000b"\. Hint: check the path$/;
  expect(() => loadParams('a\0b')).toThrow(expected);
  expect(() => loadDataset('a\0b', { resize: 'pad' })).toThrow(expected);
  expect(() => loadDataset('a\0b', { resize: 'pad' })).toThrow(DataError);
});

it('a file is read as long as it was when it was opened', () => {
  writeFileSync(path, 'abc');
  expect(Buffer.from(readRegularFile('x', path, 3, 'y')).toString()).toBe('abc');
  expect(() => readRegularFile('x', path, 2, 'cut it')).toThrow(
    `x: ${path}: expected at most 2 bytes but the file has 3. Hint: cut it`,
  );
  withRegularFile('x', path, (file) => {
    appendFileSync(path, 'def');
    expect(file.size).toBe(3);
    truncateSync(path, 1);
    expect(readFully(file, new Uint8Array(3), 0)).toBe(1);
  });
});

it('a file for which there is no memory is told as that', () => {
  writeFileSync(path, 'abc');
  class Full extends Uint8Array {
    constructor(length: number) {
      super(length);
      throw new RangeError('Array buffer allocation failed');
    }
  }
  vi.stubGlobal('Uint8Array', Full);
  try {
    expect(errorOf(() => readRegularFile('x', path, 3, 'y'))).toMatchObject({
      code: 'ERR_ROWNET_RESOURCE',
      message: `x: ${path}: expected memory for 3 bytes (1 MiB) but the system gives no more. Hint: fewer images at a time`,
    });
    expect(errorOf(() => allocateImages(2, { size: [4, 4] }))).toMatchObject({ code: 'ERR_ROWNET_RESOURCE' });
  } finally {
    vi.unstubAllGlobals();
  }
});

it('a path with half a character is refused, which the system would take for another', () => {
  for (const call of [() => loadParams('a\ud800'), () => loadDataset('a\ud800', { resize: 'pad' })]) {
    expect(errorOf(call)).toMatchObject({
      code: 'ERR_ROWNET_DATA',
      message: expect.stringMatching(
        /: expected a path but received one with a lone surrogate: ".*a\\ud800"/,
      ),
    });
  }
});

it('an IDX file that changes while it is read: what grows is ignored, what shrinks is told', () => {
  const [height, width] = [512, 512];
  const bytes = Buffer.concat([bigEndian(0x803, 8, height, width), Buffer.alloc(8 * height * width)]);
  const read = (change: () => void) => {
    writeFileSync(path, bytes);
    let images = 0;
    readIdx(path, 'images', () => (part) => {
      if (images === 0) change();
      images += part.length / (height * width);
    });
    return images;
  };
  expect(read(() => appendFileSync(path, bytes))).toBe(8);
  expect(() => read(() => truncateSync(path, bytes.length - 1))).toThrow(
    `idx: ${path}: the file became shorter while it was read. Hint: try again`,
  );
});
