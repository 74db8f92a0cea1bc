/**
 * CSV files of whole numbers from 0 to 255, a picture a row: the pixels row by row, and its label. Read in parts, twice:
 * the first time to count the rows. Written here, since reading such numbers is little, and errors name line and column.
 */
import { createHash } from 'node:crypto';
import { DataError } from '../errors.js';
import { type OpenFile, readFully, withRegularFile } from '../files.js';

/** What the first look at a file says. */
export interface CsvTable {
  readonly path: string;
  readonly rows: number;
  /** Height and width of the pictures, which are square. */
  readonly side: number;
  /** Which column holds the labels, counted from 0; undefined if none does. */
  readonly label: number | undefined;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  readonly header: boolean;
  readonly columns: number;
}

/** Takes a row: its pixels, valid during the call only, and its label, 0 where there is none. */
export type CsvRow = (pixels: Uint8Array, label: number, row: number, line: number) => void;

const PART_BYTES = 2 ** 20;
/** Of the first line: a header of 4096 pixels squared has no more. */
const MAX_LINE_BYTES = 2 ** 24;
const LABEL_NAMES = /^"?(?:label|labels|class|target|y)"?$/i;

const [NEWLINE, RETURN, COMMA, SPACE, ZERO, NINE] = [10, 13, 44, 32, 48, 57];

const HINT = 'Hint: a row is a label and the pixels of a square picture, whole numbers from 0 to 255';

/**
 * Reads the first line and counts the others.
 * @throws DataError if the file cannot be read, has no rows, or its columns are no square picture with or without a label
 */
export function scanCsv(path: string): CsvTable {
  return withRegularFile('csv', path, (file) => {
    const hash = createHash('sha256');
    let rows = 0;
    let inLine = false;
    for (const part of partsOf(path, file)) {
      hash.update(part);
      for (let i = 0; i < part.length; i += 1) {
        if (part[i] === NEWLINE) inLine = false;
        else if (!inLine && part[i] !== RETURN) {
          inLine = true;
          rows += 1;
        }
      }
    }
    const cells = firstLine(path, file).split(',');
    const header = !cells.every((cell) => /^ *\d+ *$/.test(cell));
    if (header) rows -= 1;
    if (rows < 1) throw new DataError(`csv: ${path}: expected rows of numbers but there are none. ${HINT}`);
    return {
      path,
      rows,
      header,
      columns: cells.length,
      sha256: hash.digest('hex'),
      ...layout(path, cells, header),
    };
  });
}

function* partsOf(path: string, file: OpenFile): Generator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(PART_BYTES, Math.max(1, file.size)));
  for (let at = 0; at < file.size; at += buffer.length) {
    const wanted = Math.min(buffer.length, file.size - at);
    if (readFully(file, buffer.subarray(0, wanted), at) !== wanted) throw changed(path);
    yield buffer.subarray(0, wanted);
  }
}

function changed(path: string): DataError {
  return new DataError(`csv: ${path}: the file changed while it was read. Hint: try again`);
}

/** The first line that is not empty, without a byte order mark. */
function firstLine(path: string, file: OpenFile): string {
  const start = Buffer.alloc(Math.min(file.size, MAX_LINE_BYTES));
  readFully(file, start, 0);
  const line = start
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .replace(/^[\r\n]+/, '');
  const end = line.search(/[\r\n]/);
  if (end === -1 && file.size > MAX_LINE_BYTES) {
    throw new DataError(`csv: ${path}: expected lines of at most ${MAX_LINE_BYTES} bytes. ${HINT}`);
  }
  return end === -1 ? line : line.slice(0, end);
}

/** Where the label is, by the header or by the number of columns. */
function layout(path: string, cells: readonly string[], header: boolean): Pick<CsvTable, 'side' | 'label'> {
  const named = header ? cells.findIndex((cell) => LABEL_NAMES.test(cell.trim())) : -1;
  const sideOf = (pixels: number) => Math.round(Math.sqrt(pixels));
  const isSquare = (pixels: number) => pixels >= 1 && sideOf(pixels) ** 2 === pixels;
  const { length } = cells;
  if (named === -1 && isSquare(length) && length > 1) return { side: sideOf(length), label: undefined };
  if (isSquare(length - 1)) return { side: sideOf(length - 1), label: Math.max(0, named) };
  throw new DataError(
    `csv: ${path}: line 1: expected a label and a square number of pixels, such as 785 columns, but received ` +
      `${length}. ${HINT}, with commas between`,
  );
}

