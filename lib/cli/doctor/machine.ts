/** What the checks look at: the machine and the installation, as values, so that a test can give others. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As `process.version`: `v20.20.2`. */
  readonly nodeVersion: string;
  readonly arch: string;
  /** Cores that the process may use. */
  readonly cores: number;
  /** The folder that holds package.json and build/. */
  readonly packageRoot: string;
  /** Linux: `/proc/cpuinfo`. */
  readonly cpuInfo: string;
  /** Linux: `/proc/self/cgroup`, and the folder that control groups are mounted in. */
  readonly selfCgroup: string;
  readonly cgroupRoot: string;
}

export function thisMachine(): Machine {
  return {
    env: process.env,
    nodeVersion: process.version,
    arch: process.arch,
    cores: availableParallelism(),
    // The path is the same from lib/cli/doctor and from dist/cli/doctor.
    packageRoot: dirname(fileURLToPath(new URL('../../../package.json', import.meta.url))),
    cpuInfo: '/proc/cpuinfo',
    selfCgroup: '/proc/self/cgroup',
    cgroupRoot: '/sys/fs/cgroup',
  };
}

/** The text of a file; undefined where there is none, or none that can be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Cores' worth of time that the process' control groups allow, the tightest of them; undefined without a limit. A
 * container sees its own group as the root, so that the groups above the process' are asked too.
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cfs_quota_us).
 */
export function cpuQuota({ selfCgroup, cgroupRoot }: Machine): number | undefined {
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
        const read = (name: string) => textOf(join(cgroupRoot, 'cpu', group, name))?.trim();
        add(read('cpu.cfs_quota_us'), read('cpu.cfs_period_us'));
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

const levelFlags = {
  avx2: ['avx2', 'fma'],
  avx512: ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'],
} as const;

/** The instruction set levels that the system says this CPU has, lowest first; undefined where it does not say. */
export function cpuLevels({ arch, cpuInfo }: Machine): string[] | undefined {
  if (arch !== 'x64') return ['portable'];
  const flags = /^flags\s*:(.*)$/m.exec(textOf(cpuInfo) ?? '')?.[1]?.split(' ');
  if (flags === undefined) return undefined;
  const higher = Object.entries(levelFlags).filter(([, needed]) =>
    needed.every((flag) => flags.includes(flag)),
  );
  return ['portable', 'sse2', ...higher.map(([level]) => level)];
}

/** Whether a version lies in a range such as `^20.19.0 || >=22.12.0`, as package.json's `engines` has it. */
export function inRange(version: string, range: string): boolean {
  const parse = (text: string) => text.replace(/^\D+/, '').split('.').map(Number);
  const [major, minor, patch] = parse(version);
  return range.split('||').some((part) => {
    const from = parse(part.trim());
    if (part.trim().startsWith('^') && major !== from[0]) return false;
    const difference = [major - from[0], minor - from[1], patch - from[2]].find((value) => value !== 0) ?? 0;
    return difference >= 0;
  });
}
