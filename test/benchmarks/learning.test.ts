/** benchmarks/learning: one of its cases, and what its stored results must show. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { page, section, tables } from '../docs/pages.js';
import { root, temporaryFolder } from '../support/cli.js';

interface Result {
  readonly name: string;
  readonly runs: readonly { readonly seed: number; readonly accuracy: number }[];
}

const learning = join(root, 'benchmarks', 'learning');
const load = (name: string) => import(pathToFileURL(join(learning, name)).href);
const { table } = await load('table.mjs');
const { cases } = await load('cases.mjs');
const read = (path: string): Result[] => JSON.parse(readFileSync(path, 'utf8')).cases;
const results = read(join(learning, 'results.json'));

const folder = temporaryFolder();

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(learning, 'run.mjs'), ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

it('trains a case, prints its line and keeps its figures', () => {
  const out = folder.join('results.json');
  const { status, stdout } = run('--only', 'xor', '--out', out);
  expect(status).toBe(0);
  const [xor, ...others] = read(out);
  expect(others).toEqual([]);
  expect(xor.name).toBe('xor');
  expect(xor.runs.map(({ seed }) => seed)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(xor.runs.map(({ accuracy }) => accuracy)).toEqual(new Array(10).fill(1));
  expect(stdout).toBe(`${table(cases, [xor])}\n`);
});

it('knows its cases by name', () => {
  const { status, stderr } = run('--only', 'lenet');
  expect(status).toBe(2);
  expect(stderr).toMatch(/^run\.mjs: expected --only xor or .* but received lenet\n$/);
});

const lowest = (name: string) => {
  const runs = results.find((result) => result.name === name)?.runs ?? [];
  expect(runs.length).toBeGreaterThanOrEqual(name === 'nin' ? 1 : 3);
  return Math.min(...runs.map(({ accuracy }) => accuracy));
};

it.each([
  ['xor', 1],
  ['iris', 0.93],
  ['two-layer', 0.9684],
  ['lenet5-tanh', 0.988],
  ['nin', 0.8],
])('%s reached %f with every seed', (name, least) => {
  expect(lowest(name)).toBeGreaterThanOrEqual(least);
});

it('docs/library.md has the table of the results', () => {
  const [written] = tables(section(page('docs/library.md'), '## What the nets learn'));
  expect(written).toBe(`${table(cases, results)}\n`);
});
