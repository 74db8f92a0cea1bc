/** `rownet info`: what is installed here and what it runs on. */
import { arch, availableParallelism, platform } from 'node:os';
import { cpuModel } from '../../runs/machine.js';
import { knownSets } from '../../data/known-sets.js';
import { AddonError } from '../../errors.js';
import { type RuntimeInfo, runtimeInfo, setThreads } from '../../kernels.js';
import { probeData } from './known-data.js';
import type { OptionsOf } from '../options/commands.js';
import { print, printJson } from '../terminal/output.js';
import { formatList } from '../terminal/table.js';
import { findThreads } from '../options/threads.js';
import { cpuQuota, cpuPlaces } from '../../threads.js';
import { packageVersion } from '../../version.js';
import { lineWidth } from '../terminal/width.js';

/**
 * Prints all that can be found out, without the addon too.
 * @throws {AddonError} after that, when the addon is missing.
 */
export async function info(options: OptionsOf<'info'>): Promise<void> {
  const threads = findThreads(options.threads);
  const runtime = probeRuntime(threads.count);
  const failed = runtime instanceof AddonError;
  const facts = {
    rownet: packageVersion(),
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpuModel(),
    cores: availableParallelism(),
    cpuQuota: cpuQuota(cpuPlaces()) ?? null,
    addon: failed ? null : (runtime.addon ?? null),
    isa: failed ? null : runtime.isa,
    isaLevels: failed ? [] : runtime.isaLevels,
    threads: failed ? null : runtime.threads,
    threadsFrom: threads.source,
    compiler: failed ? null : runtime.compiler,
    buildType: failed ? null : runtime.buildType,
    data: knownSets.map(({ name }) => ({ name, ...probeData(name) })),
  };
  if (options.json) printJson(facts);
  else printFacts(facts);
  if (failed) throw runtime;
}

function probeRuntime(threads: number): RuntimeInfo | AddonError {
  try {
    setThreads(threads);
    return runtimeInfo();
  } catch (error) {
    if (error instanceof AddonError) return error;
    throw error;
  }
}

function printFacts({ data, isaLevels, ...facts }: { [name: string]: unknown } & Facts): void {
  const rows = Object.entries({ ...facts, isaLevels: isaLevels.join(', ') }).map(
    ([name, value]): [string, string] => [
      name,
      value === null || value === '' ? (name === 'cpuQuota' ? 'none' : 'not available') : String(value),
    ],
  );
  for (const { name, folder, missing } of data) rows.push([name, folder ?? `not found: ${missing}`]);
  for (const line of formatList(rows, lineWidth(process.stdout))) print(line);
}

interface Facts {
  readonly isaLevels: readonly string[];
  readonly data: readonly {
    readonly name: string;
    readonly folder: string | null;
    readonly missing?: string;
  }[];
}
