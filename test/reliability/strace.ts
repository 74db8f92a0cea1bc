/** System calls of the main thread, which writes all files: seen, and made to fail or to kill, one at a time. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { type CliOptions, type CliResult, rownet } from '../support/cli.js';

const writeSide = [
  ...['openat', 'open', 'creat', 'write', 'writev', 'pwrite64', 'pwritev', 'fsync', 'fdatasync', 'ftruncate'],
  ...[
    'rename',
    'renameat',
    'renameat2',
    'link',
    'linkat',
    'unlink',
    'unlinkat',
    'fchmod',
    'fchmodat',
    'chmod',
  ],
  ...['mkdir', 'mkdirat', 'truncate'],
];

/** Why system calls cannot be tampered with here; undefined if they can. */
export function straceMissing(): string | undefined {
  const { status, error } = spawnSync('strace', ['-o', '/dev/null', '-e', 'inject=fsync:error=EIO', 'true']);
  if (error !== undefined) return 'needs strace, not installed';
  return status === 0 ? undefined : 'needs ptrace, which is not permitted here';
}

/** One call that writes in a folder. */
export interface WriteCall {
  readonly syscall: string;
  /** Among all calls of that name that the thread makes, from 1: what strace counts. */
  readonly nth: number;
  /** Among those of that name on the folder, from 1: the same in each run. */
  readonly inFolder: number;
}

export interface Injected {
  readonly result: CliResult;
  /** The call that was hit; undefined if it was none on the folder. */
  readonly hit: WriteCall | undefined;
  /** Those on the folder up to the end of the run. */
  readonly calls: readonly WriteCall[];
}

interface TracedCall extends WriteCall {
  readonly text: string;
}

/** The calls in a log that change something in `folder`, or make it. */
function parse(log: string, folder: string): TracedCall[] {
  const counts = new Map<string, number>();
  const count = (key: string) => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts.get(key) as number;
  };
  return log.split('\n').flatMap((text) => {
    const syscall = /^(\w+)\(/.exec(text)?.[1];
    if (syscall === undefined) return [];
    const nth = count(syscall);
    if (!text.includes(folder)) return [];
    if (syscall.startsWith('open') && !/O_WRONLY|O_RDWR|O_CREAT/.test(text)) return [];
    return [{ syscall, nth, inFolder: count(`${syscall} in folder`), text }];
  });
}

async function trace(
  args: readonly string[],
  options: CliOptions,
  inject: readonly string[],
): Promise<{ result: CliResult; log: string }> {
  const file = `${args.at(-1)}.strace`;
  const under = ['strace', '-y', '-o', file, '-e', `trace=${writeSide.join(',')}`, ...inject];
  const result = await rownet(args, { ...options, under });
  const log = readFileSync(file, 'utf8');
  rmSync(file);
  return { result, log };
}

/** The calls of a run that write in the run folder, the last argument. */
export async function writeCalls(args: readonly string[], options: CliOptions): Promise<WriteCall[]> {
  const { result, log } = await trace(args, options, []);
  if (result.code !== 0) throw new Error(`the run to trace failed: ${result.stderr}`);
  return parse(log, args.at(-1) as string);
}

/** Runs with a fault, such as `signal=KILL` or `error=EIO`, in one call. */
export async function runWithFault(
  args: readonly string[],
  options: CliOptions,
  { syscall, nth }: WriteCall,
  fault: string,
): Promise<Injected> {
  const { result, log } = await trace(args, options, ['-e', `inject=${syscall}:${fault}:when=${nth}`]);
  const calls = parse(log, args.at(-1) as string);
  return { result, hit: calls.find((call) => call.syscall === syscall && call.nth === nth), calls };
}
