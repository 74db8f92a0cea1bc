// Checks (or with --write applies) .clang-format on the C++ sources. Without clang-format it says so and passes:
// the machine that installs rownet need not have it, the one that checks a change does.
import { spawnSync } from 'node:child_process';

const tool = ['clang-format-19'].find((name) => spawnSync(name, ['--version']).status === 0);
if (tool === undefined) {
  console.warn(
    'clang-format 19 is not installed: the C++ format was not checked (Debian: apt-get install clang-format-19).',
  );
  process.exit(0);
}
const files = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.cpp', '*.h'], {
  encoding: 'utf8',
});
const sources = files.stdout.split('\n').filter(Boolean);
if (sources.length === 0) process.exit(0);
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];
process.exit(spawnSync(tool, [...mode, ...sources], { stdio: 'inherit' }).status ?? 1);
