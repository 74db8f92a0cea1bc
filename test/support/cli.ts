/** Runs the built command line in a process of its own, as a user does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { usefulThreads } from '../../lib/threads.js';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const bin = join(root, 'bin', 'rownet.mjs');

/** Environment variables by which no data set of the machine's or the user's is found; see vitest.config.ts. */
const { XDG_CACHE_HOME = '', XDG_DATA_DIRS = '' } = process.env;
const noInstalledData = { XDG_CACHE_HOME, XDG_DATA_DIRS };

export interface CliOptions {
  readonly cwd?: string;
  /** On top of an environment that holds nothing that changes how rownet runs. */
  readonly env?: Readonly<Record<string, string>>;
  /** The arguments hold spaces of their own: they are not split. */
  readonly whole?: boolean;
  /** Another rownet.mjs. */
  readonly bin?: string;
  /** Called with each part of stdout, to react to what has been printed so far. */
  readonly onStdout?: (soFar: string, child: ChildProcess) => void;
  /** Called once, to stop the process from outside. */
  readonly onSpawn?: (child: ChildProcess) => void;
  readonly uid?: number;
  /** A program that runs it, such as `['strace', '-o', 'log']`. */
  readonly under?: readonly string[];
}

export interface CliResult {
  /** null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rownet ...args` to its end, split at their spaces; stdout and stderr are pipes. */
export function rownet(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { cwd, env = {}, onStdout, onSpawn, uid, under = [], whole = false } = options;
  const [program, ...words] = [
    ...under,
    process.execPath,
    options.bin ?? bin,
    ...(whole ? args : args.flatMap((arg) => arg.split(' '))),
  ];
  const child = spawn(program, words, {
    cwd: cwd ?? root,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      ...noInstalledData,
      ROWNET_NUM_THREADS: String(Math.min(2, usefulThreads())),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onSpawn?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
    onStdout?.(stdout, child);
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

export type JsonLine = Record<string, unknown> & { event?: string };

/** Each line of `text` as JSON; a line that is none fails the test with its text. */
export function jsonLines(text: string): JsonLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as JsonLine;
      } catch {
        throw new Error(`expected a line of JSON but received: ${line}`);
      }
    });
}

/** A folder that is gone after the tests of the file, and a way to run rownet in it. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'rownet-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    join: (...names: string[]) => join(path, ...names),
    run: (...args: string[]) => rownet(args, { cwd: path }),
  };
}

/** Makes a folder of IDX files: 28x28 images with a bright bar in the row of their class, `offset` brighter. */
export function writeIdxFolder(path: string, trainCount: number, testCount: number, offset = 0): void {
  mkdirSync(path, { recursive: true });
  for (const [prefix, count] of [['train', trainCount] as const, ['t10k', testCount] as const]) {
    const labels = Uint8Array.from({ length: count }, (_, i) => (7 * i + (i >> 3)) % 10);
    const images = new Uint8Array(count * 784);
    for (const [i, label] of labels.entries()) {
      images.fill(200 + offset, 784 * i + 28 * (2 * label + 4), 784 * i + 28 * (2 * label + 6));
    }
    writeFileSync(join(path, `${prefix}-images-idx3-ubyte`), idxBytes([count, 28, 28], images));
    writeFileSync(join(path, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels));
  }
}

function idxBytes(dims: readonly number[], values: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.writeUInt8(8, 2);
  header.writeUInt8(dims.length, 3);
  for (const [i, size] of dims.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, values]);
}
