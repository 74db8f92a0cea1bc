/** `rownet runs`: the runs in a folder, for people and for programs. */
import { basename, dirname, join } from 'node:path';
import { LivePage } from '../../web/live-page.js';
import { finishedRuns } from './train/live.js';
import type { OptionsOf } from '../options/commands.js';
import { paint, percent, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { shellWord, statsOf } from '../../files.js';
import { runsFolder } from '../../runs/folder.js';
import { listRuns, type RunSummary } from '../../runs/list.js';
import { isRunFolder } from '../../runs/path.js';
import { type CellStyle, formatTable } from '../terminal/table.js';
import { serveUntilStopped } from '../terminal/until-stopped.js';
import { lineWidth } from '../terminal/width.js';

/** @throws {DataError} when the folder is not there. */
export async function runs(folder: string | undefined, options: OptionsOf<'runs'>): Promise<void> {
  const path = folder ?? runsFolder;
  if (options.live !== undefined) return compareRuns(path, options);
  // Nobody has trained here yet: nothing is wrong with that.
  if (folder === undefined && statsOf(path) === undefined) return tellNone(path);
  const { runs: found, skipped } = await listRuns(path);
  for (const reason of skipped) process.stderr.write(`Skipped: ${printable(reason)}\n`);
  if (found.length === 0) {
    tellNone(path);
  } else if (options.json) {
    for (const { metrics: _, ...run } of found) printJson(run);
  } else {
    for (const line of describeRuns(found)) print(line);
  }
}

/** On stderr: stdout has runs alone. */
function tellNone(path: string): void {
  const folder = (one: string) => printable(shellWord(one));
  const out = path === runsFolder ? '' : ` --out ${folder(join(path, 'mine'))}`;
  const hint = isRunFolder(path)
    ? `It is a run itself: rownet runs ${folder(dirname(path))} lists it`
    : `To train one: rownet train${out}`;
  process.stderr.write(`No runs in ${printable(path)}. ${hint}\n`);
}

/** A page with the curves of finished runs. */
async function compareRuns(folder: string, { live, json }: OptionsOf<'runs'>): Promise<void> {
  // Told now rather than by an empty page.
  await listRuns(folder);
  await serveUntilStopped(async () => {
    const page = new LivePage({
      port: live === true || live === undefined ? 0 : live,
      runs: () => finishedRuns(folder),
      onListen(url) {
        if (json) printJson({ event: 'live', url });
        else print(`Compare runs: ${url}`);
        process.stderr.write('Ctrl-C ends it.\n');
      },
    });
    page.compare();
    await page.listen();
    return page;
  });
}

const columns = ['run', 'net', 'recipe', 'data', 'epochs', 'best', 'last', 's/epoch', 'date', 'state'];
const colors = { finished: 'green', stopped: 'yellow', running: 'cyan', guessing: 'red' } as const;

/** A table whose accuracies are those of the test images. */
function describeRuns(found: readonly RunSummary[]): string[] {
  // Which net it was is news where it was not always the same.
  const header = columns.filter((name) => name !== 'net' || found.some(({ net }) => net !== 'lenet5'));
  const rows = found.map((run) => {
    const cells: Readonly<Record<string, string>> = {
      run: run.name,
      net: run.net,
      recipe: [run.recipe, ...run.changes].join(' + '),
      data: basename(run.data),
      epochs: `${run.epochs}/${run.plannedEpochs}`,
      best: run.bestTestAccuracy === null ? '-' : percent(run.bestTestAccuracy),
      last: run.lastTestAccuracy === null ? '-' : percent(run.lastTestAccuracy),
      's/epoch': run.secondsPerEpoch === null ? '-' : run.secondsPerEpoch.toFixed(2),
      date: localTime(new Date(run.date)),
      state: shownState(run),
    };
    return header.map((name) => cells[name]);
  });
  const style: CellStyle = (text, row, column) => {
    if (row === 0) return paint('dim', text, process.stdout);
    if (column !== header.length - 1) return text;
    return paint(colors[shownState(found[row - 1])], text, process.stdout);
  };
  // A name is kept as long as train's own; what a run is called, how good it is and its state stay to the end.
  const place = (name: string) => header.indexOf(name);
  const optional = ['s/epoch', 'recipe', 'last', 'date', 'data', 'net', 'epochs'].map(place);
  const fit = {
    flexible: { [place('run')]: 24, [place('recipe')]: 8, [place('data')]: 8 },
    optional: optional.filter((at) => at >= 0),
  };
  return formatTable([header, ...rows], style, { ...fit, columns: lineWidth(process.stdout) });
}

/** A run that has learnt nothing is finished all the same, but not what anyone looks for. */
function shownState({ state, warning }: RunSummary): keyof typeof colors {
  return state === 'finished' && warning !== null ? 'guessing' : state;
}

/** `2025-01-31 17:45`, in the time zone of the terminal. */
function localTime(date: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join('-');
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}
