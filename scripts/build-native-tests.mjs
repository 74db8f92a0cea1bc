// Builds the native tests, which link the core without Node, into build/native-tests; with --guards, which watch over
// the memory of plans, into build/native-tests-guards.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const guards = process.argv[2] === '--guards';
if (process.argv.length > (guards ? 3 : 2)) {
  console.error(`build-native-tests: expected --guards or nothing but received ${process.argv.slice(2)}`);
  process.exit(2);
}
const out = guards ? 'build/native-tests-guards' : 'build/native-tests';
const options = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DROWNET_TESTS=ON',
  `-DROWNET_GUARDS=${guards ? 'ON' : 'OFF'}`,
];
for (const args of [
  ['-S', '.', '-B', out, ...options],
  ['--build', out, '--parallel', String(availableParallelism())],
]) {
  const result = spawnSync('cmake', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (result.status === 0) continue;
  console.error(result.error?.message ?? `${result.stdout}${result.stderr}`);
  process.exit(1);
}
