// The TypeScript tests that compute on the addon, with an addon built with the address (leaks included) and the
// undefined behaviour sanitizer: a copy of the package in build/asan/package, whose build/Release holds that addon.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const out = join('build', 'asan');
const home = join(out, 'package');
const reports = join(process.cwd(), out, 'reports');
/** `test/native` holds the addon without the library, at every level; the rest of `test/lib` never loads it. */
const tests = ['engines', 'kernels', 'layers', 'losses', 'nets', 'optimizers', 'training'].map(
  (name) => `test/lib/${name}`,
);
const native = ['test/native/addon-levels.test.ts', 'test/native/workers.test.ts'];
/** Its timers come late when everything takes ten times as long. */
const timed = 'test/lib/training/event-loop.test.ts';

/**
 * Builds, runs, and says how many reports the sanitizers wrote.
 * @returns {{ reports: number, passed: boolean }}
 */
export function testSanitizedAddon() {
  const options = ['--CDCMAKE_BUILD_TYPE=Release', '--CDSANITIZE=address,undefined', '--log-level', 'warn'];
  const built = spawnSync('npx', ['cmake-js', 'compile', '--out', out, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (built.status !== 0) throw new Error(`the sanitized addon does not build\n${built.stdout}`);

  rmSync(home, { recursive: true, force: true });
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(join(home, 'build'), { recursive: true });
  mkdirSync(reports, { recursive: true });
  for (const name of [
    'lib',
    'test',
    'dist',
    'benchmarks',
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
  ]) {
    cpSync(name, join(home, name), { recursive: true });
  }
  cpSync(join(out, 'Release'), join(home, 'build', 'Release'), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(home, 'node_modules'));

  const run = spawnSync(
    'npx',
    ['vitest', 'run', ...tests, ...native, '--exclude', timed, '--maxWorkers=1', '--testTimeout=600000'],
    { cwd: home, stdio: 'inherit', env: { ...process.env, ...sanitizerEnvironment() } },
  );
  const found = readdirSync(reports).flatMap((name) => findings(readFileSync(join(reports, name), 'utf8')));
  for (const text of found.slice(0, 3)) console.error(text);
  return { reports: found.length, passed: run.status === 0 };
}

/**
 * The errors of a report, and the leaks that the addon allocated: a process that ends by process.exit, as those of
 * vitest do, leaves hundreds of V8's own behind.
 * @param {string} report
 */
function findings(report) {
  if (/ERROR: AddressSanitizer|runtime error:/.test(report)) return [report];
  return report.split(/\n\n+/).filter((block) => / leak of /.test(block) && block.includes('rownet.node'));
}

function sanitizerEnvironment() {
  const library = (/** @type {string} */ name) =>
    spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
  return {
    LD_PRELOAD: library('libasan.so'),
    // Each process writes a file of its own, so that what a test expects to fail is seen too.
    ASAN_OPTIONS: `detect_leaks=1:log_path=${join(reports, 'address')}:allocator_may_return_null=1`,
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${join(reports, 'undefined')}`,
    LSAN_OPTIONS: 'exitcode=0',
  };
}
