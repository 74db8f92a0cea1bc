/** What IDX files may be besides those of MNIST: of other sizes, and EMNIST's. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { createResizer } from '../../../lib/data/resize.js';
import { createScaler } from '../../../lib/data/scale.js';
import { imagesFile, labelsFile, setFolders } from './idx-files.js';
import { refusal } from '../../support/misuse.js';

const { root, folderWith } = setFolders();
let folders = 0;
describe('sizes of IDX files', () => {
  it.each([
    [{}, 28, 28, 'pad', [1, 32, 32]],
    [{}, 64, 48, 'fit', [1, 32, 32]],
    [{ size: [40, 48] as const }, 28, 28, 'pad', [1, 40, 48]],
    [{ size: 20 }, 28, 28, 'fit', [1, 20, 20]],
    [{ resize: 'stretch' as const, size: [8, 9] as const }, 28, 28, 'stretch', [1, 8, 9]],
    [{ resize: 'none' as const }, 5, 7, 'none', [1, 5, 7]],
  ])('%j of %d x %d by %s', (options, height, width, method, shape) => {
    const { train, test, preparation } = loadDataset(folderWith({ height, width }), options);
    expect(train.shape).toEqual(shape);
    expect(test.shape).toEqual(shape);
    expect(preparation).toEqual({ resize: method, size: shape.slice(1), from: [height, width] });
  });

  it('as another set was prepared', () => {
    const { preparation } = loadDataset(folderWith());
    const large = loadDataset(folderWith({ height: 56, width: 56 }), { preparation });
    expect(large.preparation).toBe(preparation);
    const half = createScaler({ height: 56, width: 56 }, { height: 28, width: 28 });
    const [first] = [new Uint8Array(784)];
    half(imagesFile(1, 56, 56).subarray(16), 0, first);
    const padded = new Uint8Array(1024);
    createResizer('pad', { height: 28, width: 28 }, { height: 32, width: 32 })(first, padded);
    expect(large.train.images.subarray(0, 1024)).toEqual(padded);
  });

  it('say what is done where it is not the usual', () => {
    expect(loadDataset(folderWith()).notes).toEqual([]);
    expect(loadDataset(folderWith({ height: 64, width: 64 })).notes).toEqual([
      '17 pictures of 64x64 are scaled to fit into 32x32 (fit)',
    ]);
  });
});

describe('EMNIST, by the names of its files', () => {
  const pixels = imagesFile(12, 28, 28).subarray(16);

  function emnist(split: string, labels: readonly number[], folder = folderWith()): string {
    for (const [part, count] of [['train', 12] as const, ['test', 5] as const]) {
      const numbers = Array.from({ length: count }, (_, i) => labels[i % labels.length]);
      writeFileSync(join(folder, `emnist-${split}-${part}-images-idx3-ubyte`), imagesFile(count, 28, 28));
      writeFileSync(join(folder, `emnist-${split}-${part}-labels-idx1-ubyte`), labelsFile(numbers));
    }
    return folder;
  }

  const empty = () => {
    const folder = join(root, `emnist-${folders++}`);
    mkdirSync(folder);
    return folder;
  };

  it('is found, turned upright and named', () => {
    const source = loadDataset(emnist('letters', [1, 26], empty()), { resize: 'none' });
    const { train, notes } = source;
    expect(train.name).toBe('emnist-letters');
    expect([train.classes, train.classNames?.[1], train.classNames?.[26]]).toEqual([27, 'a', 'z']);
    for (let y = 0; y < 28; y += 1) {
      for (let x = 0; x < 28; x += 1) expect(train.images[784 + x * 28 + y]).toBe(pixels[784 + y * 28 + x]);
    }
    expect(notes).toEqual([
      'by their names these are files of EMNIST, whose rows are stored as columns: they are turned upright ' +
        '(--transpose no leaves them)',
      expect.stringMatching(
        /^no training picture has classes 0 \(N\/A\), 2 \(b\), .* and 17 more: the net has 27 outputs/,
      ),
    ]);
    const left = loadDataset(source.folder, { resize: 'none', transpose: false });
    expect(Buffer.from(left.train.images)).toEqual(pixels);
    expect(left.notes).toHaveLength(1);
    expect(loadDataset(folderWith(), { resize: 'none', transpose: true }).train.images).toEqual(train.images);
  });

  it('turns pictures that are not square', () => {
    const options = { resize: 'none', transpose: true } as const;
    const { train } = loadDataset(folderWith({ height: 3, width: 7 }), options);
    expect(train.shape).toEqual([1, 7, 3]);
    const source = imagesFile(1, 3, 7).subarray(16);
    expect(Array.from(train.images.subarray(0, 4))).toEqual([source[0], source[7], source[14], source[1]]);
  });

  it.each([
    ['balanced', 47, 46, 't'],
    ['bymerge', 47, 46, 't'],
    ['byclass', 62, 61, 'z'],
    ['digits', 10, 9, undefined],
  ])('%s has %d classes', (split, classes, last, name) => {
    const { train } = loadDataset(emnist(split, [0, last], empty()));
    expect([train.classes, train.classNames?.[last]]).toEqual([classes, name]);
  });

  it('asks which of several sets in one folder', () => {
    const folder = emnist('digits', [0, 9], emnist('letters', [1, 26], empty()));
    expect(refusal(() => loadDataset(folder))).toBe(
      `data: ${folder}: expected four files but received those of 2 sets: emnist-digits, emnist-letters. ` +
        `Hint: say which, as in ${folder}/emnist-digits`,
    );
    expect(loadDataset(join(folder, 'emnist-letters')).train.name).toBe('emnist-letters');
    expect(refusal(() => loadDataset(join(folder, 'emnist-balanced')))).toContain(
      'a path where there is none',
    );
  });

  it('stands back behind files without a prefix', () => {
    expect(loadDataset(emnist('letters', [1, 26])).train.classes).toBe(10);
  });

  it('lacks files by their names', () => {
    const folder = emnist('letters', [1, 26], empty());
    rmSync(join(folder, 'emnist-letters-test-labels-idx1-ubyte'));
    expect(refusal(() => loadDataset(folder))).toContain('missing: emnist-letters-t10k-labels-idx1-ubyte');
  });
});
