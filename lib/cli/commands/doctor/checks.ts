/** The checks of `rownet doctor`, in the order in which they are shown. */
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { spawnSync } from 'node:child_process';
import { knownSets } from '../../../data/known-sets.js';
import { cacheFolder, locate } from '../../../data/registry.js';
import { AddonError, DataError } from '../../../errors.js';
import { type RuntimeInfo, runtimeInfo, setThreads } from '../../../kernels.js';
import { addonFiles, isaLevels as allLevels } from '../../../kernels/runtime.js';
import { UsageError } from '../../exit.js';
import { findThreads } from '../../options/threads.js';
import { type Check, ok, problem, warning } from './check.js';
import { coresText, cpuQuota, textOf, tooManyThreads, usefulThreads } from '../../../threads.js';
import { inRange } from '../../../node-version.js';
import { cpuLevels, type Machine } from './machine.js';
import { selfCheck } from './self-check.js';

export interface Diagnosis {
  readonly checks: readonly Check[];
  /** False only where the addon is missing or does not load. */
  readonly addonLoads: boolean;
}

export function diagnose(machine: Machine): Diagnosis {
  const threads = checkThreads(machine);
  const runtime = probe();
  const checks = [
    checkNode(machine),
    checkAddon(machine, runtime),
    ...checkStaleBuilds(machine, runtime),
    ...checkBuildType(runtime),
    checkIsa(machine, runtime),
    checkCores(machine),
    threads.check,
    checkKernels(runtime, threads.count ?? usefulThreads(machine)),
    checkTools(machine, !(runtime instanceof AddonError)),
    ...checkData(machine),
    checkCache(machine),
    ...checkPackages(machine),
  ];
  return { checks, addonLoads: !(runtime instanceof AddonError) };
}

