// Writes what the commands and programs that the pages show print on this machine into the pages: README.md,
// docs/guides/quickstart.md, docs/cli.md, examples/README.md. It trains on MNIST; build first (npm run build).
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'rownet.mjs');
const folder = mkdtempSync(join(tmpdir(), 'rownet-outputs-'));

/** What a program prints, on stdout and stderr, in its order. */
function printed(args) {
  const path = join(folder, 'printed.txt');
  const file = openSync(path, 'w');
  const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: ['ignore', file, file] });
  closeSync(file);
  const text = readFileSync(path, 'utf8');
  if (status !== 0)
    throw new Error(`${args.join(' ')}: expected exit code 0 but received ${status}: ${text}`);
  return text.trimEnd();
}

/** Replaces the first block of a language behind a text of the page. */
function writeBlock(page, anchor, language, text) {
  const path = join(root, page);
  const old = readFileSync(path, 'utf8');
  const fence = `\`\`\`${language}\n`;
  const start = old.indexOf(fence, old.indexOf(anchor)) + fence.length;
  const end = old.indexOf('\n```', start);
  if (!old.includes(anchor) || start < fence.length || end < 0) {
    throw new Error(`${page}: expected a ${language} block behind "${anchor}"`);
  }
  writeFileSync(path, old.slice(0, start) + text + old.slice(end));
  console.log(`${page}: ${anchor}`);
}

try {
  writeBlock('README.md', '<!-- quickstart -->', 'text', printed([bin, 'train']));
  const quickstart = printed([bin, 'train', '--out', 'runs/first']);
  writeBlock('docs/guides/quickstart.md', 'npx rownet train --out runs/first', 'text', quickstart);
  const tiny = printed([
    bin,
    'train',
    '--limit',
    '2000',
    '--epochs',
    '1',
    '--json',
    '--quiet',
    '--out',
    'runs/tiny',
  ]);
  writeBlock('docs/cli.md', 'With `--json`, stdout has one object a line. Accuracies', 'json', tiny);
  for (const name of ['train-lenet5', 'own-net', 'convolution-by-hand']) {
    const file = `examples/${name}.mjs`;
    writeBlock('examples/README.md', `node ${file}`, 'text', printed([join(root, file)]));
  }
} finally {
  rmSync(folder, { recursive: true });
}
