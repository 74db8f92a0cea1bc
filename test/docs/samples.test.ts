/** The samples in the pages: TypeScript is compiled against the built package and run, JSON is what rownet prints. */
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { greyPng } from '../lib/images/image-files.js';
import { jsonLines, root, rownet, writeIdxFolder } from '../support/cli.js';
import { writeColourFolders } from '../support/colour-folders.js';
import { hasTool } from '../support/native.js';
import { type Block, blocks, page, pages, section } from './pages.js';

/** A project that depends on rownet: samples resolve the name, types and code through package.json. */
const project = mkdtempSync(join(tmpdir(), 'rownet-samples-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

interface Sample {
  readonly title: string;
  /** Named by a first line such as `// my-layer.ts`, so that samples after it can import it. */
  readonly file: string;
  readonly code: string;
  /** The `text` blocks that follow: what it prints. */
  readonly output: readonly string[];
}

function samplesOf(path: string, all: readonly Block[]): Sample[] {
  return all.flatMap(({ language, code, line }, index) => {
    if (language !== 'ts') return [];
    const rest = all.slice(index + 1);
    const end = rest.findIndex((block) => block.language !== 'text');
    return {
      title: `${path}:${line}`,
      file: /^\/\/ ([\w-]+)\.ts$/.exec(code.split('\n')[0])?.[1] ?? `${path.replace(/\W/g, '-')}-${line}`,
      code,
      output: rest.slice(0, end === -1 ? rest.length : end).map((block) => block.code),
    };
  });
}

const samples = pages.flatMap(({ path, text }) => samplesOf(path, blocks(text)));

/** MNIST would take minutes: a sample gets a few images of the same form. */
const withFewImages = (code: string) =>
  code.replaceAll("loadDataset('mnist'", `loadDataset(${JSON.stringify(join(project, 'digits'))}`);

function compile(files: readonly (readonly [name: string, code: string])[]): string {
  for (const [name, code] of files) writeFileSync(join(project, `${name}.ts`), code);
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      rootDir: '.',
      outDir: 'out',
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    include: [],
    files: files.map(([name]) => `${name}.ts`),
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(options));
  return spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8', cwd: project }).stdout;
}

beforeAll(async () => {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules', 'rownet'), 'dir');
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  writeIdxFolder(join(project, 'digits'), 384, 100);
  writeColourFolders(join(project, 'photos'), 32);
  const bar = Uint8Array.from({ length: 784 }, (_, i) => (i >= 28 * 8 && i < 28 * 10 ? 200 : 0));
  writeFileSync(join(project, 'digit.png'), greyPng(28, 28, bar));
  // The run that docs/guides/quickstart.md trains on the command line and opens in a program.
  const args = ['train', '--data', 'digits', '--epochs', '1', '--out', 'runs/first'];
  expect((await rownet(args, { cwd: project })).code).toBe(0);
});

describe('TypeScript', () => {
  let complaints = '';
  beforeAll(() => {
    complaints = compile(samples.map(({ file, code }) => [file, withFewImages(code)] as const));
  });

  it('is there', () => {
    expect(samples.filter(({ title }) => title.startsWith('docs/library.md')).length).toBeGreaterThan(2);
  });

  it('compiles against the types of the package', () => {
    expect(complaints).toBe('');
  });

  it.each(samples.filter(({ title }) => title.includes('recipes-for-programs')))(
    '$title fits a screen, and says what it printed',
    ({ code, output }) => {
      expect(code.split('\n').length).toBeLessThanOrEqual(40);
      expect(output).not.toEqual([]);
    },
  );

  it.each(samples)('$title runs and prints what the page says', ({ file, output }) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'out', `${file}.js`)], {
      encoding: 'utf8',
      cwd: project,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toMatch(/NaN|undefined/);
    for (const text of output) expect(stdout).toContain(text);
  });

  it('would not compile with a name that the package lacks', () => {
    expect(compile([['wrong', "import { Conv3d } from 'rownet';\nconsole.log(Conv3d);\n"]])).toContain(
      'Conv3d',
    );
  });
});

it('the events in docs/cli.md are those of train --json', async () => {
  const shown = blocks(section(page('docs/cli.md'), '## rownet train')).find(
    ({ language }) => language === 'json',
  );
  const keys = (text: string) => jsonLines(text).map((event) => [event.event, ...Object.keys(event)]);
  const args = ['train', '--data', join(project, 'digits'), '--epochs', '1', '--json'];
  const { code, stdout } = await rownet([...args, '--out', join(project, 'events')]);
  expect(code).toBe(0);
  expect(keys(shown?.code ?? '')).toEqual(keys(stdout));
});

it('docs/cli.md names the files of a run folder', async () => {
  const out = join(project, 'folder');
  const args = ['train', '--data', join(project, 'digits'), '--epochs', '1', '--out', out];
  expect((await rownet(args)).code).toBe(0);
  const rows = [...section(page('docs/cli.md'), '## rownet train').matchAll(/^\| `([\w.]+)` \|/gm)];
  for (const [, name] of rows) expect(readFileSync(join(out, name)).length).toBeGreaterThan(0);
  expect(rows.map(([, name]) => name).sort()).toEqual(readdirSync(out).sort());
});

it('the Python samples parse', (context) => {
  if (!hasTool('python3')) context.skip('needs python3, not installed');
  const found = pages.flatMap(({ text }) => blocks(text).filter(({ language }) => language === 'python'));
  expect(found.length).toBeGreaterThan(0);
  for (const { code } of found) {
    const parse = ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'];
    const { status, stderr } = spawnSync('python3', parse, { input: code, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  }
});
