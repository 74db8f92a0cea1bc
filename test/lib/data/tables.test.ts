/** Data sets of CSV and npz files. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCsv, scanCsv } from '../../../lib/data/csv.js';
import { loadDataset } from '../../../lib/data/datasets.js';
import { literal, npy, pack } from '../formats/npz-files.js';
import { temporaryFolder } from './idx-files.js';
import { refusal } from '../../support/misuse.js';

const root = temporaryFolder();
let folders = 0;

function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(root, `tables-${folders++}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const refuse = (path: string, options: object = {}) =>
  refusal(() => loadDataset(path, { resize: 'none', ...options }));

/** Pictures of 2x2: row i has the label i % 3 and the pixels i, i + 1, i + 2, i + 3. */
const pixelsOf = (i: number) => [i, i + 1, i + 2, i + 3];
const rowsOf = (count: number, label = true) =>
  Array.from({ length: count }, (_, i) => [...(label ? [i % 3] : []), ...pixelsOf(i)].join(','));
const header = 'label,pixel0,pixel1,pixel2,pixel3';
const csv = (...lines: readonly string[]) => `${lines.join('\n')}\n`;
const pixels = (numbers: readonly number[]) => Uint8Array.from(numbers.flatMap(pixelsOf));

describe('a CSV file', () => {
  it.each([
    ['with a header', csv(header, ...rowsOf(13))],
    ['without', csv(...rowsOf(13))],
    ['with a byte order mark', `\ufeff${csv(...rowsOf(13))}`],
    ['with both', `\ufeff${csv(header, ...rowsOf(13))}`],
    ['of Windows', [header, ...rowsOf(13)].join('\r\n')],
    [
      'with blanks and empty lines',
      csv('', header, '', ...rowsOf(13).map((row) => ` ${row.replaceAll(',', ' , ')} `), ''),
    ],
    ['with a header in quotes', csv('"label","1x1","1x2","2x1","2x2"', ...rowsOf(13))],
    [
      'with the label behind',
      csv('a,b,c,d,label', ...Array.from({ length: 13 }, (_, i) => [...pixelsOf(i), i % 3].join(','))),
    ],
  ])('%s gives every sixth row to the test set', (_, text) => {
    const folder = folderOf({ 'digits.csv': text });
    const {
      train,
      test,
      notes,
      sha256,
      folder: found,
    } = loadDataset(join(folder, 'digits.csv'), { resize: 'none' });
    expect(train).toMatchObject({ name: 'digits', count: 11, classes: 3, shape: [1, 2, 2] });
    expect(train.images).toEqual(pixels([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 12]));
    expect([...train.labels]).toEqual([0, 1, 2, 0, 1, 0, 1, 2, 0, 1, 0]);
    expect(test.images).toEqual(pixels([5, 11]));
    expect([...test.labels]).toEqual([2, 2]);
    expect(notes).toEqual(['every sixth row of digits.csv is for testing']);
    expect(found).toBe(folder);
    expect(sha256).toEqual({ 'digits.csv': createHash('sha256').update(text).digest('hex') });
  });

  it('is read the same wherever its parts end', () => {
    // More than one part of 2^20 bytes.
    const rows = rowsOf(80_000).map((_, i) => [i % 3, ...pixelsOf(i % 252)].join(','));
    const path = join(folderOf({ 'a.csv': csv(header, ...rows) }), 'a.csv');
    const table = scanCsv(path);
    expect(table).toMatchObject({ rows: 80_000, side: 2, label: 0, columns: 5 });
    let next = 0;
    readCsv(table, (row, label, index, line) => {
      if (index !== next || label !== index % 3 || line !== index + 2 || row[0] !== index % 252)
        throw new Error(`${index}`);
      next += 1;
    });
    expect(next).toBe(80_000);
  });

  it('limits each split, and counts classes over all rows', () => {
    const folder = folderOf({ 'a.csv': csv(...rowsOf(30)) });
    const { train, test } = loadDataset(join(folder, 'a.csv'), { resize: 'none', limit: 2 });
    expect([train.count, test.count, train.classes]).toEqual([2, 2, 3]);
    expect(train.images).toEqual(pixels([0, 1]));
  });

  const first = '1,0,1,0,0';
  const number = 'expected a whole number from 0 to 255 but received';
  it.each([
    [`line 2, column 5: ${number} a number of more than 255`, csv(header, '1,0,0,0,256')],
    [`line 2, column 3: ${number} "."`, csv(first, '1,0,0.5,0,0')],
    [`line 2, column 1: ${number} "-"`, csv(first, '-1,0,0,0,0')],
    [`line 2, column 1: ${number} "c"`, csv(header, 'cat,0,0,0,0')],
    [`line 2, column 3: ${number} nothing`, csv(first, '1,0,,0,0')],
    [`line 2, column 3: ${number} "2"`, csv(first, '1,0,1 2,0,0')],
    ['line 2: expected 5 values, as in the first line, but received 4', csv(first, '1,0,0,0')],
    ['line 2: expected 5 values, as in the first line, but received more', csv(first, '1,0,0,0,0,0')],
    [`line 2, column 6: ${number} nothing`, csv(first, '1,0,0,0,0,')],
    // A cut row.
    [`line 2, column 4: ${number} nothing`, `${header}\n1,0,1,`],
    [
      'expected a label and a square number of pixels but received 4 columns, pixels alone',
      csv('1,0,1,0', '1,0,1,0', '1,0,1,0'),
    ],
    [
      'line 1: expected a label and a square number of pixels, such as 785 columns, but received 3',
      csv('1,0,1'),
    ],
    ['such as 785 columns, but received 1. Hint', csv('1;0;1;0;0', '1;0;1;0;0')],
    ['expected rows of numbers but there are none', csv(header)],
    ['expected rows of numbers but there are none', ''],
  ])('is refused: %s', (message, text) => {
    const folder = folderOf({ 'train.csv': text, 'test.csv': csv(header, ...rowsOf(3)) });
    expect(refuse(folder)).toContain(`csv: ${folder}/train.csv: `);
    expect(refuse(folder)).toContain(message);
    expect(refuse(folder)).toMatch(/Hint: \w/);
  });

  it.each(
    Object.entries({
      'expected at least 6 rows, every sixth of which is for testing, but received 5': rowsOf(5),
      'expected labels of two classes or more but all of them are 0': rowsOf(6).map((row) =>
        row.replace(/^\d/, '0'),
      ),
    }),
  )('%s', (message, rows) => {
    const path = join(folderOf({ 'a.csv': csv(...rows) }), 'a.csv');
    expect(refuse(path)).toContain(`csv: ${path}: ${message}`);
  });

  it('with a label that is no class of the net is refused', () => {
    const path = join(folderOf({ 'a.csv': csv(header, ...rowsOf(12)) }), 'a.csv');
    expect(refuse(path, { classes: 2 })).toContain('line 4: expected labels from 0 to 1 but received 2');
  });
});

