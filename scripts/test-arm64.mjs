// Builds the core and the native tests for 64-bit ARM with a cross compiler, into build/native-tests-arm64, and runs
// them in an emulator: one case in sixteen of each generated list, or all of them with --full. Says what is missing
// where the tools are not installed.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const out = 'build/native-tests-arm64';
const compiler = 'aarch64-linux-gnu-g++';
const emulator = 'qemu-aarch64';
const libraries = '/usr/aarch64-linux-gnu';

for (const tool of [compiler, emulator, 'cmake']) {
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0) continue;
  console.error(
    `test-arm64: ${tool} is not installed (Debian: apt-get install g++-aarch64-linux-gnu qemu-user cmake)`,
  );
  process.exit(1);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`test-arm64: ${command} failed: ${error?.message ?? signal ?? `exit code ${status}`}`);
  process.exit(1);
}

run('cmake', [
  ...['-S', '.', '-B', out, '-DCMAKE_BUILD_TYPE=Release', '-DROWNET_TESTS=ON', '-DCMAKE_SYSTEM_NAME=Linux'],
  ...['-DCMAKE_SYSTEM_PROCESSOR=aarch64', `-DCMAKE_CXX_COMPILER=${compiler}`],
]);
run('cmake', ['--build', out, '--parallel', String(availableParallelism())]);
run(emulator, [
  '-L',
  libraries,
  `${out}/rownet-native-tests`,
  ...(process.argv.includes('--full') ? [] : ['--quick']),
]);
