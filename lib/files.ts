/** Regular files for reading, with errors that say what is wrong. Knows only Node and errors.ts. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { DataError } from './errors.js';

/** An open regular file. */
export interface OpenFile {
  readonly fd: number;
  /** In bytes, when it was opened. */
  readonly size: number;
}

/** `EACCES: permission denied` of a system error; undefined for any other error. */
export function systemErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  return /^[A-Z0-9]+: [^,]+/.exec(error.message)?.[0] ?? error.message;
}

/**
 * Opens `path`, hands it to `use`, closes it.
 * @throws DataError `where: path: ...` if there is no such file, if it is a directory or a device, or if the system
 * refuses to open or read it; what `use` throws otherwise passes through
 */
export function withRegularFile<Result>(
  where: string,
  path: string,
  use: (file: OpenFile) => Result,
): Result {
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

/** The text of a regular file. @throws as withRegularFile */
export function readText(where: string, path: string): string {
  return withRegularFile(where, path, (file) => {
    const bytes = new Uint8Array(file.size);
    return new TextDecoder().decode(bytes.subarray(0, readFully(file, bytes, 0)));
  });
}
