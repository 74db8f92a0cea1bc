/**
 * Files that are replaced as a whole: whoever opens the path sees the old contents or the new ones, also after a kill
 * at any instant. Written beside the target, synced, renamed, and the folder synced.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { coded } from '../errors.js';
import { checkPath, systemErrorText } from '../files.js';

/** Code `ERR_ROWNET_WRITE`: a file could not be written; the system's error is the cause. */
export class WriteError extends coded(Error, 'ERR_ROWNET_WRITE', 'WriteError') {}

const TEMPORARY = /^\.rownet-[0-9a-f]{24}\.tmp$/;
const ABANDONED_AFTER_MS = 3_600_000;

const HINTS: Record<string, string> = {
  EACCES: 'the folder must be writable',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'something that is no folder has this name',
  EISDIR: 'the path is a folder; pass the path of a file',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'choose a shorter name',
  ENOENT: 'create the folder first',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no folder',
  EPERM: 'the folder must be writable',
  EROFS: 'the disk is read-only',
};

/**
 * Turns an error of the system into one that says what was to be written.
 * @param where for messages: `write: path`
 * @throws WriteError `where: expected <expected> but received ENOSPC: ...`; what is no system error passes through
 */
export function writing<Result>(where: string, expected: string, write: () => Result): Result {
  try {
    return write();
  } catch (cause) {
    const text = systemErrorText(cause);
    if (text === undefined) throw cause;
    const hint = HINTS[text.slice(0, text.indexOf(':'))] ?? 'check the path and the disk';
    throw new WriteError(`${where}: expected ${expected} but received ${text}. Hint: ${hint}`, { cause });
  }
}

/**
 * Makes a folder and those above it, unless they are there.
 * @throws WriteError `where: path: expected a folder to write to but received ...`
 */
export function makeFolder(where: string, path: string): void {
  writing(`${where}: ${path}`, 'a folder to write to', () => makeFolders(path));
}

/** Not by the recursion of `mkdirSync`, which calls an error of the disk a missing folder. */
function makeFolders(path: string): void {
  const isFolder = () => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder()) return;
  const above = dirname(path);
  if (above !== path) makeFolders(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Made by another process since, perhaps.
    if (!isFolder()) throw error;
  }
}

/** How a file is replaced. */
export interface ReplaceOptions {
  /** In the same folder: the file that is replaced gets this name, and replaces one that has it. */
  readonly previous?: string;
}

/**
 * Writes `bytes` to `path`, replacing a file that is there (its mode is kept; a symbolic link stays, and the file that
 * it points to is replaced). When this returns, the new contents are on disk.
 *
 * With `previous`, a link is moved there instead, and a kill or an error between the two renames leaves the old
 * contents at `previous` alone, with nothing at `path`.
 * @throws WriteError if that fails. Up to the rename, the old file is untouched and nothing else is left; if only the
 * last step fails, the syncing of the folder, the new file is in place but may not survive a power loss.
 */
export function writeFileAtomic(path: string, bytes: Uint8Array, options: ReplaceOptions = {}): void {
  checkPath('write', path, WriteError);
  writing(`write: ${path}`, `to write ${bytes.length} bytes`, () => replaceFile(path, bytes, options));
}

function replaceFile(path: string, bytes: Uint8Array, { previous }: ReplaceOptions): void {
  const resolved = resolveTarget(path);
  const target = previous === undefined ? resolved : { ...resolved, path };
  const folder = dirname(target.path);
  // A write takes far less than an hour, so an older one was left by a process that was killed.
  removeTemporaries(folder, ABANDONED_AFTER_MS);
  const temporary = join(folder, `.rownet-${randomBytes(12).toString('hex')}.tmp`);
  try {
    writeSynced(temporary, bytes, target.mode);
    if (previous !== undefined && target.mode !== undefined) renameSync(target.path, previous);
    renameSync(temporary, target.path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  syncFolder(folder);
}

/** Follows links; a path that does not exist yet is its own target. */
function resolveTarget(path: string): { path: string; mode: number | undefined } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { path, mode: undefined };
  // Renaming over a device such as /dev/null would replace it for the whole system.
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? 'a folder' : 'a device or a pipe';
    throw new WriteError(
      `write: ${path}: expected a file but received ${kind}. Hint: pass the path of a file`,
    );
  }
  return { path: realpathSync(path), mode: stats.mode & 0o777 };
}

function writeSynced(temporary: string, bytes: Uint8Array, mode: number | undefined): void {
  const fd = openSync(temporary, 'wx', mode ?? 0o666);
  try {
    // The umask has been taken off the mode that an existing file had in full.
    if (mode !== undefined) fchmodSync(fd, mode);
    writeFileSync(fd, bytes);
    // Not tried again when it fails: the kernel may have dropped the dirty pages and would report success.
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some file systems cannot sync a folder, and need not.
    const text = systemErrorText(error) ?? '';
    if (!text.startsWith('EINVAL') && !text.startsWith('ENOTSUP')) throw error;
  } finally {
    closeSync(fd);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The error that led here matters more.
  }
}

/** Whether a file of this name is a temporary one of writeFileAtomic. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * Removes the temporary files of a folder that no process writes to.
 * @param age in milliseconds: only those that were written at least that long ago
 */
export function removeTemporaries(folder: string, age = 0): void {
  for (const name of readdirSync(folder)) {
    if (!isTemporary(name)) continue;
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() && (age === 0 || Date.now() - stats.mtimeMs > age)) removeQuietly(path);
  }
}