describe('a folder of CSV files', () => {
  it.each([
    ['train.csv', 'test.csv', undefined],
    ['mnist_train.csv', 'mnist_test.csv', 'mnist'],
    ['Sign-Train.CSV', 'sign-test.csv', 'Sign'],
  ])('%s and %s', (train, test, name) => {
    const folder = folderOf({
      [train]: csv(header, ...rowsOf(7)),
      [test]: csv(header, ...rowsOf(3)),
      'sample_submission.csv': 'ImageId,Label\n1,0\n',
      'constrain.csv': 'of another kind\n',
    });
    const source = loadDataset(folder, { resize: 'none' });
    expect(source.train).toMatchObject({ count: 7, name: name ?? folder.split('/').at(-1) });
    expect(source.test.images).toEqual(pixels([0, 1, 2]));
    expect(source.notes).toEqual([]);
    expect(Object.keys(source.sha256)).toEqual([train, test]);
  });

  it('whose test file has no labels, as Kaggle has it, shares the training file', () => {
    const folder = folderOf({
      'train.csv': csv(header, ...rowsOf(12)),
      'test.csv': csv(header.replace('label,', ''), ...rowsOf(4, false)),
    });
    const { train, test, notes } = loadDataset(folder);
    expect([train.count, test.count]).toEqual([10, 2]);
    expect(notes).toEqual(['test.csv has no labels', 'every sixth row of train.csv is for testing']);
  });

  it('knows the classes of EMNIST and Fashion-MNIST by their names', () => {
    const folder = folderOf({
      'fashion-mnist_train.csv': csv(...rowsOf(12)),
      'fashion-mnist_test.csv': csv(...rowsOf(4)),
    });
    expect(loadDataset(folder).train.classNames?.[4]).toBe('coat');
    const letters = folderOf({
      'emnist-letters-train.csv': csv('26,1,2,3,4', ...rowsOf(11)),
      'emnist-letters-test.csv': csv(...rowsOf(4)),
    });
    const { train, notes } = loadDataset(letters, { resize: 'none' });
    expect([train.classNames?.[26], ...train.images.subarray(0, 4)]).toEqual(['z', 1, 3, 2, 4]);
    expect(notes[0]).toContain('turned upright');
  });

  it('asks which of several', () => {
    const folder = folderOf({
      'a_train.csv': csv(...rowsOf(12)),
      'b_train.csv': csv(...rowsOf(18)),
      'b_test.csv': csv(...rowsOf(2)),
    });
    expect(refuse(folder)).toContain(
      `expected one data set but received a_train.csv, b_train.csv. Hint: say which, as in ${folder}/a_train.csv`,
    );
    expect(loadDataset(join(folder, 'b')).test.count).toBe(2);
  });

  it('whose files do not belong together is refused', () => {
    const folder = folderOf({ 'train.csv': csv(...rowsOf(12)), 'test.csv': csv('1,2') });
    expect(refuse(folder)).toContain('test.csv: expected 5 columns, as in ');
  });
});

