// Builds the native tests, which link the core without Node, into build/native-tests.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const out = 'build/native-tests';
for (const args of [
  ['-S', '.', '-B', out, '-DCMAKE_BUILD_TYPE=Release', '-DROWNET_TESTS=ON'],
  ['--build', out, '--parallel', String(availableParallelism())],
]) {
  const result = spawnSync('cmake', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (result.status === 0) continue;
  console.error(result.error?.message ?? `${result.stdout}${result.stderr}`);
  process.exit(1);
}
