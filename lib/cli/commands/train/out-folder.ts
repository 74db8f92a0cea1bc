/** Where a training may write to. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../../../errors.js';
import { makeFolder, writing } from '../../../formats/atomic-file.js';
import { folderProblem, holdsFiles, RunFolder, runsFolder } from '../../../runs/folder.js';
import { UsageError } from '../../exit.js';

/**
 * Checks, without touching anything, that a new run can be written to `path`.
 * @throws {UsageError} when it is a file, a folder that holds something, or cannot be written.
 */
export function checkNewRun(path: string): void {
  checkFolder('--out', path);
  if (!holdsFiles(path)) return;
  throw new UsageError(
    `train: --out: expected a new or empty folder but ${path} holds files. ` +
      `Hint: "--resume ${path}" continues a run`,
  );
}

/**
 * Checks, without touching anything, that files can be created in `path`, or that it can be made.
 * @throws {UsageError} that names `option` when it is a file or cannot be written.
 */
export function checkFolder(option: string, path: string): void {
  const problem = folderProblem(path);
  if (problem !== undefined) throw new UsageError(`train: ${option}: ${problem}`);
}

/** `runs/fast-20250131-174500`, in local time; a number follows where that exists already. */
export function defaultRunPath(recipe: string, now = new Date()): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}`;
  const time = `${pad(now.getHours())}${pad(now.getMinutes())}${pad(now.getSeconds())}`;
  const path = join(runsFolder, `${recipe}-${day}-${time}`);
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? path : `${path}-${count}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/**
 * Makes a folder under the default path, never one that another training makes at the same moment.
 * @throws {WriteError} when that fails.
 */
export function createDefaultRunFolder(recipe: string): RunFolder {
  for (;;) {
    const path = defaultRunPath(recipe);
    makeFolder('train', dirname(path));
    const isNew = writing(`train: ${path}`, 'a folder to write to', () => {
      try {
        mkdirSync(path);
        return true;
      } catch (error) {
        if (errorCode(error) === 'EEXIST') return false;
        throw error;
      }
    });
    if (isNew) return new RunFolder(path);
  }
}
