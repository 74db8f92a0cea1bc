import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { naturalOrder } from '../../../lib/data/folders.js';
import { greyPng } from '../images/image-files.js';
import { folderOf, levels, refuse } from './class-images.js';
import { writeFolder } from './idx-files.js';

describe('a folder of class folders', () => {
  it('has splits, and images taken from the classes in turns, in natural order', () => {
    const folder = folderOf({
      'train/1/b.png': 11,
      'train/1/a.png': 10,
      'train/0/10.png': 3,
      'train/0/2.png': 2,
      'train/0/1.PNG': 1,
      'train/10/a.png': 100,
      'test/0/a.png': 200,
      'test/1/a.png': 201,
      'test/10/a.png': 202,
    });
    const { train, test, folder: found } = loadDataset(folder, { resize: 'none' });
    expect(found).toBe(folder);
    expect(train).toMatchObject({
      name: folder.split('/').at(-1),
      count: 6,
      shape: [1, 4, 4],
      classes: 3,
      classNames: ['0', '1', '10'],
    });
    expect([...train.labels]).toEqual([0, 1, 2, 0, 1, 0]);
    expect(levels(train.images)).toEqual([1, 10, 100, 2, 11, 3]);
    expect(test).toMatchObject({ count: 3, classes: 3, classNames: ['0', '1', '10'] });
    expect([...test.labels]).toEqual([0, 1, 2]);
    expect(levels(test.images)).toEqual([200, 201, 202]);
  });

  it.each([
    ['train', 'testing'],
    ['training', 'val'],
    ['training', 'validation'],
  ])('may call them %s and %s', (train, test) => {
    const folder = folderOf({
      [`${train}/a/1.png`]: 1,
      [`${train}/b/1.png`]: 2,
      [`${test}/a/1.png`]: 3,
      [`${test}/b/1.png`]: 4,
    });
    expect(levels(loadDataset(folder, { resize: 'none' }).test.images)).toEqual([3, 4]);
  });

  it('prefers test to val', () => {
    const folder = folderOf({
      'train/a/1.png': 1,
      'train/b/1.png': 2,
      'val/a/1.png': 3,
      'test/a/1.png': 4,
      'test/b/1.png': 5,
    });
    expect(levels(loadDataset(folder, { resize: 'none' }).test.images)).toEqual([4, 5]);
  });

  it('without splits gives every sixth image to the test set', () => {
    const files: Record<string, number> = {};
    for (let i = 1; i <= 13; i += 1) files[`cats/${i}.png`] = i;
    for (let i = 1; i <= 6; i += 1) files[`dogs/${i}.png`] = 100 + i;
    const { train, test } = loadDataset(folderOf(files), { resize: 'none' });
    expect(test.classNames).toEqual(['cats', 'dogs']);
    expect(levels(test.images)).toEqual([6, 106, 12]);
    expect([...test.labels]).toEqual([0, 1, 0]);
    expect(levels(train.images)).toEqual([1, 101, 2, 102, 3, 103, 4, 104, 5, 105, 7, 8, 9, 10, 11, 13]);
  });

  it('skips what is hidden and what is no image by its name, and counts it', () => {
    const folder = folderOf({
      'train/a/1.png': 1,
      'train/a/.2.png': Buffer.from('x'),
      'train/a/Thumbs.db': Buffer.from('x'),
      'train/a/more/3.png': 3,
      'train/b/1.png': 2,
      'train/.c/1.png': 3,
      'train/notes.txt': Buffer.from('x'),
      'test/a/1.png': 4,
      'test/b/1.png': 5,
      '.hidden/1.png': 6,
    });
    symlinkSync(join(folder, 'nowhere'), join(folder, 'train', 'd'));
    const { train, notes, skipped } = loadDataset(folder, { resize: 'none' });
    expect(levels(train.images)).toEqual([1, 2]);
    expect(skipped).toEqual({ hidden: 2, folders: 1 });
    expect(notes[0]).toBe('skipped 1 folder in class folders, 2 hidden');
  });

  it('follows links, and takes JPEGs beside PNGs', () => {
    const jpeg = encode({ width: 4, height: 4, data: new Uint8Array(64).fill(120) }, 100).data;
    const folder = folderOf({ 'a/1.png': 1, 'b/1.png': 2, 'b/2.jpg': jpeg, 'b/3.JPEG': jpeg });
    const other = folderOf({});
    mkdirSync(other);
    for (const split of ['train', 'test']) symlinkSync(folder, join(other, split));
    expect(levels(loadDataset(other, { resize: 'none' }).train.images)).toEqual([1, 2, 120, 120]);
  });

  it('is resized as IDX files are', () => {
    const folder = folderOf({ 'train/a/1.png': 9, 'train/b/1.png': 8, 'test/a/1.png': 7, 'test/b/1.png': 6 });
    const { train, test } = loadDataset(folder, { resize: 'pad' });
    expect(train.shape).toEqual([1, 32, 32]);
    expect(train.images).toEqual(Uint8Array.from({ length: 2048 }, (_, i) => (i < 1024 ? 9 : 8)));
    expect(test.images[1024 + 17 * 32 + 17]).toBe(6);
    expect(loadDataset(folder, { resize: 'bilinear', size: 3 }).train.images).toEqual(
      Uint8Array.from({ length: 18 }, (_, i) => (i < 9 ? 9 : 8)),
    );
  });

  it('with a limit has images of every class, and the checksums of all', () => {
    const folder = folderOf({
      'train/a/1.png': 1,
      'train/a/2.png': 2,
      'train/b/1.png': 3,
      'test/a/1.png': 4,
      'test/b/1.png': 5,
    });
    const all = loadDataset(folder, { resize: 'none' });
    const some = loadDataset(folder, { resize: 'none', limit: 2 });
    expect([some.train.count, some.test.count]).toEqual([2, 2]);
    expect(levels(some.train.images)).toEqual([1, 3]);
    expect(some.sha256).toEqual(all.sha256);
  });

  it('has a checksum a split, over names and contents', () => {
    const files = { 'train/a/1.png': 1, 'train/b/1.png': 3, 'test/a/1.png': 4, 'test/b/1.png': 5 };
    const folder = folderOf(files);
    const { sha256 } = loadDataset(folder, { resize: 'none' });
    const hash = createHash('sha256');
    for (const name of ['a/1.png', 'b/1.png']) {
      const bytes = readFileSync(join(folder, 'train', name));
      hash.update(`${name}\0${bytes.length}\0`).update(bytes);
    }
    expect(sha256.train).toBe(hash.digest('hex'));
    const renamed = loadDataset(folderOf({ ...files, 'train/b/1.png': 3, 'test/a/2.png': 4 }), {
      resize: 'none',
    });
    expect(renamed.sha256.train).toBe(sha256.train);
    expect(renamed.sha256.test).not.toBe(sha256.test);
    const changed = loadDataset(folderOf({ ...files, 'train/b/1.png': 2 }), { resize: 'none' });
    expect(changed.sha256.train).not.toBe(sha256.train);
  });

  it('is not looked for beside IDX files', () => {
    const folder = folderOf({ 'a/1.png': 1 });
    writeFolder(folder);
    expect(loadDataset(folder, { resize: 'none' }).train.classNames).toBeUndefined();
  });
});

