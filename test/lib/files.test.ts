import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { loadDataset } from '../../lib/data/datasets.js';
import { readIdx } from '../../lib/data/idx.js';
import { DataError } from '../../lib/errors.js';
import { readFully, readRegularFile, withRegularFile } from '../../lib/files.js';
import { loadParams } from '../../lib/formats/params.js';
import { temporaryFolder } from '../support/cli.js';
import { bigEndian } from './data/idx-files.js';

const folder = temporaryFolder();
afterAll(folder.remove);
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
