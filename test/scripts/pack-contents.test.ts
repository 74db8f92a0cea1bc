/** The checks of `npm run test:pack` find what is wrong. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { root, temporaryFolder } from '../support/cli.js';

const { checkContents, checkDemands, isAllowedLicence } = await import(
  pathToFileURL(`${root}/scripts/pack-contents.mjs`).href
);
const folder = temporaryFolder();

function write(path: string, content: string): string {
  const file = folder.join(path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, 'latin1');
  return file;
}

it('checkContents', () => {
  const files = {
    'a.map': '',
    'dist/index.js': '//# sourceMappingURL=index.js.map',
    'dist/stale.js': '',
    'docs/guide.md': `/build/here npm_${'a'.repeat(36)}`,
    'native/core/large.h': 'x'.repeat(64_001),
    'native/core/reference/gemm.cpp': '',
    'test/a.test.ts': '',
  };
  for (const [path, content] of Object.entries(files)) write(`package/${path}`, content);
  const tracked = ['lib/index.ts', 'native/core/cpu.h', 'native/core/reference/gemm.cpp', 'test/a.test.ts'];
  expect(checkContents(folder.join('package'), 1_700_001, tracked, '/build/here')).toEqual([
    'a.map: unexpected',
    'dist/index.js: holds a source map',
    'dist/stale.js: lib/stale.ts is not there',
    'docs/guide.md: holds a secret',
    'docs/guide.md: names /build/here, where it was built',
    'native/core/large.h: 64001 bytes, expected at most 64000',
    'native/core/reference/gemm.cpp: unexpected',
    'test/a.test.ts: unexpected',
    'native/core/cpu.h: missing',
    'the tarball has 1700001 bytes, expected at most 1700000',
  ]);
});

describe('checkDemands', () => {
  it('the newest version of each library, also of names that follow each other', () => {
    const path = write('good.node', '\0GLIBC_2.4\0GLIBC_2.28\0GLIBC_2.14\0libstdc++.so.6\0GLIBCXX_3.4.9\0');
    expect(checkDemands(path)).toEqual({ demands: ['GLIBC_2.28', 'GLIBCXX_3.4.9'], wrong: [] });
  });

  it('a version that Node does not bring along', () => {
    const path = write('new.node', '\0GLIBC_2.14\0GLIBC_2.29\0');
    expect(checkDemands(path).wrong).toEqual([`${path}: asks for GLIBC_2.29, expected at most GLIBC_2.28`]);
  });

  it('a file that names none', () => {
    expect(checkDemands(write('none.node', 'text')).wrong).toHaveLength(1);
  });
});

it.each([
  ['MIT', true],
  ['(BSD-2-Clause OR MIT OR Apache-2.0)', true],
  ['MIT AND OFL-1.1', true],
  ['GPL-3.0-only OR MIT', true],
  ['GPL-3.0-only', false],
  ['GPL-3.0-only AND MIT', false],
  ['UNLICENSED', false],
  [undefined, false],
])('licence %s', (expression, allowed) => {
  expect(isAllowedLicence(expression)).toBe(allowed);
});
