/** Class folders as people have them: spelled in many ways, with files of all kinds, and pictures of any size. */
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { preparePicture } from '../../../lib/data/preparation.js';
import { createResizer } from '../../../lib/data/resize.js';
import { greyPng } from '../images/image-files.js';
import { folderOf, levels, refuse } from './class-images.js';

describe('spellings', () => {
  it.each([
    ['Train', 'Test'],
    ['TRAIN', 'TEST'],
    ['Training', 'Validation'],
    ['train', 'VALID'],
  ])('%s and %s are splits', (train, test) => {
    const files = { 'a/1.png': 1, 'b/1.png': 2 };
    const folder = folderOf(
      Object.fromEntries(
        [train, test].flatMap((split) =>
          Object.entries(files).map(([name, grey]) => [`${split}/${name}`, grey]),
        ),
      ),
    );
    expect(loadDataset(folder).train.classNames).toEqual(['a', 'b']);
  });

  it('a class is one, composed or decomposed, and is shown composed', () => {
    const folder = folderOf({
      'train/Zoe\u0308/1.png': 1,
      'train/b/1.png': 2,
      'test/Zo\u00eb/1.png': 3,
      'test/b/1.png': 4,
    });
    const { train, test } = loadDataset(folder, { resize: 'none' });
    expect(train.classNames).toEqual(['Zo\u00eb', 'b']);
    expect(levels(train.images)).toEqual([1, 2]);
    expect(levels(test.images)).toEqual([3, 4]);
  });

  it('do not change the order of the labels', () => {
    const names = ['e\u0301', 'f', '\u00e9t'];
    const folder = folderOf(
      Object.fromEntries(
        names.flatMap((name, i) => ['train', 'test'].map((split) => [`${split}/${name}/1.png`, i])),
      ),
    );
    expect(loadDataset(folder).train.classNames).toEqual(['f', '\u00e9', '\u00e9t']);
  });

  // macOS takes both for one folder, and both cases of a letter.
  it.skipIf(process.platform === 'darwin').each([
    [
      { 'train/Zoe\u0308/1.png': 1, 'train/Zo\u00eb/1.png': 1, 'test/a/1.png': 1 },
      'data: F/train: expected one folder a class but two are called Zo\u00eb, composed and decomposed in Unicode. ' +
        'Hint: move the images of one into the other',
    ],
    [
      { 'train/a/1.png': 1, 'Train/a/1.png': 1, 'test/a/1.png': 1 },
      'data: F: expected one folder train but received Train and train. Hint: rename one',
    ],
  ])('that are the same twice are refused', (files, message) => {
    expect(refuse(folderOf(files))).toBe(message);
  });
});

describe('a class without a picture that can be read', () => {
  const webp = Buffer.from('x');
  const files = {
    'train/x/1.png': 1,
    'train/y/1.png': 2,
    'train/z/1.webp': webp,
    'train/z/2.WEBP': webp,
    'test/x/1.png': 3,
    'test/y/1.png': 4,
    'test/z/1.webp': webp,
    'test/z/a.gif': webp,
    'test/z/.DS_Store': webp,
  };

  it('is told, with what was skipped', () => {
    expect(refuse(folderOf(files))).toBe(
      'data: F/train/z: class z has no picture that can be read; ' +
        'skipped 4 files (3 .webp, 1 .gif), 1 hidden. Hint: save pictures as .png, .jpg or .jpeg, or leave such ' +
        'classes out (--skip-empty-classes, skipEmptyClasses)',
    );
  });

  it('is left out on demand, in both splits', () => {
    const folder = folderOf({ ...files, 'train/z/3.png': 5 });
    expect(refuse(folder)).toContain('F/test/z: class z has no picture that can be read; skipped');
    const { train, test, notes, skipped } = loadDataset(folder, { resize: 'none', skipEmptyClasses: true });
    expect([train.classNames, test.classNames, train.classes]).toEqual([['x', 'y'], ['x', 'y'], 2]);
    expect(levels(train.images)).toEqual([1, 2]);
    expect(skipped).toEqual({ '.webp': 3, '.gif': 1, hidden: 1 });
    expect(notes.slice(0, 2)).toEqual([
      'skipped 4 files (3 .webp, 1 .gif), 1 hidden',
      'class z is left out: it has no picture that can be read',
    ]);
  });

  it('without splits', () => {
    const share: Record<string, number | Buffer> = { 'z/1.txt': webp };
    for (const name of ['x', 'y']) for (let i = 0; i < 6; i += 1) share[`${name}/${i}.png`] = i;
    const folder = folderOf(share);
    expect(refuse(folder)).toContain(
      'F/z: class z has no picture that can be read; skipped 1 file (.txt). Hint',
    );
    expect(loadDataset(folder, { skipEmptyClasses: true }).train.classes).toBe(2);
    expect(refuse(folderOf({ 'z/1.txt': webp }))).toContain('no folders of images');
  });
});

