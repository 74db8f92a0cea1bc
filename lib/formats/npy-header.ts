/**
 * The header of an npy file: a Python dictionary, read by a reader for exactly its three entries. Nothing is evaluated,
 * and there is no recursion.
 */
import { DataError } from '../errors.js';

/** Each with its offset in the file, for messages. */
export interface NpyHeader {
  readonly descr: { readonly text: string; readonly at: number };
  readonly fortranOrder: { readonly value: boolean; readonly at: number };
  readonly shape: { readonly axes: readonly number[]; readonly at: number };
}

/** As many axes as NumPy has. */
const MAX_RANK = 64;

/**
 * Reads the header, which takes the bytes from `begin` to `end` of the file.
 * @param where for messages
 * @throws DataError, naming the byte, for anything but a dictionary of `'descr'` (a text), `'fortran_order'` (True or
 * False) and `'shape'` (a tuple of integers), each once, in any order, with spaces and a newline behind it
 */
export function parseNpyHeader(where: string, bytes: Uint8Array, begin: number, end: number): NpyHeader {
  return new HeaderReader(where, Buffer.from(bytes.subarray(begin, end)).toString('latin1'), begin).header();
}

class HeaderReader {
  readonly #where: string;
  readonly #text: string;
  readonly #begin: number;
  #position = 0;

  constructor(where: string, text: string, begin: number) {
    this.#where = where;
    this.#text = text;
    this.#begin = begin;
  }

  header(): NpyHeader {
    let descr: NpyHeader['descr'] | undefined;
    let fortranOrder: NpyHeader['fortranOrder'] | undefined;
    let shape: NpyHeader['shape'] | undefined;
    this.#expect('{');
    while (!this.#accept('}')) {
      const at = this.#at();
      const key = this.#string();
      this.#expect(':');
      const valueAt = this.#at();
      if (key === 'descr' && descr === undefined) descr = { text: this.#string(), at: valueAt };
      else if (key === 'fortran_order' && fortranOrder === undefined) {
        fortranOrder = { value: this.#match(/True|False/y, 'True or False') === 'True', at: valueAt };
      } else if (key === 'shape' && shape === undefined) shape = { axes: this.#tuple(), at: valueAt };
      else
        this.#fail(
          `expected descr, fortran_order and shape, each once, but received "${key.slice(0, 80)}"`,
          at,
        );
      if (!this.#accept(',')) {
        this.#expect('}');
        break;
      }
    }
    this.#match(/ *\n$/y, 'spaces and a newline at the end of the header');
    if (descr === undefined || fortranOrder === undefined || shape === undefined) {
      return this.#fail('expected descr, fortran_order and shape in the header', this.#begin);
    }
    return { descr, fortranOrder, shape };
  }

  #fail(text: string, at: number): never {
    throw new DataError(`${this.#where}: ${text} at byte ${at}. Hint: save it again with numpy.savez`);
  }

  /** Skips spaces; the offset in the file of what follows. */
  #at(): number {
    while (this.#text[this.#position] === ' ') this.#position += 1;
    return this.#begin + this.#position;
  }

  #accept(character: string): boolean {
    this.#at();
    if (this.#text[this.#position] !== character) return false;
    this.#position += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) this.#unexpected(character);
  }

  #unexpected(expected: string): never {
    const received = this.#text[this.#position];
    const what = received === undefined ? 'the end of the header' : JSON.stringify(received);
    return this.#fail(`expected ${expected} but received ${what}`, this.#at());
  }

  #match(pattern: RegExp, expected: string): string {
    this.#at();
    pattern.lastIndex = this.#position;
    const text = pattern.exec(this.#text)?.[0];
    if (text === undefined) return this.#unexpected(expected);
    this.#position += text.length;
    return text;
  }

  /** Without escapes, which no name here needs. */
  #string(): string {
    return this.#match(/'[ -&(-[\]-~]*'|"[ !#-[\]-~]*"/y, 'a text in quotes').slice(1, -1);
  }

  /** `()`, `(3,)`, `(3, 4)`, `(3, 4,)`; a `(3)` is no tuple. */
  #tuple(): number[] {
    const axes: number[] = [];
    this.#expect('(');
    while (!this.#accept(')')) {
      if (axes.length === MAX_RANK) this.#fail(`expected at most ${MAX_RANK} axes`, this.#at());
      // Fifteen digits are exact, and far above the limit that is checked later.
      axes.push(Number(this.#match(/(0|[1-9]\d{0,14})(?!\w)/y, 'an integer from 0')));
      if (this.#accept(',')) continue;
      if (axes.length === 1) this.#expect(',');
      this.#expect(')');
      break;
    }
    return axes;
  }
}
