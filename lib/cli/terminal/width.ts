/** How many columns text takes on a terminal, and text that is shortened or wrapped to fit. */

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Code points that take two columns: wide and fullwidth ones, but for emoji.
 * Source: Unicode, EastAsianWidth.txt (UAX #11).
 */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
/** The two of a flag take one column each. */
const emoji = /(?!\p{Regional_Indicator})\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;
/** A character and the marks on it. */
const characters = /\P{M}?\p{M}*/gsu;

/** Columns of a line of text without control characters, as `printable` makes it. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  return charactersOf(text).reduce((sum, character) => sum + characterWidth(character), 0);
}

function charactersOf(text: string): string[] {
  return (text.match(characters) ?? []).filter((character) => character !== '');
}

function characterWidth(character: string): number {
  if (wide.test(character) || emoji.test(character)) return 2;
  // Combining marks stand on what is before them; spacing marks take a column of their own.
  return [...character].filter((point) => !/[\p{Mn}\p{Me}\p{Cf}]/u.test(point)).length;
}

/** Text that takes `columns` at most: where it is longer, its middle gives way to an ellipsis. */
export function shorten(text: string, columns: number, mark: string = ellipsis()): string {
  if (textWidth(text) <= columns) return text;
  const room = columns - textWidth(mark);
  if (room < 2) return takeColumns(charactersOf(text), Math.max(0, columns));
  const all = charactersOf(text);
  const start = takeColumns(all, Math.ceil(room / 2));
  const end = takeColumns(all.toReversed(), room - textWidth(start), true);
  return `${start}${mark}${end}`;
}

/** The first characters of a list that fit; `reversed` puts them back into the order of the text. */
function takeColumns(list: readonly string[], columns: number, reversed = false): string {
  let used = 0;
  let count = 0;
  while (count < list.length && used + characterWidth(list[count]) <= columns) {
    used += characterWidth(list[count]);
    count += 1;
  }
  const taken = list.slice(0, count);
  return (reversed ? taken.reverse() : taken).join('');
}

export function padEndColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

export function padStartColumns(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - textWidth(text))) + text;
}

/** Lines of at most `columns`, broken at blanks; a word that is longer stays whole. */
export function wrapWords(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** A part of a line; where there is no room the one of the highest rank gives way first. */
export interface Part {
  readonly text: string;
  readonly rank: number;
}

/** Lines of all parts in their order, of all but the least wanted, and so on to the one of rank 0. */
export function shorterLines(parts: readonly Part[]): string[] {
  const ranks = parts.map(({ rank }) => rank).sort((a, b) => b - a);
  return ranks.map((most) =>
    parts
      .filter(({ rank }) => rank <= most)
      .map(({ text }) => text)
      .join('  '),
  );
}

/** The longest of `shorterLines` that fits, else the start of the shortest. */
export function fitLine(lines: readonly string[], columns: number): string {
  return lines.find((line) => textWidth(line) <= columns) ?? (lines.at(-1) as string).slice(0, columns);
}

/**
 * The columns that a line of `stream` may take. Through a pipe any number: what reads it has no width. On a terminal
 * one stays free: some wrap a full line.
 */
export function lineWidth(stream: { isTTY?: boolean; columns?: number }): number {
  return stream.isTTY === true ? (stream.columns || 80) - 1 : Number.POSITIVE_INFINITY;
}

/** Whether the terminal's characters are UTF-8, by the variables that say so, the strongest first. */
export function isUtf8(env: Env = process.env): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}

/** What stands for text that is left out. */
function ellipsis(): string {
  return isUtf8() ? '…' : '...';
}
