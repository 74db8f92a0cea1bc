/** Paths, and regular files for reading, with errors that say what is wrong. Knows only Node, errors.ts and tensor.ts. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { ArgumentTypeError, DataError, errorMessage } from './errors.js';
import { newBytes, typeName } from './tensor.js';

/** An open regular file. */
export interface OpenFile {
  readonly fd: number;
  /** In bytes, when it was opened. */
  readonly size: number;
}

/** `EACCES: permission denied` of a system error; undefined for any other error. */
export function systemErrorText(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('syscall' in error)) return undefined;
  const text = errorMessage(error);
  return /^[A-Z0-9]+: [^,]+/.exec(text)?.[0] ?? text;
}

/**
 * What is at `path`; undefined when nothing is, and when the system does not let one see it: a folder that may not be
 * searched, links that lead in a circle. Reading or writing there then says why.
 */
export function statsOf(path: string, stat: (path: string) => Stats = statSync): Stats | undefined {
  try {
    return stat(path);
  } catch (error) {
    if (systemErrorText(error) === undefined) throw error;
    return undefined;
  }
}

/** A path as a word for a shell, for a command that is to be copied. */
export function shellWord(path: string): string {
  const word = path.startsWith('-') ? `./${path}` : path;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Opens `path`, hands it to `use`, closes it.
 * @throws DataError `where: path: ...` if there is no such file, if it is a directory or a device, if the path holds a
 * null byte, or if the system refuses to open or read it; what `use` throws otherwise passes through
 */
export function withRegularFile<Result>(
  where: string,
  path: string,
  use: (file: OpenFile) => Result,
): Result {
  checkPath(where, path);
  let fd = -1;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    if (!stats.isFile()) {
      const kind = stats.isDirectory() ? 'a directory' : 'a device or a pipe';
      throw new DataError(`${where}: ${path}: expected a file but received ${kind}. Hint: check the path`);
    }
    return use({ fd, size: stats.size });
  } catch (error) {
    const text = systemErrorText(error);
    if (text === undefined) throw error;
    const hint = text.startsWith('EACCES') ? 'check its owner and mode' : 'check the path';
    throw new DataError(`${where}: ${path}: expected a readable file but received ${text}. Hint: ${hint}`, {
      cause: error,
    });
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/**
 * What Node says of such a path, which may come from a file's contents, names neither the reader nor what to do.
 * @throws ArgumentTypeError for anything but a text
 * @throws Failure for a null byte, and for half a character
 */
export function checkPath(where: string, path: unknown, Failure = DataError): void {
  if (typeof path !== 'string') {
    throw new ArgumentTypeError(
      `${where}: expected a path to be a text but received ${typeName(path)}. ` +
        'Hint: fileURLToPath() makes a path of a URL',
    );
  }
  // The system would be asked for U+FFFD in its place: for another file.
  if (/\p{Surrogate}/u.test(path)) {
    throw new Failure(
      `${where}: expected a path but received one with a lone surrogate: ${JSON.stringify(path.slice(0, 80))}. ` +
        'Hint: check the path',
    );
  }
  if (!path.includes('\0')) return;
  throw new Failure(
    `${where}: expected a path but received one with a null byte: ${JSON.stringify(path.slice(0, 80))}. ` +
      'Hint: check the path',
  );
}

/**
 * The bytes of a regular file: as many as it had when it was opened, or fewer if it shrinks meanwhile.
 * @param hint what to do about a file of more than `most` bytes
 * @throws DataError as withRegularFile, and for a larger file, before any memory is taken
 */
export function readRegularFile(where: string, path: string, most: number, hint: string): Uint8Array {
  return withRegularFile(where, path, (file) => {
    if (file.size > most) {
      throw new DataError(
        `${where}: ${path}: expected at most ${most} bytes but the file has ${file.size}. Hint: ${hint}`,
      );
    }
    const bytes = newBytes(`${where}: ${path}`, file.size);
    return bytes.subarray(0, readFully(file, bytes, 0));
  });
}

/** Fills `target` from the file at `position`; returns how many bytes there were, fewer only at the end of the file. */
export function readFully(file: OpenFile, target: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < target.length) {
    const count = readSync(file.fd, target, filled, target.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
