/** Tables and lists on a terminal: no line is wider than it. */
import { printable } from './printable.js';
import { padEndColumns, padStartColumns, shorten, textWidth, wrapWords } from './width.js';

/** How a table gives way where it is wider than the terminal. */
export interface TableFit {
  /** Of the terminal: `lineWidth(process.stdout)`. */
  readonly columns: number;
  /** Columns of text that are shortened, each with the width that it keeps as long as others can be left out. */
  readonly flexible?: Readonly<Record<number, number>>;
  /** Columns that are left out where shortening is not enough, the least wanted first. */
  readonly optional?: readonly number[];
  /** Columns that are flush left, besides the first. */
  readonly left?: readonly number[];
  /** Blanks between columns. */
  readonly gap?: number;
}

export type CellStyle = (text: string, row: number, column: number) => string;

/** A shortened column keeps at least this, for the sake of columns that cannot be left out. */
const leastColumns = 4;
/** Text that would get less room stands below its term. */
export const leastText = 24;

/**
 * Columns of text, made printable: the first flush left, the others flush right. Styles are applied after the widths
 * are known.
 */
export function formatTable(
  cells: readonly (readonly string[])[],
  style: CellStyle = (text) => text,
  fit: TableFit = { columns: Number.POSITIVE_INFINITY },
): string[] {
  const rows = cells.map((row) => row.map(printable));
  const { left = [] } = fit;
  const { widths, kept, gap } = fitColumns(naturalWidths(rows), fit);
  return rows.map((row, r) =>
    kept
      .filter((column) => column < row.length)
      .map((column) => {
        const text = shorten(row[column], widths[column]);
        const pad = column === 0 || left.includes(column) ? padEndColumns : padStartColumns;
        return style(pad(text, widths[column]), r, column);
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

/** The columns that a table takes when it is shortened as far as `fit.flexible` says, and no column is left out. */
export function leastTableWidth(
  cells: readonly (readonly string[])[],
  { flexible = {}, gap = 2 }: Pick<TableFit, 'flexible' | 'gap'>,
): number {
  const widths = naturalWidths(cells.map((row) => row.map(printable)));
  return widths.reduce(
    (sum, width, column) => sum + Math.min(width, flexible[column] ?? width),
    gap * (widths.length - 1),
  );
}

/** A table whose columns, but for the first, are shared out over as many tables as the terminal's width asks for. */
export function formatTables(
  cells: readonly (readonly string[])[],
  style: CellStyle,
  fit: Omit<TableFit, 'optional'>,
): string[][] {
  const widths = naturalWidths(cells.map((row) => row.map(printable)));
  const first = Math.min(widths[0], fit.flexible?.[0] ?? widths[0]);
  const { gap = 2 } = fit;
  const groups: number[][] = [];
  let used = 0;
  for (const [index, width] of widths.slice(1).entries()) {
    if (groups.length === 0 || used + gap + width > fit.columns) {
      groups.push([]);
      used = first;
    }
    groups[groups.length - 1].push(index + 1);
    used += gap + width;
  }
  return groups.map((group) =>
    formatTable(
      cells.map((row) => [0, ...group].map((column) => row[column] ?? '')),
      style,
      fit,
    ),
  );
}

function naturalWidths(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => textWidth(row[i] ?? ''))));
}

/** Shortens, leaves columns out, takes the blanks between them, shortens on, then leaves out what stands last. */
function fitColumns(
  natural: readonly number[],
  { columns, flexible = {}, optional = [], gap: wantedGap = 2 }: TableFit,
): { widths: number[]; kept: number[]; gap: number } {
  let gap = wantedGap;
  let kept = natural.map((_, column) => column);
  let widths = [...natural];
  const excess = () => kept.reduce((sum, column) => sum + widths[column] + gap, -gap) - columns;
  /** Takes from the widest first. */
  const narrow = (least: (column: number) => number) => {
    const candidates = kept.filter((column) => column in flexible);
    while (excess() > 0) {
      const open = candidates.filter((column) => widths[column] > least(column));
      if (open.length === 0) return;
      const widest = open.reduce((a, b) => (widths[b] > widths[a] ? b : a));
      widths[widest] -= 1;
    }
  };
  narrow((column) => flexible[column]);
  for (const column of optional) {
    if (excess() <= 0) break;
    kept = kept.filter((other) => other !== column);
    widths = [...natural];
    narrow((other) => flexible[other]);
  }
  if (excess() > 0) gap = Math.min(gap, 1);
  narrow((column) => Math.min(leastColumns, flexible[column]));
  while (excess() > 0 && kept.length > 1) kept = kept.slice(0, -1);
  if (excess() > 0) widths[kept[0]] = columns;
  return { widths, kept, gap };
}

/** Terms with what there is to say of each, made printable; the text is wrapped at words. */
export function formatList(
  items: readonly (readonly [term: string, text: string])[],
  columns: number,
): string[] {
  const termColumns = Math.max(0, ...items.map(([term]) => textWidth(printable(term))));
  return items.flatMap(([term, text]) => itemLines([printable(term), printable(text)], termColumns, columns));
}

/**
 * A term, and the text beside it or, where there is no room, below it. A word that is too long, such as a path, loses
 * its middle, unless it is `whole`.
 */
export function itemLines(
  [term, text]: readonly [term: string, text: string],
  termColumns: number,
  columns: number,
  { below = 4, whole = false }: { readonly below?: number; readonly whole?: boolean } = {},
): string[] {
  const beside = termColumns > 0 && columns - termColumns - 2 >= leastText;
  const indent = ' '.repeat(beside ? termColumns + 2 : below);
  const room = columns - indent.length;
  const [first, ...more] = wrapWords(text, room).map((line) => indent + (whole ? line : shorten(line, room)));
  return beside && textWidth(term) <= termColumns
    ? [`${padEndColumns(term, termColumns)}  ${first.slice(indent.length)}`, ...more]
    : [whole ? term : shorten(term.trimEnd(), columns), first, ...more];
}
