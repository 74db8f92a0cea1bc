/** One process a run folder: a lock that the kernel frees with the process, kill -9 included. */
import { createHash } from 'node:crypto';
import { statSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Lock {
  /** Whether the path still leads to the folder that is locked: it may have been moved, and another put in its place. */
  holds(): boolean;
  release(): void;
}

/**
 * Locks a folder by listening on a local socket named after its device and inode. On Linux the name is abstract and
 * vanishes with the process; elsewhere it is a file in the temporary folder, and one that nobody answers on is stale.
 * It holds within one machine and, on Linux, within one network namespace: containers do not see each other's locks.
 * @returns undefined when a training, of this process or another, has it.
 */
export async function lockFolder(folder: string): Promise<Lock | undefined> {
  const path = socketPath(folder);
  let result = await listen(path);
  if (result === 'taken' && process.platform !== 'linux' && !(await isAnswered(path))) {
    unlinkSync(path);
    result = await listen(path);
  }
  if (result === 'taken') return undefined;
  // A sandbox without local sockets is no reason not to train.
  const server = result === 'unavailable' ? undefined : result;
  server?.unref();
  return {
    holds: () => statSync(folder, { throwIfNoEntry: false }) !== undefined && socketPath(folder) === path,
    release: () => void server?.close(),
  };
}

/** Whether a process trains in the folder. Only knocks: a training that starts or runs meanwhile is not disturbed. */
export function isLocked(folder: string): Promise<boolean> {
  return isAnswered(socketPath(folder));
}

function socketPath(folder: string): string {
  const { dev, ino } = statSync(folder);
  const name = `rownet-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 20)}`;
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

function listen(path: string): Promise<Server | 'taken' | 'unavailable'> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' ? 'taken' : 'unavailable'),
    );
    server.listen(path, () => resolve(server));
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    // EAGAIN: somebody listens, and has not come to answer those before.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'));
    socket.once('connect', () => socket.destroy());
  });
}
