// Builds the addon for other machines of this platform, into prebuilds/<platform>-<arch>-<C library>/: what a package
// made by `npm pack` brings along. What other platforms' folders hold is left alone.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prebuiltAddon } from '../dist/native.js';
import { whyNotLoaded } from './try-addon.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = 'build/prebuild';

function fail(message) {
  console.error(`prebuild: ${message}`);
  process.exit(1);
}

const target = prebuiltAddon();
if (target === undefined) fail('expected glibc or musl but found neither in /proc/self/maps');

const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
const options = ['--out', out, '--CDCMAKE_BUILD_TYPE=Release', '--CDROWNET_PREBUILD=ON'];
const { status } = spawnSync(process.execPath, [cmakeJs, 'compile', ...options, '--log-level', 'warn'], {
  cwd: root,
  // npm pack prints what it packs on stdout, for programs.
  stdio: ['ignore', 2, 2],
});
if (status !== 0) fail('building the addon failed; the compiler says why above');

mkdirSync(dirname(target), { recursive: true });
copyFileSync(join(root, out, 'Release', 'rownet.node'), target);
const reason = whyNotLoaded(target);
if (reason !== undefined) fail(`${target} does not load: ${reason}`);
console.error(`prebuild: ${relative(root, target)}, ${Math.round(statSync(target).size / 1000)} kB`);
