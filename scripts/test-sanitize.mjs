// Builds the native tests with the address, the undefined behaviour and the thread sanitizer, each into a folder of its
// own under build/, and runs them; a finding ends the run. Names of sanitizers as arguments select some of them. The
// thread sanitizer gets the tests that compute on several threads: elsewhere it has nothing to find, in half an hour.
// "addon" stands for the TypeScript tests on an addon with the first two (scripts/sanitized-addon.mjs).
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { testSanitizedAddon } from './sanitized-addon.mjs';

const sanitizers = ['address', 'undefined', 'thread', 'addon'];
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !sanitizers.includes(name));
if (unknown !== undefined) {
  console.error(`test-sanitize: expected ${sanitizers.join(', ')} but received "${unknown}"`);
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

for (const sanitizer of wanted.length > 0 ? wanted : sanitizers) {
  if (sanitizer === 'addon') {
    const { reports, passed } = testSanitizedAddon();
    console.log(`addon: reports: ${reports}`);
    if (reports > 0 || !passed) process.exit(1);
    continue;
  }
  const out = `build/sanitize-${sanitizer}`;
  console.log(`${sanitizer}: building ${out}`);
  run('cmake', ['-S', '.', '-B', out, '-DROWNET_TESTS=ON', `-DSANITIZE=${sanitizer}`], 'pipe');
  run('cmake', ['--build', out, '--parallel', String(availableParallelism())], 'pipe');
  const tests = `${out}/rownet-native-tests`;
  if (sanitizer === 'thread') {
    for (const name of threadedTests(tests)) run(tests, ['--run', name]);
  } else {
    run(tests, []);
  }
  console.log(`${sanitizer}: no findings`);
}
