import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvOptions, datasetFromCsv } from '../../../lib/data/csv-table.js';
import { iris } from '../../../lib/data/small-sets.js';
import { itRefuses, RANGE, refusal, TYPE, wrong } from '../../support/misuse.js';
import { temporaryFolder } from './idx-files.js';

const folder = temporaryFolder();
let files = 0;
const fileOf = (contents: string | Uint8Array) => {
  const path = join(folder, `table-${files++}.csv`);
  writeFileSync(path, contents);
  return path;
};

const flowers = 'length,species,width\n5.1,setosa,3.5\n7,virginica,-.25\n6e1,setosa,+2.\n';

describe('datasetFromCsv', () => {
  it('has the label column as classes in order, and all others as features', () => {
    expect(datasetFromCsv(flowers, { label: 'species' })).toEqual({
      name: 'csv',
      images: Float32Array.of(5.1, 3.5, 7, -0.25, 60, 2),
      labels: Uint8Array.of(0, 1, 0),
      classes: 2,
      classNames: ['setosa', 'virginica'],
      count: 3,
      shape: [2],
    });
  });

  it('has the columns of values and features in the order that is asked for', () => {
    const options = { label: 'species', values: ['width', 'length'] };
    const text = 'a,length,species,width\n0,5,x,3\n1,7,y,4\n';
    const both = datasetFromCsv(text, options);
    expect([...both.images]).toEqual([0, 1]);
    expect([...(both.values ?? [])]).toEqual([3, 5, 4, 7]);
    const some = datasetFromCsv(text, { values: ['width'], features: ['length', 'a'] });
    expect([...some.images]).toEqual([5, 0, 7, 1]);
    expect([...some.values]).toEqual([3, 4]);
    expect(some).not.toHaveProperty('labels');
    expect(datasetFromCsv('a,b\n1,2\n')).not.toHaveProperty('values');
  });

  it('orders classes that are numbers by their numbers, and takes those of another table', () => {
    expect(datasetFromCsv('x,y\n0,10\n0,9\n0,-1\n', { label: 'y' }).classNames).toEqual(['-1', '9', '10']);
    const { classNames = [] } = datasetFromCsv('x,y\n0,a\n0,b\n0,c\n', { label: 'y' });
    const test = datasetFromCsv('x,y\n0,c\n0,b\n', { label: 'y', classNames });
    expect(test).toMatchObject({ labels: Uint8Array.of(2, 1), classes: 3, classNames });
  });

  it.each<[string, string, CsvOptions]>([
    ['CRLF', flowers.replaceAll('\n', '\r\n'), {}],
    ['a byte order mark', `\ufeff${flowers}`, {}],
    ['quoted cells', flowers.replace(/[^,\n]+/g, '"$&"'), {}],
    ['spaces and empty lines', flowers.replaceAll(',', ' , ').replaceAll('\n', '\n\n'), {}],
    ['another delimiter', flowers.replaceAll(',', ';'), { delimiter: ';' }],
    ['tabs', flowers.replaceAll(',', '\t'), { delimiter: '\t' }],
    ['no line break at the end', flowers.trimEnd(), {}],
  ])('reads %s, as a text and from a file', (_, text, options) => {
    const expected = datasetFromCsv(flowers, { label: 'species' });
    expect(datasetFromCsv(text, { label: 'species', ...options })).toEqual(expected);
    const path = fileOf(text);
    const { name, ...rest } = datasetFromCsv(path, { label: 'species', ...options });
    expect({ ...rest, name: 'csv' }).toEqual(expected);
    expect(path).toContain(`${name}.csv`);
  });

  it('reads delimiters, quotes and line breaks in quotes', () => {
    const text = 'x,"the ""class"", quoted"\n1,"a, b"\n2,"c\nd"\n';
    const { classNames } = datasetFromCsv(text, { label: 'the "class", quoted' });
    expect(classNames).toEqual(['a, b', 'c\nd']);
  });

  it('gives iris back', () => {
    const { images, labels, classNames = [] } = iris();
    const lines = Array.from(labels, (label, i) =>
      [...images.subarray(4 * i, 4 * i + 4), classNames[label]].join(),
    );
    const read = datasetFromCsv(['a,b,c,d,species', ...lines].join('\n'), { label: 'species' });
    expect({ ...read, name: 'iris' }).toEqual(iris());
  });

  it('gives back any numbers and classes that were written', () => {
    const cell = fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => (x === 0 ? 0 : x));
    const name = fc.string({ minLength: 1 }).filter((text) => text.trim() === text && text !== '\ufeff');
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, name, cell), { minLength: 1, maxLength: 9 }), (rows) => {
        const quoted = rows.map(([a, text, b]) => `${a},"${text.replaceAll('"', '""')}",${b}`);
        const read = datasetFromCsv(`a,label,b\n${quoted.join('\n')}`, { label: 'label' });
        expect([...read.images]).toEqual(rows.flatMap(([a, , b]) => [a, b]));
        expect(Array.from(read.labels, (label) => read.classNames?.[label])).toEqual(rows.map(([, c]) => c));
      }),
    );
  });
});

