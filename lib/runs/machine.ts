/** What a training ran on, kept in its run folder. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runtimeInfo } from '../kernels.js';
import { packageVersion } from '../version.js';

export interface Machine {
  readonly rownet: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly threads: number;
  readonly isa: string;
  readonly compiler: string;
  /** Of the repository that the command was run in; null outside of one. */
  readonly commit: string | null;
  /** When the training began, ISO 8601. */
  readonly date: string;
}

export function describeMachine(now = new Date()): Machine {
  const { threads, isa, compiler } = runtimeInfo();
  return {
    rownet: packageVersion(),
    node: process.version,
    platform: `${os.platform()} ${os.arch()}`,
    cpu: cpuModel(),
    cores: os.availableParallelism(),
    threads,
    isa,
    compiler,
    commit: commitOf(process.cwd()),
    date: now.toISOString(),
  };
}

export function cpuModel(): string {
  return os.cpus()[0]?.model.trim() || 'unknown';
}

/** The commit of the repository that holds a folder, `-dirty` where it has changes; null where there is none. */
export function commitOf(folder: string): string | null {
  if (!hasRepository(resolve(folder))) return null;
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

/** The commit of this package's own clone; null where it is installed, maybe in somebody else's repository. */
export function packageCommit(): string | null {
  const folder = fileURLToPath(new URL('../..', import.meta.url));
  return existsSync(join(folder, '.git')) ? commitOf(folder) : null;
}

/** Starting git takes longer than looking. */
function hasRepository(folder: string): boolean {
  if (existsSync(join(folder, '.git'))) return true;
  const parent = dirname(folder);
  return parent !== folder && hasRepository(parent);
}
