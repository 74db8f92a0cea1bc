/** The run that a command takes where none is named. */
import { DataError } from '../../errors.js';
import { UsageError } from '../exit.js';
import { percent } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { statsOf } from '../../files.js';
import { runsFolder } from '../../runs/folder.js';
import { listRuns, type RunSummary } from '../../runs/list.js';
import { checkpointFile, isRunFolder, pathKind } from '../../runs/path.js';

/**
 * The path, or else the newest run of the folder that trainings write to, which is told on stderr. A run that is being
 * trained now is left out: its checkpoint may be that of the first steps.
 * @throws {DataError} when there is none.
 */
export async function namedOrNewest(command: string, path: string | undefined): Promise<string> {
  if (path !== undefined) return path;
  const { runs } = statsOf(runsFolder)?.isDirectory() ? await listRuns(runsFolder) : { runs: [] };
  const kept = runs.filter((run) => isRunFolder(run.path));
  const newest = kept.find(({ state }) => state !== 'running');
  const running = kept.filter(({ state }) => state === 'running').map((run) => printable(run.path));
  if (newest === undefined) {
    const hint =
      running.length === 0
        ? '"rownet train" makes one; one that is elsewhere has to be named'
        : `${running[0]} is being trained now; name it to take it as it is`;
    throw new DataError(
      `${command}: expected a run in ${runsFolder} to take the newest of but received none. Hint: ${hint}`,
    );
  }
  for (const one of running) process.stderr.write(`Left out, since it is being trained now: ${one}\n`);
  process.stderr.write(`The newest run: ${describeRun(newest)}\n`);
  return newest.path;
}

function describeRun({ path, epochs, plannedEpochs, lastTestAccuracy, state }: RunSummary): string {
  const accuracy = lastTestAccuracy === null ? '' : `, ${percent(lastTestAccuracy)} on the test images`;
  const stopped = state === 'stopped' ? `, stopped after ${epochs} of ${plannedEpochs} epochs` : '';
  return `${printable(path)}${accuracy}${stopped}`;
}

/**
 * Tells a run from the image files after it, by what each is. Without a run the newest is taken.
 * @throws {UsageError} where that cannot be told, and where there is no image.
 */
export async function runAndImages(
  command: string,
  words: readonly string[],
): Promise<{ readonly run: string; readonly files: readonly string[] }> {
  const [first, ...rest] = words;
  if (first === undefined) {
    throw new UsageError(
      `${command}: expected image files but received none. Hint: rownet ${command} digit.png takes the newest run`,
    );
  }
  const kind = pathKind(first);
  if (kind === 'unclear') {
    throw new UsageError(
      `${command}: expected a run or an image but ${first} is neither by its contents nor by its name. ` +
        `Hint: name the run first: rownet ${command} runs/mine digit.png`,
    );
  }
  if (kind === 'run') {
    // What is no run is told before what is missing after it.
    checkpointFile(first);
    if (rest.length > 0) return { run: first, files: rest };
    throw new UsageError(`${command}: expected image files after the run ${first} but received none`);
  }
  const run = rest.find(isRunFolder);
  if (run !== undefined) {
    throw new UsageError(`${command}: expected the run first but received ${run} after ${first}`);
  }
  return { run: await namedOrNewest(command, undefined), files: words };
}

/** The value of `--checkpoint`: a path, or true where it stands alone. */
export async function checkpointOption(command: string, value: string | true): Promise<string> {
  if (value === true) return namedOrNewest(command, undefined);
  if (pathKind(value) !== 'image') return value;
  throw new UsageError(
    `${command}: --checkpoint: expected a run but received the image ${value}. ` +
      `Hint: put the image first: rownet ${command} ${value} --checkpoint`,
  );
}
