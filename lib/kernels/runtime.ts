/** The machine under the kernels: instruction set and threads. */
import { addonPath, type NativeInfo, native } from '../native.js';
import { checkInteger, checkNumber } from './checks.js';

export { addonFiles } from '../native.js';

const MAX_THREADS = 1024;

/** What `runtimeInfo` says of CPU, instruction set, threads and build. */
export interface RuntimeInfo extends NativeInfo {
  /** The addon's file, for diagnosis. */
  readonly addon: string | undefined;
}

/**
 * What the kernels run on.
 * @throws {AddonError} if the addon is missing or does not load.
 */
export function runtimeInfo(): RuntimeInfo {
  return { ...native().info(), addon: addonPath() };
}

/**
 * Sizes the pool, the calling thread included. Results do not depend on it.
 * @throws {ArgumentRangeError} unless `count` is an integer from 1 to 1024.
 */
export function setThreads(count: number): void {
  checkInteger('setThreads', 'count', count, 1, MAX_THREADS);
  native().setThreads(count);
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
