/** Where the native builds are, and the tools that look at them. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cli.js';

export const nativeTestsFolder = join(root, 'build', 'native-tests');
export const nativeTests = join(nativeTestsFolder, 'rownet-native-tests');
export const addonFolder = join(root, 'build');
export const addon = join(addonFolder, 'Release', 'rownet.node');

/** One test of the native program; level is `-` where it does not depend on one. */
export interface NativeCase {
  readonly name: string;
  readonly level: string;
}

/**
 * The tests that the native program holds, for the levels of this CPU.
 * @throws Error naming the build command when the program is missing or does not run.
 */
export function listNativeTests(): NativeCase[] {
  if (!existsSync(nativeTests)) {
    throw new Error(`${nativeTests} is missing. Run "npm run build:native-tests".`);
  }
  const result = spawnSync(nativeTests, ['--list'], { encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Error(
      `${nativeTests} --list failed (${outcome(result)}). Run "npm run build:native-tests".\n${result.stderr}`,
    );
  }
  return result.stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [name, level] = line.split(' ');
      if (name === undefined || level === undefined) throw new Error(`--list printed "${line}"`);
      return { name, level };
    });
}

/** "exit code 1", "SIGSEGV" or the reason why nothing ran. */
export function outcome(result: SpawnSyncReturns<string>): string {
  return result.error?.message ?? result.signal ?? `exit code ${result.status}`;
}

/** Whether the command is installed: it answers `--version`. */
export function hasTool(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Why what needs x86-64 Linux and these tools cannot run here, or undefined. */
export function missingForX86(tools: readonly string[]): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `needs x86-64 Linux, this is ${process.arch} ${process.platform}`;
  }
  const missing = tools.filter((name) => !hasTool(name));
  return missing.length === 0 ? undefined : `needs ${missing.join(' and ')}, not installed`;
}
