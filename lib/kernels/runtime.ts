/** The machine under the kernels: instruction set and threads. */
import {
  addonPath,
  chooseThreads,
  type NativeInfo,
  type NativeLevel,
  native,
  nativeTables,
} from '../native.js';
import { MAX_THREADS, tellTooManyThreads } from '../threads.js';
import { checkInteger, checkNumber } from './checks.js';

export { addonFiles, type NativeLevel } from '../native.js';

/** What `runtimeInfo` says of CPU, instruction set, threads and build. */
export interface RuntimeInfo extends NativeInfo {
  /** The addon's file, for diagnosis. */
  readonly addon: string | undefined;
}

/**
 * What the kernels run on.
 * @throws {AddonError} if the addon is missing or does not load.
 * @throws {ArgumentRangeError} if ROWNET_NUM_THREADS or ROWNET_MAX_ISA is wrong.
 */
export function runtimeInfo(): RuntimeInfo {
  return { ...native().info(), addon: addonPath() };
}

/**
 * Every instruction set level that the addon knows, lowest first.
 * @throws {AddonError} if the addon is missing or does not load.
 */
export function isaLevels(): readonly NativeLevel[] {
  return nativeTables().levels;
}

/**
 * Sizes the pool, the calling thread included. Results do not depend on it. Until it is called, the pool has
 * `ROWNET_NUM_THREADS` threads, else `OMP_NUM_THREADS`, else as many as the process has cores, or a container's quota of
 * CPU time. More threads than that are told, once, by a warning of the process, code `WARN_ROWNET_THREADS`.
 * @throws {ArgumentRangeError} unless `count` is an integer from 1 to 1024.
 */
export function setThreads(count: number): void {
  checkInteger('setThreads', 'count', count, 1, MAX_THREADS);
  chooseThreads(count);
  tellTooManyThreads(count);
}

/**
 * The machine's arithmetic limit: GFLOP/s of independent fused multiply-adds.
 * @param seconds about how long it runs; the event loop stands still meanwhile.
 */
export function fmaBurst(threads: number, seconds: number): number {
  checkInteger('fmaBurst', 'threads', threads, 1, MAX_THREADS);
  checkNumber('fmaBurst', 'seconds', seconds, 0);
  return native().fmaBurst(threads, seconds);
}
