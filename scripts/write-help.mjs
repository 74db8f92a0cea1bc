// Writes what `rownet --help` prints, with the styles of its headings, to dist/cli/help.txt: bin/rownet.mjs shows it
// without loading the command line.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const help = new URL('../dist/cli/help.txt', import.meta.url);
// An old one would be shown in place of the new one.
rmSync(help, { force: true });
const bin = fileURLToPath(new URL('../bin/rownet.mjs', import.meta.url));
writeFileSync(
  help,
  execFileSync(process.execPath, [bin, '--help'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FORCE_COLOR: '1' },
  }),
);
