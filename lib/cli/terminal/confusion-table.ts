/** A confusion matrix on a terminal: whole where it fits, else what each class is taken for most often. */
import { paint, percent } from './output.js';
import { type CellStyle, formatTable, leastTableWidth, type TableFit } from './table.js';
import { wrapWords } from './width.js';

type Cells = readonly (readonly string[])[];

/** Of names of classes, before another form of the table is taken. */
const leastName = 8;
/** Of a mistake, before the number of images is left out. */
const leastMistake = 20;
/** Mistakes of a class that are shown, at most. */
const mostMistakes = 3;

/**
 * The lines; the first ones say what rows and columns are.
 * @param confusion `confusion[label][predicted]` counts images.
 * @param names one a class; without them classes are numbers.
 * @param columns of the terminal.
 */
export function describeConfusion(
  confusion: readonly (readonly number[])[],
  names: readonly string[] | undefined,
  columns: number,
): string[] {
  const numbers = confusion.map((_, label) => String(label));
  const meaning = 'Rows: what the images show. Columns: what they are taken for.';
  const style = matrixStyle(confusion);
  const whole = matrix(confusion, names ?? numbers, names ?? numbers);
  if (Math.max(leastTableWidth(whole, {}), meaning.length) <= columns)
    return [meaning, ...formatTable(whole, style)];
  const numbered = names === undefined ? numbers : names.map((name, label) => `${label} ${name}`);
  const narrow = matrix(confusion, numbered, numbers);
  for (const gap of [2, 1]) {
    const fit: TableFit = { columns, gap, flexible: { 0: leastName } };
    if (leastTableWidth(narrow, fit) > columns) continue;
    return [...wrapWords(meaning, columns), ...formatTable(narrow, style, fit)];
  }
  const width = leastTableWidth(whole, {});
  const notes = [
    'What the images show, and what they are taken for most often.',
    `The whole matrix takes ${width} columns; it is shown through a pipe ("| less -S").`,
  ];
  return [
    ...notes.flatMap((note) => wrapWords(note, columns)),
    ...mistakeTable(confusion, names ?? numbers, columns),
  ];
}

function matrix(
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
  heads: readonly string[],
): Cells {
  const rows = confusion.map((row, label) => {
    const counts = row.map((count) => (count === 0 ? '.' : String(count)));
    return [labels[label], ...counts, String(total(row)), share(row, label)];
  });
  return [['label', ...heads, 'images', 'accuracy'], ...rows];
}

function matrixStyle(confusion: readonly unknown[]): CellStyle {
  return (text, row, column) => {
    if (row === 0) return paint('dim', text, process.stdout);
    if (column === row) return paint('green', text, process.stdout);
    if (column === 0 || column > confusion.length) return text;
    return paint(text.trim() === '.' ? 'dim' : 'red', text, process.stdout);
  };
}

/** A row a class, with as many of its mistakes as there is room for. */
function mistakeTable(
  confusion: readonly (readonly number[])[],
  names: readonly string[],
  columns: number,
): string[] {
  const table = (count: number): Cells => [
    ['label', 'images', 'accuracy', 'taken for'],
    ...confusion.map((row, label) => [
      names[label],
      String(total(row)),
      share(row, label),
      mistakesOf(row, label)
        .slice(0, count)
        .map((other) => `${names[other]} (${row[other]})`)
        .join(', '),
    ]),
  ];
  const flexible = { 0: leastName };
  const counts = Array.from({ length: mostMistakes }, (_, i) => mostMistakes - i);
  const count = counts.find((one) => leastTableWidth(table(one), { flexible }) <= columns) ?? 1;
  const style: CellStyle = (text, row) => (row === 0 ? paint('dim', text, process.stdout) : text);
  return formatTable(table(count), style, {
    columns,
    flexible: { ...flexible, 3: leastMistake },
    optional: [1],
    left: [3],
  });
}

/** The other classes that images of a class are taken for, the most frequent first. */
function mistakesOf(row: readonly number[], label: number): number[] {
  return row
    .map((_, other) => other)
    .filter((other) => other !== label && row[other] > 0)
    .sort((a, b) => row[b] - row[a]);
}

function total(row: readonly number[]): number {
  return row.reduce((sum, count) => sum + count, 0);
}

function share(row: readonly number[], label: number): string {
  return total(row) === 0 ? '-' : percent(row[label] / total(row));
}