/**
 * Hands on every row.
 * @throws DataError, naming line and column, for what is no whole number from 0 to 255, and for a row of another length
 */
export function readCsv(table: CsvTable, take: CsvRow): void {
  const { path, rows, columns, label, header } = table;
  withRegularFile('csv', path, (file) => {
    const pixels = new Uint8Array(label === undefined ? columns : columns - 1);
    const reader = new RowReader(path, columns, header, (values, line) => {
      if (reader.rows > rows) throw changed(path);
      if (label === undefined) pixels.set(values);
      else {
        pixels.set(values.subarray(0, label));
        pixels.set(values.subarray(label + 1), label);
      }
      take(pixels, label === undefined ? 0 : values[label], reader.rows - 1, line);
    });
    for (const part of partsOf(path, file)) reader.feed(part);
    reader.end();
    if (reader.rows !== rows) throw changed(path);
  });
}

/** Turns bytes into rows, wherever a part of the file ends. */
class RowReader {
  rows = 0;
  readonly #path: string;
  readonly #take: (values: Uint8Array, line: number) => void;
  readonly #values: Uint8Array;
  #line = 1;
  /** Cells of the line that are complete. */
  #cells = 0;
  /** Of the cell under way; -1 before its first digit. */
  #value = -1;
  /** A blank behind the digits: more digits would be another number. */
  #closed = false;
  #empty = true;
  /** The line under way is the header, or a byte order mark. */
  #skipLine: boolean;
  #markBytes = 0;

  constructor(
    path: string,
    columns: number,
    header: boolean,
    take: (values: Uint8Array, line: number) => void,
  ) {
    this.#path = path;
    this.#values = new Uint8Array(columns);
    this.#skipLine = header;
    this.#take = take;
  }

  feed(part: Uint8Array): void {
    for (let i = 0; i < part.length; i += 1) this.#byte(part[i]);
  }

  end(): void {
    this.#endLine();
  }

  #byte(byte: number): void {
    if (byte === NEWLINE) {
      this.#endLine();
      this.#line += 1;
      return;
    }
    if (byte === RETURN || this.#isMark(byte)) return;
    this.#empty = false;
    if (this.#skipLine) return;
    if (byte === COMMA) this.#endCell();
    else if (byte >= ZERO && byte <= NINE && !this.#closed) {
      this.#value = Math.max(0, this.#value) * 10 + byte - ZERO;
      if (this.#value > 255) this.#fail(`a number of more than 255`);
    } else if (byte === SPACE) this.#closed = this.#value !== -1;
    else this.#fail(JSON.stringify(String.fromCharCode(byte)));
  }

  /** A byte order mark at the start of the file. */
  #isMark(byte: number): boolean {
    const mark = this.#markBytes < 3 && byte === [0xef, 0xbb, 0xbf][this.#markBytes];
    this.#markBytes = mark ? this.#markBytes + 1 : 3;
    return mark;
  }

  #endCell(): void {
    if (this.#value === -1) this.#fail('nothing');
    if (this.#cells === this.#values.length) this.#failLength('more');
    this.#values[this.#cells] = this.#value;
    this.#cells += 1;
    this.#value = -1;
    this.#closed = false;
  }

  #endLine(): void {
    const { length } = this.#values;
    if (!this.#empty && !this.#skipLine) {
      this.#endCell();
      if (this.#cells !== length) this.#failLength(String(this.#cells));
      this.rows += 1;
      this.#take(this.#values, this.#line);
    }
    if (!this.#empty) this.#skipLine = false;
    this.#cells = 0;
    this.#empty = true;
  }

  #fail(received: string): never {
    throw new DataError(
      `csv: ${this.#path}: line ${this.#line}, column ${this.#cells + 1}: expected a whole number from 0 to 255 but ` +
        `received ${received}. ${HINT}`,
    );
  }

  #failLength(received: string): never {
    throw new DataError(
      `csv: ${this.#path}: line ${this.#line}: expected ${this.#values.length} values, as in the first line, but ` +
        `received ${received}. ${HINT}`,
    );
  }
}