describe('an npz file', () => {
  const image = (count: number, descr = "'|u1'", shape = `(${count}, 2, 2)`) =>
    npy(literal(shape, descr), pixels(Array.from({ length: count }, (_, i) => i)));
  const labels = (count: number) =>
    npy(
      literal(`(${count},)`, "'|u1'"),
      Uint8Array.from({ length: count }, (_, i) => i % 3),
    );
  const keras = {
    'x_train.npy': image(7),
    'y_train.npy': labels(7),
    'x_test.npy': image(3),
    'y_test.npy': labels(3),
  };

  it.each([
    ['of Keras', keras, 0],
    [
      'of MedMNIST',
      {
        'train_images.npy': image(7),
        'train_labels.npy': npy(literal('(7, 1)', "'|u1'"), Uint8Array.from([0, 1, 2, 0, 1, 2, 0])),
        'val_images.npy': image(2),
        'test_images.npy': image(3, "'|u1'", '(3, 2, 2, 1)'),
        'test_labels.npy': labels(3),
      },
      9,
    ],
    [
      'of labels of eight bytes',
      {
        ...keras,
        'y_train.npy': npy(
          literal('(7,)', "'<i8'"),
          Buffer.from(BigInt64Array.from([0n, 1n, 2n, 0n, 1n, 2n, 0n]).buffer),
        ),
        'y_test.npy': npy(literal('(3,)', "'>i4'"), Buffer.from('000000000000000100000002', 'hex')),
      },
      6,
    ],
  ] as const)('%s', (_, members, level) => {
    const folder = folderOf({ 'mnist.npz': pack(members, { level: level as 0 }) });
    for (const path of [folder, join(folder, 'mnist.npz')]) {
      const { train, test, notes } = loadDataset(path, { resize: 'none' });
      expect(train).toMatchObject({ name: 'mnist', count: 7, classes: 3, shape: [1, 2, 2] });
      expect(train.images).toEqual(pixels([0, 1, 2, 3, 4, 5, 6]));
      expect([...train.labels]).toEqual([0, 1, 2, 0, 1, 2, 0]);
      expect(test.images).toEqual(pixels([0, 1, 2]));
      expect([...test.labels]).toEqual([0, 1, 2]);
      expect(notes).toEqual('val_images.npy' in members ? ['left out the arrays "val_images"'] : []);
    }
  });

  it.each(
    Object.entries({
      'expected the arrays x_train, y_train, x_test and y_test but received "x_train"': {
        'x_train.npy': image(7),
      },
      'but received none': {},
      'expected grey pictures (N, height, width) but received (1, 2, 2, 3)': {
        ...keras,
        'x_train.npy': npy(literal('(1, 2, 2, 3)', "'|u1'"), new Uint8Array(12)),
      },
      'expected integers but received "<f4"': {
        ...keras,
        'x_train.npy': npy(literal('(1, 1, 1)', "'<f4'"), new Uint8Array(4)),
      },
      'objects are pickled': { ...keras, 'y_test.npy': npy(literal('(3,)', "'|O'"), new Uint8Array(24)) },
      '"y_test": expected 3 labels, one a picture, but received the shape (4)': {
        ...keras,
        'y_test.npy': labels(4),
      },
      'expected a number from 0 to 255 but received -1 (index 1)': {
        ...keras,
        'y_test.npy': npy(literal('(3,)', "'|i1'"), Uint8Array.of(0, 255, 0)),
      },
      'expected a number from 0 to 255 but received 256 (index 1)': {
        ...keras,
        'y_test.npy': npy(literal('(3,)', "'<u2'"), Uint8Array.of(0, 0, 0, 1, 0, 0)),
      },
      'expected row-major order but received column-major': {
        ...keras,
        'x_test.npy': npy(literal('(3, 2, 2)', "'|u1'", 'True'), new Uint8Array(12)),
      },
      'expected 12 bytes for the shape (3, 2, 2) but received 11': {
        ...keras,
        'x_test.npy': npy(literal('(3, 2, 2)', "'|u1'"), new Uint8Array(11)),
      },
      'expected grey pictures': {
        ...keras,
        'x_test.npy': npy(literal('(0, 2, 2)', "'|u1'")),
        'y_test.npy': labels(0),
      },
    }),
  )('%s', (message, members) => {
    const path = join(folderOf({ 'a.npz': pack(members) }), 'a.npz');
    expect(refuse(path)).toContain(`npz: ${path}: `);
    expect(refuse(path)).toContain(message);
  });

  it('with a label that is no class of the net is refused', () => {
    const path = join(folderOf({ 'a.npz': pack(keras) }), 'a.npz');
    expect(refuse(path, { classes: 2 })).toContain(
      `npz: ${path}: "y_train": expected labels from 0 to 1 but received 2 for picture 2`,
    );
  });
});

it('asks which of several npz files', () => {
  expect(refuse(folderOf({ 'a.npz': '', 'b.npz': '' }))).toContain(
    'expected one data set but received a.npz, b.npz',
  );
});
