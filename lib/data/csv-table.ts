/** Tables of numbers from CSV files, as a spreadsheet or pandas writes them. Pictures in CSV files are csv.ts's. */
import { createRequire } from 'node:module';
import { basename, extname } from 'node:path';
import type { Info } from 'csv-parse';
import { ArgumentRangeError, ArgumentTypeError, errorCode, type Refuse, refusing } from '../errors.js';
import { readRegularFile } from '../files.js';
import { checkOptions, nearestName, type OptionNames } from '../options.js';
import { typeName, valueText } from '../tensor.js';
import type { Dataset } from './datasets.js';
import { maxClasses } from './picture-array.js';
import type { LabelledTable } from './small-sets.js';

/** Which columns of a CSV table are what, by the names in its first row. */
export interface CsvOptions {
  /** The column of the classes, which may be texts. */
  readonly label?: string;
  /** The columns of the numbers that a net is to give, for a loss of values. */
  readonly values?: readonly string[];
  /** The columns that a net is given, in this order. Default: all others. */
  readonly features?: readonly string[];
  /**
   * What the classes are called, a name a label, such as the `classNames` of the table that was trained on. Default: what
   * the column holds, in order: by number where all are numbers, else by letters.
   */
  readonly classNames?: readonly string[];
  /** The character between cells. Default `,`. */
  readonly delimiter?: string;
}

const optionNames: OptionNames<CsvOptions> = {
  label: true,
  values: true,
  features: true,
  classNames: true,
  delimiter: true,
};

/** Rows of features. */
export interface FloatTable extends Dataset {
  readonly images: Float32Array;
  /** `[features]` */
  readonly shape: readonly [number];
}

/** Text above this does not fit in one string of Node 20. */
const MAX_BYTES = 2 ** 29 - 2 ** 10;
const HINT = 'a first row of names, then a number in every cell but those of the label';

/**
 * A data set from a CSV table (RFC 4180): a row of column names, then a sample a row; cells may be quoted, lines end in LF
 * or CRLF, empty lines and spaces around cells are left out, and so is a byte order mark.
 *
 * ```js
 * const flowers = datasetFromCsv('iris.csv', { label: 'species' });
 * const houses = datasetFromCsv('houses.csv', { values: ['price'], features: ['area', 'rooms'] });
 * ```
 * @param pathOrText a file in UTF-8, or what one holds: a string with a line break is text
 * @throws {TypeError | RangeError} for options that are none, and for a column that the table does not have
 * @throws DataError for a file that cannot be read, a cell that is missing or no number, with its line and column, rows of
 * another length, two columns of one name, no rows, and more than 256 classes
 */
export function datasetFromCsv(
  pathOrText: string,
  options: CsvOptions & { readonly label: string },
): LabelledTable;
export function datasetFromCsv(
  pathOrText: string,
  options: CsvOptions & { readonly values: readonly string[] },
): FloatTable & { readonly values: Float32Array };
export function datasetFromCsv(pathOrText: string, options?: CsvOptions): FloatTable;
export function datasetFromCsv(pathOrText: string, options: CsvOptions = {}): FloatTable {
  checkArguments(pathOrText, options);
  const isText = /[\r\n]/.test(pathOrText);
  const source = isText ? 'the text' : pathOrText;
  const refuse = refusing(`csv: ${source}`, HINT);
  const table = parse(isText ? pathOrText : readText(pathOrText, refuse), options.delimiter ?? ',', refuse);
  const { label, values, features, classNames } = options;
  const column = (what: string, name: string) => columnOf(table, what, name, source);
  const labelColumn = label === undefined ? undefined : column('label', label);
  const valueColumns = values?.map((name) => column('values', name));
  const targets = new Set([...(labelColumn === undefined ? [] : [labelColumn]), ...(valueColumns ?? [])]);
  const featureColumns =
    features?.map((name) => column('features', name)) ??
    [...table.header.keys()].filter((at) => !targets.has(at));
  const both = featureColumns.find((at) => targets.has(at));
  if (both !== undefined) {
    throw new ArgumentRangeError(
      `datasetFromCsv: expected features without the targets but received ${valueText(table.header[both])} as both. ` +
        'Hint: a net would only learn to repeat it',
    );
  }
  if (featureColumns.length === 0) {
    refuse(
      'expected columns beside the targets but there are none',
      `a delimiter such as ';' may be missing`,
    );
  }
  return {
    name: isText ? 'csv' : basename(pathOrText, extname(pathOrText)),
    images: numbersOf(table, featureColumns, refuse),
    ...(labelColumn === undefined ? {} : labelsOf(table, labelColumn, classNames, refuse)),
    ...(valueColumns === undefined ? {} : { values: numbersOf(table, valueColumns, refuse) }),
    count: table.rows.length,
    shape: [featureColumns.length],
  };
}

