// Builds the documentation site into build/docs: the API from lib/index.ts, and the Markdown pages. typedoc needs the
// compiler API of TypeScript 6, which npm refuses beside the TypeScript of the project, so docs/site is a package of its
// own; it is installed where it is missing or out of date. With --install that is all.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const site = fileURLToPath(new URL('../docs/site', import.meta.url));
const typedoc = join(site, 'node_modules', 'typedoc');

function versionOf(name) {
  const manifest = join(site, 'node_modules', name, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`docs: ${command} failed: ${error?.message ?? signal ?? `exit code ${status}`}`);
  process.exit(1);
}

const { dependencies } = JSON.parse(readFileSync(join(site, 'package.json'), 'utf8'));
if (Object.entries(dependencies).some(([name, version]) => versionOf(name) !== version)) {
  run('npm', ['ci', '--prefix', site, '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1']);
}
if (!process.argv.includes('--install')) {
  run(process.execPath, [join(typedoc, 'bin', 'typedoc'), '--options', join(site, 'typedoc.json')]);
}
