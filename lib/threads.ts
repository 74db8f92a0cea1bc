/**
 * How many threads the kernels run on. Results do not depend on it, but time does: threads beyond the cores, or beyond
 * the time that a container is given, wait for each other at the end of every kernel.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join, posix } from 'node:path';
import { ArgumentRangeError } from './errors.js';
import { warn } from './warnings.js';

export const MAX_THREADS = 1024;

type Env = Readonly<Record<string, string | undefined>>;

/** Where the system says what a process may use. */
export interface CpuPlaces {
  /** Cores that the process may run on: what is left of the machine's by affinity and cpusets. */
  readonly cores: number;
  /** Linux: `/proc/self/cgroup`, and the folder that control groups are mounted in. */
  readonly selfCgroup: string;
  readonly cgroupRoot: string;
}

export interface Threads {
  readonly count: number;
  /** What the number comes from: a variable, the cores, or the quota. */
  readonly source: string;
}

export function cpuPlaces(): CpuPlaces {
  return {
    // By name it could not be imported on Node 16, before check-node says that it is too old.
    cores: os.availableParallelism(),
    selfCgroup: '/proc/self/cgroup',
    cgroupRoot: '/sys/fs/cgroup',
  };
}

/**
 * The number of threads where no program and no option says one: ROWNET_NUM_THREADS, else OMP_NUM_THREADS, else what
 * the process can use.
 * @throws {ArgumentRangeError} when ROWNET_NUM_THREADS is not an integer from 1 to 1024.
 */
export function defaultThreads(env: Env = process.env, places = cpuPlaces()): Threads {
  const ours = env.ROWNET_NUM_THREADS;
  if (ours) {
    const count = /^\d+$/.test(ours) ? Number(ours) : Number.NaN;
    if (count >= 1 && count <= MAX_THREADS) return { count, source: 'ROWNET_NUM_THREADS' };
    throw new ArgumentRangeError(
      `ROWNET_NUM_THREADS: expected an integer from 1 to ${MAX_THREADS} but received "${ours}"`,
    );
  }
  // Not ours: a list ("4,2": one number a nesting level) is legal there, and anything odd is somebody else's business.
  const openMp = Number(env.OMP_NUM_THREADS?.split(',')[0] || Number.NaN);
  if (Number.isInteger(openMp) && openMp >= 1 && openMp <= MAX_THREADS) {
    return { count: openMp, source: 'OMP_NUM_THREADS' };
  }
  const count = usefulThreads(places);
  return { count, source: count < places.cores ? 'the CPU quota' : 'all cores' };
}

/** As many as have a core, or a part of one, at any time. */
export function usefulThreads(places = cpuPlaces()): number {
  const quota = cpuQuota(places) ?? Number.POSITIVE_INFINITY;
  return Math.min(Math.max(1, places.cores), Math.ceil(quota), MAX_THREADS);
}

/** Why a number of threads is too many here; undefined if it is not. */
export function tooManyThreads(count: number, places = cpuPlaces()): string | undefined {
  const useful = usefulThreads(places);
  if (count <= useful) return undefined;
  const quota = cpuQuota(places) ?? Number.POSITIVE_INFINITY;
  return quota < places.cores
    ? `more than the CPU quota of ${coresText(quota)}, which stops them for part of the time`
    : `more than the ${coresText(places.cores)}, for which they wait`;
}

/** `1 core`, `1.5 cores`. */
export function coresText(count: number): string {
  const rounded = Number(count.toFixed(2));
  return `${rounded} ${rounded === 1 ? 'core' : 'cores'}`;
}

let told = false;

/** Warns, once, of more threads than are of use. */
export function tellTooManyThreads(count: number): void {
  if (told) return;
  const places = cpuPlaces();
  const reason = tooManyThreads(count, places);
  if (reason === undefined) return;
  told = true;
  warn('WARN_ROWNET_THREADS', `threads: ${count} are ${reason}. Hint: ${usefulThreads(places)} are faster`);
}

/**
 * Cores' worth of time that the process' control groups allow, the tightest of them; undefined without a limit. A
 * container sees its own group as the root, so that the groups above the process' are asked too.
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cfs_quota_us).
 */
export function cpuQuota({ selfCgroup, cgroupRoot }: Omit<CpuPlaces, 'cores'>): number | undefined {
  const limits: number[] = [];
  const add = (quota: string | undefined, period: string | undefined) => {
    const limit = Number(quota) / Number(period);
    // `max`, and -1 in version 1, are no limit.
    if (Number.isFinite(limit) && limit > 0) limits.push(limit);
  };
  for (const line of (textOf(selfCgroup) ?? '0::/').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    for (const group of groupAndAbove(path)) {
      if (controllers === '') {
        const [quota, period] =
          textOf(join(cgroupRoot, group, 'cpu.max'))
            ?.trim()
            .split(' ') ?? [];
        add(quota, period);
      } else if (controllers.split(',').includes('cpu')) {
        // Some systems mount the controller under its own name, some under those of all that share its tree.
        for (const mount of new Set(['cpu', controllers])) {
          const read = (name: string) => textOf(join(cgroupRoot, mount, group, name))?.trim();
          add(read('cpu.cfs_quota_us'), read('cpu.cfs_period_us'));
        }
      }
    }
  }
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** `/a/b`, `/a`, `/`. A group outside of a container's view starts with `/..`, and there only the root is left. */
function groupAndAbove(path: string): string[] {
  const normal = posix.normalize(path);
  return normal === '/' || normal === '.' ? ['/'] : [normal, ...groupAndAbove(posix.dirname(normal))];
}

/** The text of a file; undefined where there is none, or none that can be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