function checkArguments(pathOrText: unknown, options: CsvOptions): void {
  if (typeof pathOrText !== 'string') {
    throw new ArgumentTypeError(
      `datasetFromCsv: expected a path or the text of a table but received ${typeName(pathOrText)}. ` +
        "Hint: datasetFromCsv('iris.csv', { label: 'species' })",
    );
  }
  checkOptions('datasetFromCsv', options, optionNames, "{ label: 'species' }");
  const { label, delimiter, values, features, classNames } = options;
  for (const [name, value] of Object.entries({ label, delimiter })) {
    if (value === undefined || typeof value === 'string') continue;
    throw new ArgumentTypeError(
      `datasetFromCsv: expected ${name} to be a string but received ${typeName(value)}`,
    );
  }
  if (delimiter !== undefined && !/^[^"\r\n]$/u.test(delimiter)) {
    throw new ArgumentRangeError(
      `datasetFromCsv: expected delimiter to be one character but received ${valueText(delimiter)}. ` +
        "Hint: ';', or '\\t' for a tab",
    );
  }
  for (const [name, list] of Object.entries({ values, features, classNames })) {
    if (list === undefined) continue;
    if (!Array.isArray(list) || !Array.from(list).every((one) => typeof one === 'string')) {
      throw new ArgumentTypeError(
        `datasetFromCsv: expected ${name} to be an array of strings but received ${typeName(list)}. ` +
          `Hint: ${name}: ['price']`,
      );
    }
    const twice = list.find((one, at) => list.indexOf(one) !== at);
    if (list.length > 0 && twice === undefined) continue;
    throw new ArgumentRangeError(
      `datasetFromCsv: expected ${name} to be one name or more, each once, but received ` +
        `${twice === undefined ? 'none' : `${valueText(twice)} twice`}`,
    );
  }
  if (classNames !== undefined && label === undefined) {
    throw new ArgumentTypeError(
      'datasetFromCsv: expected label beside classNames but received none. Hint: which column holds the classes',
    );
  }
}

function readText(path: string, refuse: Refuse): string {
  const bytes = readRegularFile('csv', path, MAX_BYTES, 'share the rows out over several files');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    return refuse('expected text in UTF-8 but received other bytes', 'save it in UTF-8', { cause });
  }
}

interface Table {
  readonly header: readonly string[];
  readonly rows: readonly Row[];
}

interface Row {
  readonly record: readonly string[];
  /** Counted from 1; the last one of a row whose quoted cells hold line breaks. */
  readonly line: number;
}

/** @throws DataError for quotes that do not pair, no rows, rows of several lengths, and columns without a name of their own */
function parse(text: string, delimiter: string, refuse: Refuse): Table {
  const [first, ...rows] = parseRows(text, delimiter, refuse);
  if (rows.length === 0) refuse(`expected rows below the names of the columns but there are none`);
  const header = first.record;
  for (const [at, name] of header.entries()) {
    const where = `line ${first.line}, column ${at + 1}`;
    if (name === '') refuse(`${where}: expected a name but the cell is empty`, 'every column has a name');
    const before = header.indexOf(name);
    if (before !== at) {
      refuse(
        `${where}: expected names that differ but ${valueText(name)} is that of column ${before + 1} too`,
        'rename one of the two',
      );
    }
  }
  for (const { record, line } of rows) {
    if (record.length === header.length) continue;
    refuse(
      `line ${line}: expected ${header.length} cells, as in the first row, but received ${record.length}`,
      'a cell that holds the delimiter stands in quotes',
    );
  }
  return { header, rows };
}

