// The TypeScript tests that compute on the addon, with an addon built with sanitizers: a copy of the package in
// build/sanitize-addon-NAME/package, whose build/Release holds that addon.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What Node is given before it starts, since it was built without: the library, and the options that make each process
 * write a file of its own, so that what a test expects to fail is seen too. Those of the undefined behaviour sanitizer
 * stand beside those of the address sanitizer (leaks included), which is built with it.
 * @typedef {{ library: string, options: (log: (name: string) => string) => Record<string, string> }} Kind
 */

/** @type {Readonly<Record<string, Kind>>} */
const kinds = {
  address: {
    library: 'libasan.so',
    options: (log) => ({
      ASAN_OPTIONS: `detect_leaks=1:${log('address')}:allocator_may_return_null=1`,
      UBSAN_OPTIONS: `print_stacktrace=1:${log('undefined')}`,
      LSAN_OPTIONS: 'exitcode=0',
    }),
  },
  thread: {
    library: 'libtsan.so',
    // Without exitcode=0 a race within V8 would fail the process. vitest forks.
    options: (log) => ({ TSAN_OPTIONS: `${log('thread')}:exitcode=0:die_after_fork=0` }),
  },
};
/** `test/native` holds the addon without the library, at every level; the rest of `test/lib` never loads it. */
const tests = ['engines', 'kernels', 'layers', 'losses', 'nets', 'optimizers', 'training'].map(
  (name) => `test/lib/${name}`,
);
const native = ['test/native/addon-levels.test.ts', 'test/native/workers.test.ts'];
/** Its timers come late when everything takes ten times as long. */
const timed = 'test/lib/training/event-loop.test.ts';

/**
 * Builds, runs, and says how many reports the sanitizers wrote.
 * @param {'address' | 'thread'} name
 * @param {string} flag what -fsanitize is to be
 * @returns {{ reports: number, passed: boolean }}
 */
export function testSanitizedAddon(name, flag) {
  const { library, options } = kinds[name];
  const out = join('build', `sanitize-addon-${name}`);
  const home = join(out, 'package');
  const reports = join(process.cwd(), out, 'reports');
  const flags = ['--CDCMAKE_BUILD_TYPE=Release', `--CDSANITIZE=${flag}`, '--log-level', 'warn'];
  const built = spawnSync('npx', ['cmake-js', 'compile', '--out', out, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (built.status !== 0) throw new Error(`the sanitized addon does not build\n${built.stdout}`);

  rmSync(home, { recursive: true, force: true });
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(join(home, 'build'), { recursive: true });
  mkdirSync(reports, { recursive: true });
  for (const copied of [
    'lib',
    'test',
    'dist',
    'benchmarks',
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
  ]) {
    cpSync(copied, join(home, copied), { recursive: true });
  }
  cpSync(join(out, 'Release'), join(home, 'build', 'Release'), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(home, 'node_modules'));

  const environment = {
    ...options((file) => `log_path=${join(reports, file)}`),
    LD_PRELOAD: spawnSync('g++', [`-print-file-name=${library}`], { encoding: 'utf8' }).stdout.trim(),
  };
  const run = spawnSync(
    // Not npx, which would be sanitized too.
    process.execPath,
    [
      ...[join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...tests, ...native],
      ...['--exclude', timed, '--maxWorkers=1', '--testTimeout=600000'],
    ],
    { cwd: home, stdio: 'inherit', env: { ...process.env, ...environment } },
  );
  const found = readdirSync(reports).flatMap((file) => findings(readFileSync(join(reports, file), 'utf8')));
  for (const text of found.slice(0, 3)) console.error(text);
  return { reports: found.length, passed: run.status === 0 };
}

/**
 * The errors of a report, and of the leaks and the races, which V8 has of its own, those in which the addon takes part: a
 * process that ends by process.exit, as those of vitest do, leaves hundreds of blocks behind, and the sanitizer does not
 * see what V8's own atomics order.
 * @param {string} report
 */
function findings(report) {
  if (/ERROR: AddressSanitizer|runtime error:/.test(report)) return [report];
  const ofAddon = (/** @type {string} */ block) => block.includes('rownet.node');
  if (report.includes('WARNING: ThreadSanitizer')) return report.split(/^={18}$/m).filter(ofAddon);
  return report.split(/\n\n+/).filter((block) => / leak of /.test(block) && ofAddon(block));
}
