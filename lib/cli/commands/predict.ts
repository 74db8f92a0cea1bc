/** `rownet predict`: what image files show. */
import { DataError } from '../../errors.js';
import { setThreads } from '../../kernels.js';
import { describeError, exitCodes } from '../exit.js';
import { runAndImages } from './newest-run.js';
import type { OptionsOf } from '../options/commands.js';
import { paint, percent, print, printJson } from '../terminal/output.js';
import { type Recognition, Recognizer } from '../../runs/recognizer.js';
import { readImageFile } from '../../images/decode.js';
import { openNet } from './open-net.js';
import { formatTable } from '../terminal/table.js';
import { resolveThreads } from '../options/threads.js';
import { lineWidth } from '../terminal/width.js';

/** A file that is no image is told on stderr and sets exit code 3; the others are recognised all the same. */
export async function predict(words: readonly string[], options: OptionsOf<'predict'>): Promise<void> {
  const { run, files } = await runAndImages('predict', words);
  const opened = await openNet('predict', run, options);
  setThreads(resolveThreads(options.threads));
  const recognizer = new Recognizer(opened, options.prepare);
  const isDigit = recognizer.preparation.prepare === 'digit';
  const names = opened.classNames;
  const rows: string[][] = [];
  for (const file of files) {
    try {
      const found = recognizer.recognise(readImageFile(file), `images: ${file}`);
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
  const { label, name, probability, probabilities, inverted, empty, notes } = found;
  if (empty) return { file, label, probabilities: null, inverted, empty, notes };
  const named = names === undefined ? {} : { name };
  return { file, label, ...named, probability, probabilities, inverted, empty, notes };
}

function asRow(file: string, found: Recognition, names: Names, isDigit: boolean): string[] {
  const { label, name, probability, probabilities, inverted, notes } = found;
  if (name === null || probability === null) return [file, '-', '-', '-', '-', 'nothing is drawn on it'];
  const second = probabilities.reduce(
    (best, probability, i) => (i !== label && (best < 0 || probability > probabilities[best]) ? i : best),
    -1,
  );
  return [
    file,
    name,
    percent(probability),
    names?.[second] ?? String(second),
    percent(probabilities[second]),
    isDigit ? [inverted ? 'dark on light' : 'light on dark', ...notes].join(', ') : '',
  ];
}