describe('pictures of any size', () => {
  const drawing = (height: number, width: number) =>
    greyPng(
      width,
      height,
      Uint8Array.from({ length: height * width }, (_, i) => (i * 37) % 251),
    );
  const split = (name: string, sizes: readonly (readonly [number, number])[]) =>
    Object.fromEntries(sizes.map(([h, w], i) => [`${name}/${'ab'[i % 2]}/${i}.png`, drawing(h, w)]));
  const oneByOne = (height: number, width: number, method: 'pad' | 'fit' | 'stretch', to = 32) => {
    const grey = Uint8Array.from({ length: height * width }, (_, i) => (i * 37) % 251);
    const target = new Uint8Array(to * to);
    createResizer(method, { height, width }, { height: to, width: to })(grey, target);
    return target;
  };

  it('of one size are padded where they fit, else scaled', () => {
    const small = folderOf({
      ...split('train', [
        [20, 24],
        [20, 24],
      ]),
      ...split('test', [
        [20, 24],
        [20, 24],
      ]),
    });
    const padded = loadDataset(small);
    expect(padded.preparation).toEqual({ resize: 'pad', size: [32, 32], from: [20, 24] });
    expect(padded.train.images.subarray(0, 1024)).toEqual(oneByOne(20, 24, 'pad'));
    expect(padded.notes).toEqual([]);
    const large = folderOf({
      ...split('train', [
        [64, 64],
        [64, 64],
      ]),
      ...split('test', [
        [64, 64],
        [64, 64],
      ]),
    });
    const scaled = loadDataset(large);
    expect(scaled.preparation).toEqual({ resize: 'fit', size: [32, 32], from: [64, 64] });
    expect(scaled.train.images.subarray(1024)).toEqual(oneByOne(64, 64, 'fit'));
    expect(scaled.notes).toEqual(['4 pictures of 64x64 are scaled to fit into 32x32 (fit)']);
  });

  it('of several sizes are scaled each on its own', () => {
    const sizes = [
      [28, 28],
      [28, 28],
      [28, 28],
      [64, 32],
      [1, 1],
      [5000, 2],
    ] as const;
    const { train, preparation, notes } = loadDataset(
      folderOf({ ...split('train', sizes), ...split('test', sizes) }),
    );
    expect(preparation).toEqual({ resize: 'fit', size: [32, 32] });
    // In turns of the classes: a gets the even ones, b the odd ones.
    for (const [i, [height, width]] of sizes.entries()) {
      expect(train.images.subarray(1024 * i, 1024 * (i + 1)), `${i}`).toEqual(oneByOne(height, width, 'fit'));
    }
    expect(notes.slice(0, 1)).toEqual([
      '6 pictures of 28x28 and 6 of 3 other sizes are scaled to fit into 32x32 (fit)',
    ]);
  });

  it('in the test set alone follow those of the training', () => {
    const folder = folderOf({
      ...split('train', [
        [28, 28],
        [28, 28],
      ]),
      ...split('test', [
        [56, 56],
        [28, 28],
      ]),
    });
    const { test, preparation, notes } = loadDataset(folder);
    expect(preparation).toEqual({ resize: 'pad', size: [32, 32], from: [28, 28] });
    const between = oneByOne(56, 56, 'fit', 28);
    const expected = new Uint8Array(1024);
    createResizer('pad', { height: 28, width: 28 }, { height: 32, width: 32 })(between, expected);
    expect(test.images.subarray(0, 1024)).toEqual(expected);
    expect(notes).toEqual([
      '3 pictures of 28x28 and 1 of 1 other size are put in the middle of 32x32, by way of 28x28 (pad)',
    ]);
  });

  it('are prepared alone as in a set', () => {
    const sizes = [
      [28, 28],
      [28, 28],
    ] as const;
    const { train, preparation } = loadDataset(
      folderOf({ ...split('train', sizes), ...split('test', sizes) }),
    );
    const grey = Uint8Array.from({ length: 784 }, (_, i) => (i * 37) % 251);
    expect(preparePicture('images: x', { width: 28, height: 28, grey }, preparation)).toEqual(
      train.images.subarray(0, 1024),
    );
  });

  it('are turned where that is asked for', () => {
    const sizes = [
      [20, 30],
      [20, 30],
    ] as const;
    const folder = folderOf({ ...split('train', sizes), ...split('test', sizes) });
    const { train } = loadDataset(folder, { resize: 'none', transpose: true });
    expect(train.shape).toEqual([1, 30, 20]);
    expect(Array.from(train.images.subarray(0, 3))).toEqual([0, (30 * 37) % 251, (60 * 37) % 251]);
  });
});