/** What the kernels run on, or the error that keeps them from running. */
function probe(): RuntimeInfo | Error {
  try {
    // Else a ROWNET_NUM_THREADS that is wrong would be the error; it has a check of its own.
    setThreads(1);
    return runtimeInfo();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function checkNode({ nodeVersion, packageRoot }: Machine): Check {
  const { engines } = packageJson(packageRoot);
  if (inRange(nodeVersion, engines.node)) return ok('node', `${nodeVersion} (${engines.node} is supported)`);
  return problem('node', `expected ${engines.node} but received ${nodeVersion}`, 'install a supported Node');
}

interface PackageJson {
  readonly engines: { readonly node: string };
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

function packageJson(packageRoot: string): PackageJson {
  return JSON.parse(textOf(join(packageRoot, 'package.json')) as string) as PackageJson;
}

function checkAddon({ packageRoot }: Machine, runtime: RuntimeInfo | Error): Check {
  if (!(runtime instanceof Error)) return ok('addon', `${runtime.addon}, built by ${runtime.compiler}`);
  // Loaded, but a setting keeps its kernels from running: the check of that setting says so.
  if (!(runtime instanceof AddonError)) {
    return ok('addon', addonFiles(packageRoot).find((path) => existsSync(path)) ?? packageRoot);
  }
  const places = addonFiles(packageRoot).map(
    (path) => `${path} (${existsSync(path) ? 'does not load' : 'is not there'})`,
  );
  return problem(
    'addon',
    `expected it in one of ${places.join(', ')}. ${causes(runtime).join(' Cause: ')}`,
    'run "npm rebuild", in a project that depends on rownet "npm rebuild rownet"',
  );
}

/** The messages of an error and of what caused it, each on one line. */
function causes(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [error.message.replace(/\s*\n\s*/g, ' '), ...causes(error.cause)];
}

function checkStaleBuilds({ packageRoot }: Machine, runtime: RuntimeInfo | Error): Check[] {
  if (runtime instanceof AddonError) return [];
  // The one that the package brought along is no stale build.
  const built = addonFiles(packageRoot).filter((path) => !path.includes('prebuilds'));
  const [used, ...others] = built
    .filter((path) => existsSync(path))
    .map((path) => relative(packageRoot, path));
  return others.map((name) =>
    warning(
      'build',
      `${name} stands beside ${used}, which is used`,
      `remove ${dirname(join(packageRoot, name))} unless you need it`,
    ),
  );
}

function checkBuildType(runtime: RuntimeInfo | Error): Check[] {
  if (runtime instanceof Error) return [];
  if (runtime.buildType === 'Release') return [ok('build type', 'Release')];
  return [
    warning(
      'build type',
      `expected Release but received ${runtime.buildType}: the kernels are slow`,
      'run "npm rebuild", in a clone "npm run build:addon"',
    ),
  ];
}

function checkIsa(machine: Machine, runtime: RuntimeInfo | Error): Check {
  const name = 'instruction set';
  if (runtime instanceof AddonError) return ok(name, 'not known without the addon');
  if (runtime instanceof Error) return problem(name, runtime.message, 'unset or correct ROWNET_MAX_ISA');
  const { isa, isaLevels } = runtime;
  const cpu = cpuLevels(allLevels(), machine);
  const supported =
    cpu === undefined ? 'the system does not say what the CPU has' : `the CPU has ${cpu.join(', ')}`;
  const cap = machine.env.ROWNET_MAX_ISA;
  const message =
    `${isa} is used; ${supported}; the addon can run ${isaLevels.join(', ')} here; ` +
    (cap ? `ROWNET_MAX_ISA=${cap}` : 'no ROWNET_MAX_ISA');
  const unbuilt = (cpu ?? []).filter((level) => !isaLevels.includes(level));
  if (unbuilt.length > 0) return warning(name, message, `"npm rebuild" adds ${unbuilt.join(' and ')}`);
  if (isa !== isaLevels.at(-1))
    return warning(name, message, `unset ROWNET_MAX_ISA to use ${isaLevels.at(-1)}`);
  return ok(name, message);
}

function checkCores(machine: Machine): Check {
  const quota = cpuQuota(machine);
  const limit = quota === undefined ? 'no CPU quota' : `a CPU quota of ${coresText(quota)}`;
  return ok('cores', `${machine.cores}, ${limit}`);
}

/** `count` is undefined where the variable that gives it is wrong. */
function checkThreads(machine: Machine): { check: Check; count: number | undefined } {
  try {
    const { count, source } = findThreads(undefined, machine.env, machine);
    return { check: judgeThreads(machine, count, source), count };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const check = problem('threads', error.message, 'unset or correct ROWNET_NUM_THREADS');
    return { check, count: undefined };
  }
}

function judgeThreads(machine: Machine, count: number, source: string): Check {
  const message = `${count}, from ${source}`;
  const why = tooManyThreads(count, machine);
  if (why === undefined) return ok('threads', message);
  return warning('threads', `${message}: ${why}`, `set ROWNET_NUM_THREADS=${usefulThreads(machine)}`);
}

function checkKernels(runtime: RuntimeInfo | Error, threads: number): Check {
  const name = 'kernels';
  if (runtime instanceof Error) return warning(name, 'not checked, since they do not run', 'see above');
  const differences = trySelfCheck(threads);
  if (differences.length === 0) return ok(name, 'conv2d and a training step on rows and lanes: exact');
  return problem(
    name,
    differences.join('; '),
    'run "npm rebuild"; if that does not help, ROWNET_MAX_ISA=portable may, and please report it',
  );
}

/** What differs, or the error that ended the check, such as a thread that does not start. */
function trySelfCheck(threads: number): string[] {
  try {
    setThreads(threads);
    return selfCheck();
  } catch (error) {
    return [String(error)];
  }
}

/** Only needed to build the addon. */
function checkTools({ env }: Machine, addonLoads: boolean): Check {
  const name = 'build tools';
  const firstLine = (command: string) => {
    const [file, ...args] = command.trim().split(/\s+/);
    const result = spawnSync(file, [...args, '--version'], { encoding: 'utf8', env: { ...env } });
    if (result.status !== 0) return undefined;
    const [line] = result.stdout.split('\n');
    // Ninja prints its number alone.
    return /^\d/.test(line) ? `${command} ${line}` : line;
  };
  const first = (commands: readonly string[]) =>
    commands.reduce<string | undefined>((found, command) => found ?? firstLine(command), undefined);
  const compiler = first(env.CXX ? [env.CXX] : ['c++', 'g++', 'clang++']);
  const cmake = firstLine('cmake');
  const make = first(['ninja', 'make']);
  const missing = [
    compiler === undefined ? 'a C++17 compiler' : undefined,
    cmake === undefined ? 'CMake' : undefined,
    make === undefined ? 'make or ninja' : undefined,
  ].filter((tool) => tool !== undefined);
  if (missing.length === 0) return ok(name, `${compiler}; ${cmake}; ${make}`);
  const message = `missing: ${missing.join(', ')}`;
  if (addonLoads) return ok(name, `${message}; needed only to build the addon, which is there`);
  const hint = 'install them (Debian: apt-get install cmake g++ make), then run "npm rebuild"';
  return problem(name, message, hint);
}

/** Only the set that is the default is missed. */
function checkData({ env }: Machine): Check[] {
  return knownSets.map((set) => {
    const name = `data ${set.name}`;
    try {
      return ok(name, locate(set.name, { env }).folder);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const [message, hint = set.hint] = error.message.split('. Hint: ');
      return set.name === 'mnist'
        ? warning(name, message, hint)
        : ok(name, `not found, needed only for --data ${set.name}: ${hint}`);
    }
  });
}

function checkCache({ env }: Machine): Check {
  const folder = cacheFolder(env);
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch {
    const where = relative(folder, existing) === '' ? folder : `${folder} (in ${existing})`;
    return warning(
      'cache folder',
      `${where} cannot be written: downloaded data cannot be kept`,
      'change its mode, or name another in XDG_CACHE_HOME',
    );
  }
  return ok('cache folder', existing === folder ? folder : `${folder}, not made yet`);
}

function checkPackages({ packageRoot }: Machine): Check[] {
  const require = createRequire(join(packageRoot, 'package.json'));
  return Object.keys(packageJson(packageRoot).optionalDependencies).map((name) => {
    const isThere = (require.resolve.paths(name) ?? []).some((folder) => existsSync(join(folder, name)));
    if (isThere) return ok(`package ${name}`, 'installed');
    return warning(`package ${name}`, 'not installed; it is optional', `npm install ${name}`);
  });
}
