// Compiles lib/ to dist/. A clone installed without devDependencies has no compiler and keeps what dist/ it has.
// With --required, as for a package, that is an error, and dist/ starts empty: nothing stale may be packed.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const required = process.argv.includes('--required');
let tsc;
try {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  tsc = join(dirname(manifest), 'bin', 'tsc');
} catch {
  const message = 'rownet: typescript is not installed (npm ci --omit=dev?): dist/ was not rebuilt.';
  if (required) {
    console.error(`${message} Run "npm ci" first.`);
    process.exit(1);
  }
  console.warn(message);
  process.exit(0);
}
if (required) rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
// The scripts of the pages have their own settings: they run in a browser.
for (const project of ['tsconfig.build.json', 'lib/web/client']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
await import('./write-help.mjs');
