/** How many threads to run on: `--threads`, else ROWNET_NUM_THREADS, else OMP_NUM_THREADS, else all cores. */
import { availableParallelism } from 'node:os';
import { integer } from './values.js';

const most = 1024;
const read = integer(1, most);

export interface Threads {
  readonly count: number;
  /** What the number comes from: an option, a variable, or the cores. */
  readonly source: string;
}

/** @throws {UsageError} as `resolveThreads`. */
export function findThreads(
  option: number | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
  cores = availableParallelism(),
): Threads {
  if (option !== undefined) return { count: option, source: '--threads' };
  if (env.ROWNET_NUM_THREADS) {
    return { count: read(env.ROWNET_NUM_THREADS, 'ROWNET_NUM_THREADS'), source: 'ROWNET_NUM_THREADS' };
  }
  // Not ours: a list ("4,2": one number a nesting level) is legal there, and anything odd is somebody else's business.
  const openMp = Number(env.OMP_NUM_THREADS?.split(',')[0] || Number.NaN);
  if (Number.isInteger(openMp) && openMp >= 1 && openMp <= most) {
    return { count: openMp, source: 'OMP_NUM_THREADS' };
  }
  return { count: Math.min(cores, most), source: 'all cores' };
}

/** @throws {UsageError} when ROWNET_NUM_THREADS is not an integer from 1 to 1024. */
export function resolveThreads(
  option: number | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): number {
  return findThreads(option, env).count;
}
