// The package's install step: takes the prebuilt addon where it runs, else builds one with cmake-js, or says what is
// missing. `npm_config_build_from_source=true` builds one in any case.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { whyNotLoaded } from './try-addon.mjs';

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

/** As other packages have it: `true`, `--build-from-source` without a value, or names of packages. */
function mustBuild() {
  const value = process.env.npm_config_build_from_source;
  return value !== undefined && (value === '' || value === 'true' || value.split(',').includes('rownet'));
}

/** Whether the package brings an addon that runs here. A clone is built from its sources, whatever it holds. */
async function hasPrebuilt() {
  if (existsSync(new URL('../lib/native.ts', import.meta.url))) return false;
  const { prebuiltAddon } = await import('../dist/native.js');
  const path = prebuiltAddon();
  if (path === undefined || !existsSync(path)) {
    console.log('rownet: no prebuilt addon for this platform; building it.');
    return false;
  }
  const reason = whyNotLoaded(path);
  console.log(`rownet: ${path} ${reason === undefined ? 'runs here' : `does not run here: ${reason}`}.`);
  return reason === undefined;
}

if (!mustBuild() && (await hasPrebuilt())) {
  // What an earlier install built would be loaded first, and may be why this one was asked for.
  rmSync(fileURLToPath(new URL('../build', import.meta.url)), { recursive: true, force: true });
  process.exit(0);
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
// make takes one file at a time unless told otherwise.
const options = ['--CDCMAKE_BUILD_TYPE=Release', '--parallel', String(availableParallelism())];
const build = spawnSync(process.execPath, [cmakeJs, 'compile', ...options, '--log-level', 'warn'], {
  stdio: 'inherit',
});
if (build.status !== 0) {
  console.error(
    'rownet: building the addon failed; the compiler says why above. After mending it: "npm rebuild".',
  );
  process.exit(1);
}
