/** The import arrows of CONTRIBUTING.md: which folder of lib/ may import which, and what the C++ core may include. */
import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { cells, page, section, tables } from './pages.js';
import { sources } from './sources.js';

const [table] = tables(section(page('CONTRIBUTING.md'), '### Import arrows'));
const allowed = new Map(
  cells(table).map(([folder, others]) => [
    folder.slice(1, -1),
    [...others.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  ]),
);
/** Open to all. */
const common = [
  'errors',
  'files',
  'node-version',
  'options',
  'package-root',
  'random',
  'tensor',
  'threads',
  'version',
  'warnings',
];

/** `layers` of `lib/layers/relu.ts`, `native` of `lib/native.ts`. */
const folderOf = (path: string) => path.split('/')[1].replace(/\.[jt]s$/, '');

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const imports: Import[] = sources(['lib'], /\.ts$/).flatMap(({ path, text }) =>
  [...text.matchAll(/(?:\bfrom |\bimport\()'(\.[^']+)'/g)].map(([, target]) => ({
    file: path,
    from: folderOf(path),
    to: folderOf(join(dirname(path), target)),
  })),
);

const isAllowed = ({ from, to }: Import) =>
  from === to || common.includes(to) || (allowed.get(from) ?? []).includes(to);

describe('lib/', () => {
  it('has imports to look at', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports).toContainEqual({ file: 'lib/nets/lenet5.ts', from: 'nets', to: 'layers' });
  });

  it('has a row for each folder, and only for those', () => {
    const folders = new Set(imports.map(({ from }) => from));
    for (const name of [...common, 'index', 'live', 'native', 'check-node']) folders.delete(name);
    expect([...allowed.keys()].sort()).toEqual([...folders].sort());
  });

  it('imports along the arrows', () => {
    const wrong = imports.filter((one) => !['index', 'live'].includes(one.from) && !isAllowed(one));
    expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  });

  it('has arrows that end: no folder reaches itself', () => {
    const reached = (folder: string, path: readonly string[]): string[] =>
      path.includes(folder)
        ? [[...path, folder].join(' -> ')]
        : (allowed.get(folder) ?? []).flatMap((next) => reached(next, [...path, folder]));
    expect([...allowed.keys()].flatMap((folder) => reached(folder, []))).toEqual([]);
  });
});

describe('native/core', () => {
  const includes = sources(['native/core'], /\.(cpp|h)$/).flatMap(({ path, text }) =>
    [...text.matchAll(/^#include ["<]([^">]+)[">]/gm)].map(([, target]) => ({ path, target })),
  );

  it('includes nothing of Node or of the bindings', () => {
    expect(includes.length).toBeGreaterThan(50);
    expect(includes.filter(({ target }) => /napi|node|uv\.h|^bindings\//.test(target))).toEqual([]);
  });
});
