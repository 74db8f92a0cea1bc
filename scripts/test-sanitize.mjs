// npm run test:sanitize -- [native-address | native-thread | addon-address | addon-thread ...]: the native tests, and the
// TypeScript tests that compute on the addon (scripts/sanitized-addon.mjs), under two sanitizers each, all four if none is
// named. Every build has a folder of its own under build/; a finding ends the run. Of the native tests the thread
// sanitizer gets those that compute on several threads: elsewhere it has nothing to find, in half an hour.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { testSanitizedAddon } from './sanitized-addon.mjs';

/** What the compiler calls them. The address sanitizer finds leaks too; undefined behaviour goes with it, in one build. */
const flags = { address: 'address,undefined', thread: 'thread' };
/** @typedef {keyof typeof flags} Sanitizer */
const names = ['native', 'addon'].flatMap((tests) =>
  Object.keys(flags).map((sanitizer) => `${tests}-${sanitizer}`),
);
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`test-sanitize: expected ${names.join(', ')} but received "${unknown}"`);
  process.exit(2);
}

/** @param {string} command @param {string[]} args @param {'inherit' | 'pipe'} output */
function run(command, args, output = 'inherit') {
  const result = spawnSync(command, args, { stdio: ['ignore', output, 'inherit'], encoding: 'utf8' });
  if (result.status === 0) return result.stdout;
  const why = result.error?.message ?? result.signal ?? `exit code ${result.status}`;
  console.error(`${result.stdout ?? ''}test-sanitize: ${command} ${args.join(' ')} failed: ${why}`);
  process.exit(1);
}

/** @param {string} tests @returns {string[]} */
function threadedTests(tests) {
  const names = run(tests, ['--list'], 'pipe')
    .split('\n')
    .map((line) => line.split(' ')[0])
    .filter((name) => /thread|same_bits|pool_|slices|update/.test(name));
  return [...new Set(names)];
}

/** @param {Sanitizer} sanitizer */
function testNative(sanitizer) {
  const out = `build/sanitize-native-${sanitizer}`;
  run('cmake', ['-S', '.', '-B', out, '-DROWNET_TESTS=ON', `-DSANITIZE=${flags[sanitizer]}`], 'pipe');
  run('cmake', ['--build', out, '--parallel', String(availableParallelism())], 'pipe');
  const tests = `${out}/rownet-native-tests`;
  if (sanitizer === 'thread') {
    for (const name of threadedTests(tests)) run(tests, ['--run', name]);
  } else {
    run(tests, []);
  }
}

for (const name of wanted.length > 0 ? wanted : names) {
  const [tests, sanitizer] = /** @type {[string, Sanitizer]} */ (name.split('-'));
  console.log(`${name}: building`);
  if (tests === 'native') testNative(sanitizer);
  else {
    const { reports, passed } = testSanitizedAddon(sanitizer, flags[sanitizer]);
    if (reports > 0 || !passed) {
      console.error(`${name}: reports: ${reports}`);
      process.exit(1);
    }
  }
  console.log(`${name}: reports: 0`);
}
