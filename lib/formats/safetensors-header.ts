/**
 * The JSON header of a safetensors file, read by a reader for exactly this shape of JSON: `JSON.parse` hides duplicate
 * names, rounds large numbers, gives `__proto__` a meaning, and knows no byte offsets for messages. There is no
 * recursion, so depth is no matter: what is nested where it should not be ends at its first bracket.
 */
import type { Refuse } from '../errors.js';

/** One tensor as the header describes it; nothing is checked against the data yet. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte and byte after the last, relative to the end of the header. */
  readonly begin: number;
  readonly end: number;
  /** Offset of the entry's name in the file, for messages. */
  readonly at: number;
}

export interface Header {
  readonly entries: HeaderEntry[];
  readonly metadata: Record<string, string>;
}

export const METADATA_KEY = '__metadata__';

/** More than any net has; keeps a header of ones from unfolding into arrays eight times its size. */
const MAX_RANK = 64;

/** Of tensors, and of metadata: each takes far more memory than its few bytes in the file. */
export const MAX_NAMES = 65_536;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** A name as it stands in a message: quoted, on one line, of bounded length. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}

/**
 * Reads the header, which takes the bytes from `begin` to `end` of the file.
 * @param refuse refuses the file, by default as one whose header is damaged
 * @throws DataError, naming the byte, for anything but `{"name": {"dtype": text, "shape": [integers], "data_offsets":
 * [integer, integer]}, ...}` with at most one `"__metadata__": {"text": "text", ...}`, no name twice, at most 65,536 of them, valid UTF-8
 */
export function parseHeader(refuse: Refuse, bytes: Uint8Array, begin: number, end: number): Header {
  return new HeaderReader(refuse, bytes, begin, end).header();
}

class HeaderReader {
  readonly #refuse: Refuse;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #position: number;

  constructor(refuse: Refuse, bytes: Uint8Array, begin: number, end: number) {
    this.#refuse = refuse;
    this.#bytes = bytes;
    this.#position = begin;
    this.#end = end;
  }

  header(): Header {
    // The format forbids whitespace here.
    if (this.#bytes[this.#position] !== '{'.charCodeAt(0) || this.#position === this.#end)
      this.#unexpected('{');
    const entries: HeaderEntry[] = [];
    const names = new Set<string>();
    let metadata: Record<string, string> | undefined;
    for (const { key, at } of this.#members(names)) {
      if (key === METADATA_KEY) metadata = this.#metadata();
      else entries.push(this.#entry(key, at));
    }
    this.#skipSpace();
    if (this.#position !== this.#end) this.#unexpected('spaces up to the end of the header');
    return { entries, metadata: metadata ?? Object.create(null) };
  }

  #fail(at: number, text: string): never {
    return this.#refuse(`${text} at byte ${at}`);
  }

  #unexpected(expected: string): never {
    const at = this.#position;
    const byte = this.#bytes[at];
    let received = `byte 0x${byte?.toString(16).padStart(2, '0')}`;
    if (at >= this.#end) received = 'the end of the header';
    else if (byte > 0x20 && byte < 0x7f) received = String.fromCharCode(byte);
    return this.#fail(at, `expected ${expected} but received ${received}`);
  }

  #skipSpace(): void {
    while (this.#position < this.#end) {
      const byte = this.#bytes[this.#position];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#position += 1;
    }
  }

  /** Skips spaces, then `text` (one character); false if something else is there. */
  #accept(text: string): boolean {
    this.#skipSpace();
    if (this.#position >= this.#end || this.#bytes[this.#position] !== text.charCodeAt(0)) return false;
    this.#position += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#unexpected(text);
  }

  /** The keys of an object, each with the reader standing at its value, which the caller must read. */
  *#members(seen: Set<string>): Generator<{ key: string; at: number }> {
    this.#expect('{');
    if (this.#accept('}')) return;
    do {
      this.#skipSpace();
      const at = this.#position;
      const key = this.#string();
      if (seen.has(key)) this.#fail(at, `the name ${quoted(key)} is there twice, again`);
      if (seen.size === MAX_NAMES) this.#fail(at, `expected at most ${MAX_NAMES} names`);
      seen.add(key);
      this.#expect(':');
      yield { key, at };
    } while (this.#accept(','));
    this.#expect('}');
  }

  #string(): string {
    this.#skipSpace();
    const begin = this.#position;
    if (begin >= this.#end || this.#bytes[begin] !== QUOTE) this.#unexpected('"');
    let position = begin + 1;
    while (position < this.#end && this.#bytes[position] !== QUOTE) {
      position += this.#bytes[position] === BACKSLASH ? 2 : 1;
    }
    if (position >= this.#end) this.#fail(begin, 'expected " after the text that starts');
    this.#position = position + 1;
    let text: unknown;
    try {
      // Of one string alone, JSON.parse checks escapes and control characters and does nothing else.
      text = JSON.parse(this.#decoder.decode(this.#bytes.subarray(begin, position + 1)));
    } catch {
      return this.#fail(begin, 'expected a JSON text in UTF-8');
    }
    if (typeof text !== 'string' || /\p{Surrogate}/u.test(text)) {
      return this.#fail(begin, 'expected a text without lone surrogates');
    }
    return text;
  }

  #integer(): number {
    this.#skipSpace();
    const begin = this.#position;
    let value = 0;
    while (this.#position < this.#end) {
      const byte = this.#bytes[this.#position];
      if (byte < DIGIT_0 || byte > DIGIT_9) break;
      value = 10 * value + (byte - DIGIT_0);
      // Checked at each digit, since above 2^53 the sum is no longer exact.
      if (value > Number.MAX_SAFE_INTEGER) this.#fail(begin, 'expected an integer below 2^53');
      this.#position += 1;
    }
    const digits = this.#position - begin;
    if (digits === 0) this.#unexpected('an integer from 0');
    if (digits > 1 && this.#bytes[begin] === DIGIT_0)
      this.#fail(begin, 'expected an integer without leading zeros');
    return value;
  }

  #integers(limit: number): number[] {
    this.#expect('[');
    const values: number[] = [];
    if (this.#accept(']')) return values;
    do {
      if (values.length === limit) this.#fail(this.#position, `expected at most ${limit} integers`);
      values.push(this.#integer());
    } while (this.#accept(','));
    this.#expect(']');
    return values;
  }

  #metadata(): Record<string, string> {
    // Without a prototype, `__proto__` is a name like any other.
    const metadata: Record<string, string> = Object.create(null);
    for (const { key } of this.#members(new Set())) metadata[key] = this.#string();
    return metadata;
  }

  #entry(name: string, at: number): HeaderEntry {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    for (const { key, at: keyAt } of this.#members(new Set())) {
      if (key === 'dtype') dtype = this.#string();
      else if (key === 'shape') shape = this.#integers(MAX_RANK);
      else if (key === 'data_offsets') offsets = this.#integers(2);
      else
        this.#fail(
          keyAt,
          `tensor ${quoted(name)}: expected dtype, shape, data_offsets but received ${quoted(key)}`,
        );
    }
    if (dtype === undefined) return this.#fail(at, `tensor ${quoted(name)} without "dtype"`);
    if (shape === undefined) return this.#fail(at, `tensor ${quoted(name)} without "shape"`);
    if (offsets?.length !== 2) return this.#fail(at, `tensor ${quoted(name)} without two "data_offsets"`);
    return { name, dtype, shape, begin: offsets[0], end: offsets[1], at };
  }
}
