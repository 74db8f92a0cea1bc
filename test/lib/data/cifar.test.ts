/** CIFAR-10 in its binary version: a small set of the same form, and what is wrong with files. */
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { cifar10 } from '../../../lib/data/known-sets.js';
import { setFiles } from '../../../lib/data/set-files.js';
import { untar } from '../../../lib/formats/tar.js';
import { asGrey } from '../../../lib/images/colour.js';
import { cifarBatch, cifarNames, cifarRecord, packCifar, writeCifar } from '../../support/cifar.js';
import { messageOf, refusal } from '../../support/misuse.js';
import { hasTool } from '../../support/native.js';
import { temporaryFolder } from './idx-files.js';

const root = temporaryFolder();
const batch = 20;
let folders = 0;
function newFolder(replaced: Parameters<typeof writeCifar>[2] = {}): string {
  const folder = join(root, `set-${folders++}`, 'cifar-10-batches-bin');
  writeCifar(folder, batch, replaced);
  return folder;
}
const plain = newFolder();
const small = '6 of the 6 batches have not 10000 pictures: data_batch_1.bin has 20';

describe('the files', () => {
  it('give planes, labels and the names of the classes', () => {
    const { train, test, preparation, notes, sha256 } = loadDataset(plain);
    expect(train).toMatchObject({ name: 'cifar10', count: 100, shape: [3, 32, 32], classes: 10 });
    expect([test.count, train.classNames]).toEqual([20, cifarNames]);
    expect(preparation).toEqual({ resize: 'pad', size: [32, 32], from: [32, 32], colour: true });
    for (let i = 0; i < 100; i += 1) {
      const [number, at] = [1 + Math.floor(i / batch), i % batch];
      const record = cifarRecord((at + number) % 10, 1000 * number + at);
      expect([train.labels[i], ...train.images.subarray(3072 * i, 3072 * (i + 1))]).toEqual([...record]);
    }
    expect(notes).toEqual([small]);
    expect(Object.keys(sha256).length).toBe(7);
  });

  it('are found by name, in the folder that the archive has them in', () => {
    const env = { ROWNET_DATA_DIR: join(root, 'named') };
    const missing = messageOf(() => loadDataset('cifar10', { env: { ...env, XDG_CACHE_HOME: root } }));
    expect(missing).toContain('CIFAR-10 is in none of: $ROWNET_DATA_DIR/cifar10 (');
    expect(missing).toContain(
      'Hint: run `rownet data get cifar10`, or pass a folder with cifar-10-binary.tar.gz',
    );
    cpSync(dirname(plain), join(root, 'named', 'cifar10'), { recursive: true });
    const { train, folder } = loadDataset('cifar10', { env, limit: 30 });
    expect([folder, train.count]).toEqual([join(root, 'named/cifar10/cifar-10-batches-bin'), 30]);
  });

  it('are resized, limited, transposed, or made grey as Rec. 601 has it', () => {
    const { train } = loadDataset(plain);
    const { train: small_, test } = loadDataset(plain, { size: 40, limit: 7 });
    expect([small_.shape, small_.count, test.count]).toEqual([[3, 40, 40], 7, 7]);
    const turned = loadDataset(plain, { transpose: true, limit: 1 }).train.images;
    expect(turned[32 * 5 + 9]).toBe(train.images[32 * 9 + 5]);
    const grey = loadDataset(plain, { colour: false });
    expect(grey.train.shape).toEqual([1, 32, 32]);
    const rgb = train.images.slice(0, 3072);
    expect([...grey.train.images.subarray(0, 1024)]).toEqual([
      ...asGrey({ width: 32, height: 32, rgb }).grey,
    ]);
    expect(grey.notes.at(-1)).toContain('grey values');
    expect(refusal(() => loadDataset(plain, { classes: 3 }))).toContain(
      'expected 3 classes but CIFAR-10 has 10',
    );
  });

  const cut = cifarBatch(2, batch).subarray(0, 3073 * 7 + 100);
  const labelled = Buffer.from(cifarBatch(3, batch));
  labelled[3073 * 4] = 10;
  it.each([
    [
      'a batch that is cut',
      { 'data_batch_2.bin': cut },
      'data_batch_2.bin: expected records of 3073 bytes, a label and 3072 of a picture, but received 21611 bytes, which is 7 records and 100 bytes',
    ],
    ['an empty batch', { 'test_batch.bin': new Uint8Array(0) }, 'but received 0 bytes'],
    [
      'a label that is none',
      { 'data_batch_3.bin': labelled },
      'data_batch_3.bin: expected labels from 0 to 9 but received 10 for picture 4 (byte 12292)',
    ],
    [
      'a batch that is missing',
      { 'data_batch_4.bin': undefined, 'batches.meta.txt': undefined },
      'expected the files of CIFAR-10 but these are missing: data_batch_4.bin, batches.meta.txt. Hint: cifar-10-binary.tar.gz holds them all',
    ],
    [
      'too few names',
      { 'batches.meta.txt': Buffer.from('cat\ndog\n') },
      'expected the names of 10 classes, one a line, but received 2',
    ],
    [
      'equal names',
      { 'batches.meta.txt': Buffer.from('cat\n'.repeat(10)) },
      'received 10, of which some are equal',
    ],
  ])('with %s are refused', (_, replaced, text) => {
    const message = refusal(() => loadDataset(newFolder(replaced)));
    expect(message).toContain(text);
    expect(message).toMatch(/\. Hint: \w/);
  });

  it('of the version for Python are told', () => {
    const folder = join(root, 'python');
    mkdirSync(join(folder, 'cifar-10-batches-py'), { recursive: true });
    expect(refusal(() => loadDataset(folder))).toContain('expected CIFAR-10 in its binary version');
  });
});

