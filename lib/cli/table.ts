/** Tables on a terminal. */
import { printable } from './printable.js';

/**
 * Columns of text, made printable: the first flush left, the others flush right. Styles are applied after the widths
 * are known.
 */
export function formatTable(
  cells: readonly (readonly string[])[],
  style: (text: string, row: number, column: number) => string = (text) => text,
): string[] {
  const rows = cells.map((row) => row.map(printable));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  );
  return rows.map((row, r) =>
    row
      .map((cell, i) => style(i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i]), r, i))
      .join('  ')
      .trimEnd(),
  );
}
