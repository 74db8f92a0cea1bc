/** How many threads to run on: `--threads`, else what `defaultThreads` says. */
import { ArgumentRangeError } from '../../errors.js';
import { type CpuPlaces, cpuPlaces, defaultThreads, type Threads } from '../../threads.js';
import { UsageError } from '../exit.js';

type Env = Readonly<Record<string, string | undefined>>;

/** @throws {UsageError} when ROWNET_NUM_THREADS is not an integer from 1 to 1024. */
export function findThreads(
  option: number | undefined,
  env: Env = process.env,
  places: CpuPlaces = cpuPlaces(),
): Threads {
  if (option !== undefined) return { count: option, source: '--threads' };
  try {
    return defaultThreads(env, places);
  } catch (error) {
    if (error instanceof ArgumentRangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** @throws {UsageError} as `findThreads`. */
export function resolveThreads(option: number | undefined): number {
  return findThreads(option).count;
}