describe('class folders that are refused', () => {
  const good = { 'train/a/1.png': 1, 'train/b/1.png': 2, 'test/a/1.png': 3, 'test/b/1.png': 4 };

  it.each<readonly [string, Readonly<Record<string, number | Buffer>>, string]>([
    [
      'one split',
      { 'train/a/1.png': 1 },
      'data: F: expected a folder train and a folder test but received train alone. ' +
        'Hint: with class folders alone, every sixth image is for testing',
    ],
    [
      'other classes in the test set',
      { ...good, 'train/c/1.png': 1, 'test/d/1.png': 1 },
      'data: F: expected the same classes in train and test but c is in train alone, d is in test alone. ' +
        'Hint: a class needs images in both',
    ],
    [
      'one class',
      { 'train/a/1.png': 1, 'test/a/1.png': 1 },
      'data: F/train: expected 2 to 256 folders of images, one a class, but received 1. Hint: images are .png, .jpg or .jpeg',
    ],
    [
      'empty splits',
      { 'train/a.png': 1, 'test/b.png': 1 },
      'data: F/train: expected 2 to 256 folders of images, one a class, but received 0. Hint: images are .png, .jpg or .jpeg',
    ],
    [
      'too few images to share',
      { ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((i) => [`a/${i}.png`, i])), 'b/1.png': 1 },
      'data: F/b: expected at least 6 images, every sixth of which is for testing, but received 1. ' +
        'Hint: or make a folder train and a folder test',
    ],
    [
      'images of several sizes',
      { ...good, 'train/b/1.png': greyPng(4, 5, new Uint8Array(20)) },
      'images: F/train/b/1.png: expected 4x4, as the others, but received 5x4. ' +
        'Hint: --resize fit brings images of any size to one',
    ],
    [
      'another size in the test set',
      { ...good, 'test/a/1.png': greyPng(5, 4, new Uint8Array(20)) },
      'images: F/test/a/1.png: expected 4x4, as the others, but received 4x5. ' +
        'Hint: --resize fit brings images of any size to one',
    ],
    [
      'a damaged image',
      { ...good, 'test/b/1.png': Buffer.from('no image') },
      'images: F/test/b/1.png: expected a PNG or JPEG but received a file that starts with 6e6f2069. Hint: save it as a PNG',
    ],
  ])('%s', (_, files, message) => {
    expect(refuse(folderOf(files))).toBe(message);
  });

  it('more classes than labels', () => {
    const files: Record<string, number> = {};
    for (let i = 0; i < 257; i += 1)
      for (const split of ['train', 'test']) files[`${split}/${i}/1.png`] = i % 256;
    const folder = folderOf(files);
    expect(refuse(folder)).toContain('expected 2 to 256 folders of images, one a class, but received 257');
    for (const split of ['train', 'test']) rmSync(join(folder, split, '256'), { recursive: true });
    const { train } = loadDataset(folder, { resize: 'none' });
    expect([train.classes, train.labels[255], train.classNames?.[255]]).toEqual([256, 255, '255']);
  });

  // macOS has no such names.
  it.skipIf(process.platform === 'darwin')('a class whose name is no UTF-8, which would be lost', () => {
    const files: Record<string, number> = {};
    for (const name of ['a', 'b']) for (let i = 0; i < 6; i += 1) files[`${name}/${i}.png`] = i;
    const folder = folderOf({ ...files, '\ufffd.txt': 0 });
    const odd = (name: string) =>
      Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9), Buffer.from(name)]);
    writeFileSync(odd('.txt'), 'no folder, so that it is ignored');
    expect(loadDataset(folder, { resize: 'none' }).train.classes).toBe(2);
    mkdirSync(odd(''));
    expect(refuse(folder)).toBe(
      'data: F: expected names in UTF-8 but received "caf\ufffd". Hint: rename this folder',
    );
  });

  it('another number of classes than asked for', () => {
    const folder = folderOf(good);
    expect(refuse(folder, { classes: 10 })).toBe(
      'data: F: expected 10 classes but received 2: a, b. Hint: pass the folder of the classes that the net knows',
    );
    expect(loadDataset(folder, { resize: 'none', classes: 2 }).train.classes).toBe(2);
  });

  it('images that are too large to pad', () => {
    const wide = greyPng(33, 1, new Uint8Array(33));
    const folder = folderOf(Object.fromEntries(Object.keys(good).map((name) => [name, wide])));
    expect(refuse(folder, { resize: 'pad' })).toBe(
      'images: F/train/a/1.png: an image of 1x33: resize: pad: expected a size of at least 1x33 but received 32x32. ' +
        "Hint: use 'fit'",
    );
  });
});

it('natural order', () => {
  const sorted = ['', '0', '00', '1', '1a', '2', '10', '10a2', '10a10', 'B', 'a', 'a1', 'a01b', 'a1c', 'a2'];
  const random = sorted.toReversed();
  expect(random.sort(naturalOrder)).toEqual(sorted);
  for (const a of sorted) for (const b of sorted) expect(naturalOrder(a, b) + naturalOrder(b, a)).toBe(0);
  expect(['99999999999999999999', '100000000000000000000'].sort(naturalOrder)[0]).toBe(
    '99999999999999999999',
  );
});