function parseRows(text: string, delimiter: string, refuse: Refuse): Row[] {
  // Not imported above: who reads no tables should not wait for it.
  const csv = createRequire(import.meta.url)('csv-parse/sync') as typeof import('csv-parse/sync');
  try {
    const parsed: unknown = csv.parse(text, {
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
    return (parsed as { record: string[]; info: Info }[]).map(({ record, info }) => ({
      record,
      line: info.lines,
    }));
  } catch (error) {
    const { lines } = error as { lines?: number };
    const where = lines === undefined ? '' : `line ${lines}: `;
    const found = errorCode(error) === 'CSV_QUOTE_NOT_CLOSED' ? 'one that does not end' : 'one within a cell';
    return refuse(
      `${where}expected quotes around whole cells but received ${found}`,
      'a quote in a quoted cell is written twice',
      { cause: error },
    );
  }
}

function columnOf({ header }: Table, what: string, name: string, source: string): number {
  const at = header.indexOf(name);
  if (at !== -1) return at;
  const near = nearestName(name, header);
  const listed = header.slice(0, 20).map(valueText).join(', ');
  throw new ArgumentRangeError(
    `datasetFromCsv: expected ${what} of the columns of ${source} but received ${valueText(name)}. ` +
      `Hint: ${near === undefined ? `they are ${listed}${header.length > 20 ? ', ...' : ''}` : `did you mean ${near}?`}`,
  );
}

/** A row of these columns after another. */
function numbersOf({ header, rows }: Table, columns: readonly number[], refuse: Refuse): Float32Array {
  const numbers = new Float32Array(rows.length * columns.length);
  for (const [index, { record, line }] of rows.entries()) {
    for (const [at, column] of columns.entries()) {
      const cell = record[column];
      const number = Math.fround(DECIMAL.test(cell) ? Number(cell) : Number.NaN);
      if (!Number.isFinite(number)) {
        refuse(
          `${cellName(header, line, column)}: expected a finite number but received ` +
            `${cell === '' ? 'an empty cell' : valueText(cell)}`,
          cell === ''
            ? 'fill it in, or leave out the row or, by features, the column'
            : 'features names the columns that are numbers, label the one of the classes; decimals have a point',
        );
      }
      numbers[index * columns.length + at] = number;
    }
  }
  return numbers;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function cellName(header: readonly string[], line: number, column: number): string {
  return `line ${line}, column ${column + 1} (${valueText(header[column])})`;
}

function labelsOf(
  { header, rows }: Table,
  column: number,
  given: readonly string[] | undefined,
  refuse: Refuse,
): Pick<LabelledTable, 'labels' | 'classes' | 'classNames'> {
  for (const { record, line } of rows) {
    if (record[column] !== '') continue;
    refuse(
      `${cellName(header, line, column)}: expected a class but received an empty cell`,
      'fill it in, or leave out the row',
    );
  }
  const classNames = given ?? inOrder(new Set(rows.map(({ record }) => record[column])));
  if (classNames.length > maxClasses) {
    refuse(
      `column ${column + 1} (${valueText(header[column])}): expected at most ${maxClasses} classes but there are ` +
        `${classNames.length}`,
      'numbers to be predicted are values, not classes: { values: [name] }',
    );
  }
  const numbers = new Map(classNames.map((name, label) => [name, label]));
  const labels = Uint8Array.from(rows, ({ record, line }) => {
    const label = numbers.get(record[column]);
    return (
      label ??
      refuse(
        `${cellName(header, line, column)}: expected one of the classNames but received ${valueText(record[column])}`,
        `they are ${classNames.slice(0, 20).map(valueText).join(', ')}`,
      )
    );
  });
  return { labels, classes: classNames.length, classNames };
}

/** By number where all are numbers, else by UTF-16 units: the same order in every language. */
function inOrder(names: ReadonlySet<string>): string[] {
  const byText = [...names].sort();
  return byText.every((name) => DECIMAL.test(name)) ? byText.sort((a, b) => Number(a) - Number(b)) : byText;
}
