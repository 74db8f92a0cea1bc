/** What the checks look at: the machine and the installation, as values, so that a test can give others. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CpuPlaces, cpuPlaces } from '../../../threads.js';

export interface Machine extends CpuPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As `process.version`: `v20.20.2`. */
  readonly nodeVersion: string;
  readonly arch: string;
  /** The folder that holds package.json and build/. */
  readonly packageRoot: string;
  /** Linux: `/proc/cpuinfo`. */
  readonly cpuInfo: string;
}

export function thisMachine(): Machine {
  return {
    ...cpuPlaces(),
    env: process.env,
    nodeVersion: process.version,
    arch: process.arch,
    // The path is the same from lib/cli/commands/doctor and from dist/cli/commands/doctor.
    packageRoot: dirname(fileURLToPath(new URL('../../../../package.json', import.meta.url))),
    cpuInfo: '/proc/cpuinfo',
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
