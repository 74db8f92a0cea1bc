/** What a folder holds, and in which order. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../errors.js';
import { checkPath, systemErrorText } from '../files.js';

/**
 * The names in a folder; undefined if there is no such folder.
 * @throws DataError if it may not be read, or if its path holds a null byte
 */
export function namesIn(where: string, folder: string): string[] | undefined {
  checkPath(where, folder);
  try {
    return readdirSync(folder);
  } catch (error) {
    const text = systemErrorText(error);
    if (text === undefined) throw error;
    if (text.startsWith('ENOENT') || text.startsWith('ENOTDIR')) return undefined;
    throw new DataError(
      `${where}: ${folder}: expected a readable folder but received ${text}. Hint: check its mode`,
      { cause: error },
    );
  }
}

/**
 * The folders in a folder, links to folders included, hidden ones left out, in natural order.
 * @throws DataError if it may not be read, or holds a folder whose name is no UTF-8
 */
export function subfolders(folder: string): string[] {
  const names = namesIn('data', folder) ?? [];
  refuseLostFolder(folder, names);
  return names.filter((name) => !name.startsWith('.') && isFolder(join(folder, name))).sort(naturalOrder);
}

/** What is no UTF-8 comes with U+FFFD in its name, and nothing is there under that: a class would be lost without a word. */
function refuseLostFolder(folder: string, names: readonly string[]): void {
  const isLost = (name: string) =>
    name.includes('\ufffd') && lstatSync(join(folder, name), { throwIfNoEntry: false }) === undefined;
  if (!names.some(isLost)) return;
  const lost = readdirSync(folder, { withFileTypes: true }).find(
    (entry) => isLost(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()),
  );
  if (lost === undefined) return;
  throw new DataError(
    `data: ${folder}: expected names in UTF-8 but received ${JSON.stringify(lost.name)}. Hint: rename this folder`,
  );
}

/** Links to folders included. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // A link to nowhere, or a folder that was removed meanwhile.
    return false;
  }
}

/** `2` before `10`: runs of digits are compared as numbers, all else by code units. */
export function naturalOrder(a: string, b: string): number {
  // With the digits caught, every second part is a run of them.
  const left = a.split(/(\d+)/);
  const right = b.split(/(\d+)/);
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const order = i % 2 === 1 ? numberOrder(left[i], right[i]) : textOrder(left[i], right[i]);
    if (order !== 0) return order;
  }
  return left.length - right.length || textOrder(a, b);
}

function numberOrder(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length - right.length || textOrder(left, right);
}

function textOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
