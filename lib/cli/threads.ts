/** How many threads to run on: `--threads`, else ROWNET_NUM_THREADS, else OMP_NUM_THREADS, else all cores. */
import { availableParallelism } from 'node:os';
import { integer } from './values.js';

const most = 1024;
const read = integer(1, most);

/** @throws {UsageError} when ROWNET_NUM_THREADS is not an integer from 1 to 1024. */
export function resolveThreads(
  option: number | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): number {
  if (option !== undefined) return option;
  if (env.ROWNET_NUM_THREADS) return read(env.ROWNET_NUM_THREADS, 'ROWNET_NUM_THREADS');
  // Not ours: a list ("4,2": one number a nesting level) is legal there, and anything odd is somebody else's business.
  const openMp = Number(env.OMP_NUM_THREADS?.split(',')[0] || Number.NaN);
  if (Number.isInteger(openMp) && openMp >= 1 && openMp <= most) return openMp;
  return Math.min(availableParallelism(), most);
}