describe.skipIf(!hasTool('tar'))('the archive (needs tar)', () => {
  const archive = packCifar(plain);

  it('is read as it is, with the data of its files', () => {
    const place = join(root, 'archive');
    mkdirSync(place);
    renameSync(archive, join(place, 'cifar-10-binary.tar.gz'));
    const files = loadDataset(plain);
    for (const path of [place, join(place, 'cifar-10-binary.tar.gz')]) {
      const { train, test, sha256, folder } = loadDataset(path);
      expect({ train, test, sha256 }).toEqual({ train: files.train, test: files.test, sha256: files.sha256 });
      expect(folder).toBe(place);
    }
  });

  it('is that of CIFAR-10 alone where it is asked for by name', () => {
    const env = { ROWNET_DATA_DIR: join(root, 'archive') };
    expect(refusal(() => loadDataset('cifar10', { env }))).toContain(
      'cifar-10-binary.tar.gz: expected MD5 of the file c32a1d4ab5d03f1284b67883e8d87530 but received ',
    );
    const [file] = setFiles(cifar10);
    expect(messageOf(() => file.checkFile(join(root, 'archive/cifar-10-binary.tar.gz')))).toContain(
      'expected MD5',
    );
  });

  it('that is cut or damaged anywhere is refused', () => {
    const packed = readFileSync(join(root, 'archive', 'cifar-10-binary.tar.gz'));
    const tar = gunzipSync(packed);
    const damaged = (change: (bytes: Buffer) => Buffer) => {
      const path = join(root, `damaged-${folders++}`);
      mkdirSync(path);
      writeFileSync(join(path, 'cifar-10-binary.tar.gz'), change(Buffer.from(packed)));
      return refusal(() => loadDataset(path));
    };
    expect(damaged((bytes) => bytes.subarray(0, 900))).toMatch(/gzip/);
    expect(damaged((bytes) => bytes.subarray(0, 3))).toMatch(/gzip/);
    expect(damaged(() => gzipSync(tar.subarray(0, 40_000)))).toMatch(/which is more than the archive holds/);
    expect(damaged(() => gzipSync(tar.subarray(0, 700)))).toMatch(
      /the archive ends at byte 700, within a header/,
    );
    const other = Buffer.from(tar);
    other[3] ^= 1;
    expect(damaged(() => gzipSync(other))).toMatch(/the checksum of the header at byte 0 is \d+, but/);
    const size = Buffer.from(tar);
    size.write('99z', 124);
    expect(damaged(() => gzipSync(size))).toMatch(/checksum|octal/);
    const without = newFolder({ 'test_batch.bin': undefined });
    expect(damaged(() => readFileSync(packCifar(without)))).toMatch(
      /expected the file test_batch\.bin in the archive but it holds .*data_batch_1\.bin/,
    );
  });
});

it('an archive without a file, and one with a long name', () => {
  expect(untar('x', new Uint8Array(1024))).toEqual([]);
  const header = Buffer.alloc(512);
  header.write('name');
  header.write('00000000003\0', 124);
  header.write('prefix/of/it', 345);
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const bytes = Buffer.concat([header, Buffer.from('abc'), Buffer.alloc(509 + 1024)]);
  expect(untar('x', bytes).map((file) => [file.name, Buffer.from(file.bytes).toString()])).toEqual([
    ['prefix/of/it/name', 'abc'],
  ]);
  header.write('9', 124);
  expect(refusal(() => untar('x', bytes.fill('?', 124, 125)))).toMatch(/checksum/);
});
