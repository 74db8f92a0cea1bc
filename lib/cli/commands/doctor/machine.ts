/** What the checks look at: the machine and the installation, as values, so that a test can give others. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeLevel } from '../../../kernels/runtime.js';
import { type CpuPlaces, cpuPlaces, textOf } from '../../../threads.js';

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

/** The instruction set levels that the system says this CPU has, lowest first; undefined where it does not say. */
export function cpuLevels(levels: readonly NativeLevel[], { arch, cpuInfo }: Machine): string[] | undefined {
  // Of other CPUs than x86-64 every system says so little that the lowest level is taken for granted.
  const said = /^(?:flags|Features)\s*:(.*)$/m.exec(textOf(cpuInfo) ?? '')?.[1];
  if (said === undefined && arch === 'x64') return undefined;
  const flags = said?.split(' ') ?? [];
  return levels
    .filter(({ cpuFlags }) => cpuFlags.every((flag) => flags.includes(flag)))
    .map(({ name }) => name);
}
