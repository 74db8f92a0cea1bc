// The package's install step: builds the addon with cmake-js, or says what is missing.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const hints = {
  cmake:
    'CMake 3.16 or newer is missing. Install it: Debian/Ubuntu "apt-get install cmake", Fedora "dnf install cmake", macOS "brew install cmake".',
  compiler:
    'A C++17 compiler is missing. Install one: Debian/Ubuntu "apt-get install g++", Fedora "dnf install gcc-c++", macOS "xcode-select --install". CXX names another compiler.',
  make: 'make is missing (and no ninja was found). Install one: Debian/Ubuntu "apt-get install make", Fedora "dnf install make".',
};

function runs(command, args = ['--version']) {
  const result = spawnSync(command, args, { stdio: 'ignore' });
  return result.error === undefined && result.status === 0;
}

function missingTools() {
  const missing = [];
  if (!runs('cmake')) missing.push(hints.cmake);
  const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  if (!compilers.some((compiler) => runs(...splitCommand(compiler)))) missing.push(hints.compiler);
  if (!runs('ninja') && !runs('make')) missing.push(hints.make);
  return missing;
}

/** CXX may hold flags or a launcher, such as "ccache g++". */
function splitCommand(command) {
  const [file, ...args] = command.trim().split(/\s+/);
  return [file, [...args, '--version']];
}

const missing = missingTools();
if (missing.length > 0) {
  console.error(
    `rownet: the addon cannot be built here.\n${missing.map((line) => `  - ${line}`).join('\n')}`,
  );
  console.error('Then run "npm rebuild" again.');
  process.exit(1);
}
const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
const build = spawnSync(
  process.execPath,
  [cmakeJs, 'compile', '--CDCMAKE_BUILD_TYPE=Release', '--log-level', 'warn'],
  { stdio: 'inherit' },
);
if (build.status !== 0) {
  console.error(
    'rownet: building the addon failed; the compiler says why above. After mending it: "npm rebuild".',
  );
  process.exit(1);
}