describe('a table that is none', () => {
  const cell = 'fill it in, or leave out the row or, by features, the column';
  const number =
    'features names the columns that are numbers, label the one of the classes; decimals have a point';
  it.each<[string, string, CsvOptions, string]>([
    [
      'a missing cell',
      'a,b\n1,2\n3,\n',
      {},
      `line 3, column 2 ("b"): expected a finite number but received an empty cell. Hint: ${cell}`,
    ],
    ...['x', 'NaN', 'Infinity', '1e39', '0x10', '1 2', '"1,5"'].map(
      (text): [string, string, CsvOptions, string] => [
        `the number ${text}`,
        `a,b\n\n1,${text}\n`,
        {},
        `line 3, column 2 ("b"): expected a finite number but received ${JSON.stringify(text.replaceAll('"', ''))}. ` +
          `Hint: ${number}`,
      ],
    ),
    [
      'a missing class',
      'a,b\n1,\n',
      { label: 'b' },
      'line 2, column 2 ("b"): expected a class but received an empty cell. Hint: fill it in, or leave out the row',
    ],
    [
      'a class that is not among those given',
      'a,b\n1,x\n2,z\n',
      { label: 'b', classNames: ['x', 'y'] },
      'line 3, column 2 ("b"): expected one of the classNames but received "z". Hint: they are "x", "y"',
    ],
    [
      'a column name that is there twice',
      'a,b,a\n1,2,3\n',
      {},
      'line 1, column 3: expected names that differ but "a" is that of column 1 too. Hint: rename one of the two',
    ],
    [
      'a column without a name',
      'a,,b\n1,2,3\n',
      {},
      'line 1, column 2: expected a name but the cell is empty. Hint: every column has a name',
    ],
    ...[['1,2,3', 3] as const, ['1', 1] as const].map(
      ([row, cells]): [string, string, CsvOptions, string] => [
        `a row of ${cells} cells`,
        `a,b\n1,2\n${row}\n`,
        {},
        `line 3: expected 2 cells, as in the first row, but received ${cells}. ` +
          'Hint: a cell that holds the delimiter stands in quotes',
      ],
    ),
    ...['a,b\n', '\n\n'].map((text): [string, string, CsvOptions, string] => [
      `no rows: ${JSON.stringify(text)}`,
      text,
      {},
      'expected rows below the names of the columns but there are none. ' +
        'Hint: a first row of names, then a number in every cell but those of the label',
    ]),
    [
      'no features',
      'a,b\n1,2\n',
      { values: ['a', 'b'] },
      "expected columns beside the targets but there are none. Hint: a delimiter such as ';' may be missing",
    ],
    [
      'a quote without its other',
      'a,b\n1,"2\n',
      {},
      'line 2: expected quotes around whole cells but received one that does not end. ' +
        'Hint: a quote in a quoted cell is written twice',
    ],
    [
      'a quote within a cell',
      'a,b\n1,2"3\n',
      {},
      'line 2: expected quotes around whole cells but received one within a cell. ' +
        'Hint: a quote in a quoted cell is written twice',
    ],
    [
      'too many classes',
      `a,b\n${Array.from({ length: 257 }, (_, i) => `0,${i}\n`).join('')}`,
      { label: 'b' },
      'column 2 ("b"): expected at most 256 classes but there are 257. ' +
        'Hint: numbers to be predicted are values, not classes: { values: [name] }',
    ],
  ])('refuses %s', (_, text, options, message) => {
    expect(refusal(() => datasetFromCsv(text, options), 'csv: the text: ')).toBe(message);
    const path = fileOf(text);
    expect(refusal(() => datasetFromCsv(path, options), `csv: ${path}: `)).toBe(message);
  });

  it('refuses other bytes than text, and a file that is not there', () => {
    const path = fileOf(Uint8Array.of(0x61, 0x0a, 0xff, 0x0a));
    const message = 'expected text in UTF-8 but received other bytes. Hint: save it in UTF-8';
    expect(refusal(() => datasetFromCsv(path), `csv: ${path}: `)).toBe(message);
    expect(refusal(() => datasetFromCsv(join(folder, 'absent.csv')), 'csv: ')).toContain('absent.csv');
    expect(refusal(() => datasetFromCsv(folder), 'csv: ')).toContain('directory');
  });
});

itRefuses(RANGE, {
  'datasetFromCsv: expected label of the columns of the text but received "Specis". Hint: did you mean species?':
    () => datasetFromCsv(flowers, { label: 'Specis' }),
  'datasetFromCsv: expected values of the columns of the text but received "price". Hint: they are "length", "species", "width"':
    () => datasetFromCsv(flowers, { values: ['price'] }),
  'datasetFromCsv: expected features of the columns .... Hint: did you mean width?': () =>
    datasetFromCsv(flowers, { features: ['Width'] }),
  'datasetFromCsv: expected features without the targets but received "width" as both. ...': () =>
    datasetFromCsv(flowers, { values: ['width'], features: ['length', 'width'] }),
  'datasetFromCsv: expected delimiter to be one character but received ...': ['', ';;', '"', '\n'].map(
    (delimiter) => () => datasetFromCsv(flowers, { delimiter }),
  ),
  'datasetFromCsv: expected values to be one name or more, each once, but received none': () =>
    datasetFromCsv(flowers, { values: [] }),
  'datasetFromCsv: expected features to be one name or more, each once, but received "width" twice': () =>
    datasetFromCsv(flowers, { features: ['width', 'width'] }),
});

itRefuses(TYPE, {
  'datasetFromCsv: expected a path or the text of a table but received ...': [7, undefined, ['a']].map(
    (value) => () => datasetFromCsv(wrong(value)),
  ),
  'datasetFromCsv: expected label to be a string but received ...': () =>
    datasetFromCsv(flowers, { label: wrong(1) }),
  'datasetFromCsv: expected values to be an array of strings but received ...': ['width', [1], 7].map(
    (values) => () => datasetFromCsv(flowers, { values: wrong<string[]>(values) }),
  ),
  'datasetFromCsv: expected label beside classNames but received none. ...': () =>
    datasetFromCsv(flowers, { classNames: ['a'] }),
  'datasetFromCsv: expected the options ... but received "target". Hint: did you mean label?': () =>
    datasetFromCsv(flowers, wrong<CsvOptions>({ target: 'species' })),
});
