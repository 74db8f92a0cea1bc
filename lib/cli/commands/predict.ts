/** `rownet predict`: what image files show. */
import { DataError } from '../../errors.js';
import { setThreads } from '../../kernels.js';
import { describeError, exitCodes } from '../exit.js';
import { runAndImages } from './newest-run.js';
import type { OptionsOf } from '../options/commands.js';
import { paint, percent, print, printJson } from '../terminal/output.js';
import { inputPreparation, type Recognition, recognise } from '../recognise.js';
import { openSavedNet } from '../saved-net.js';
import { formatTable } from '../terminal/table.js';
import { resolveThreads } from '../options/threads.js';
import { lineWidth } from '../terminal/width.js';

/** A file that is no image is told on stderr and sets exit code 3; the others are recognised all the same. */
export async function predict(words: readonly string[], options: OptionsOf<'predict'>): Promise<void> {
  const { run, files } = await runAndImages('predict', words);
  const saved = openSavedNet('predict', run, options.recipe);
  setThreads(resolveThreads(options.threads));
  const preparation = inputPreparation(saved, options.prepare);
  const isDigit = preparation.prepare === 'digit';
  const names = saved.classNames;
  const rows: string[][] = [];
  for (const file of files) {
    try {
      const found = recognise(file, saved, preparation);
      if (options.json) printJson(asJson(file, found, names));
      else rows.push(asRow(file, found, names, isDigit));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      process.stderr.write(`${describeError(error, false)}\n`);
      process.exitCode = exitCodes.data;
    }
  }
  if (rows.length === 0) return;
  const table = formatTable(
    [['file', 'is', 'probability', 'else', 'probability', 'note'], ...rows],
    (text, row) => (row === 0 ? paint('dim', text, process.stdout) : text),
    // Where there is little room: the file, what it is, and the note.
    {
      columns: lineWidth(process.stdout),
      flexible: { 0: 16, 1: 8, 3: 8, 5: 13 },
      optional: [4, 3, 5],
      left: [5],
    },
  );
  for (const line of table) print(line);
}

type Names = readonly string[] | undefined;

function asJson(file: string, found: Recognition, names: Names): object {
  const { label, probabilities, inverted, empty, notes } = found;
  if (empty) return { file, label: null, probabilities: null, inverted, empty, notes };
  const name = names === undefined ? {} : { name: names[label] };
  return { file, label, ...name, probability: probabilities[label], probabilities, inverted, empty, notes };
}

function asRow(file: string, found: Recognition, names: Names, isDigit: boolean): string[] {
  const { label, probabilities, inverted, empty, notes } = found;
  if (empty) return [file, '-', '-', '-', '-', 'nothing is drawn on it'];
  const second = probabilities.reduce(
    (best, probability, i) => (i !== label && (best < 0 || probability > probabilities[best]) ? i : best),
    -1,
  );
  return [
    file,
    names?.[label] ?? String(label),
    percent(probabilities[label]),
    names?.[second] ?? String(second),
    percent(probabilities[second]),
    isDigit ? [inverted ? 'dark on light' : 'light on dark', ...notes].join(', ') : '',
  ];
}
