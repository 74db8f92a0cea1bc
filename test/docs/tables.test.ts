/** Tables that repeat what the code says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../lib/cli/exit.js';
import { type CommandName, commands } from '../../lib/cli/options/commands.js';
import { stopExitCode } from '../../lib/cli/terminal/signals.js';
import { saveCheckpoint } from '../../lib/formats/checkpoint.js';
import { readSafetensors } from '../../lib/formats/safetensors.js';
import { Tensor } from '../../lib/tensor.js';
import { root, temporaryFolder } from '../support/cli.js';
import { environmentMarkdown, optionsMarkdown } from '../support/options-markdown.js';
import { cells, page, section, tables } from './pages.js';
import { sources } from './sources.js';

const folder = temporaryFolder();

const readme = page('README.md');
const cli = page('docs/cli.md');
const library = page('docs/library.md');

describe('the tables of options', () => {
  it.each(Object.keys(commands) as CommandName[])('rownet %s', (name) => {
    expect(tables(section(cli, `## rownet ${name}`))[0] ?? '').toBe(optionsMarkdown(name));
  });

  it('docs/cli.md has a section for each command, in order', () => {
    const headings = [...cli.text.matchAll(/^## rownet ([\w ]+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(Object.keys(commands));
  });

  it('README.md names each command, in order', () => {
    const rows = cells(tables(section(readme, '## Command line'))[0]);
    const named = rows.map(([command]) => /`rownet ([\w ]+)`/.exec(command)?.[1]);
    expect(named).toEqual(Object.keys(commands));
  });
});

describe('the tables of environment variables', () => {
  it('docs/cli.md', () => {
    expect(tables(section(cli, '## Environment variables'))[0]).toBe(environmentMarkdown());
  });

  it('docs/environment.md', () => {
    expect(tables(page('docs/environment.md').text)[0]).toBe(environmentMarkdown());
  });

  it('docs/environment.md has every variable that lib/ and native/ read', () => {
    const read = sources(['lib', 'native'], /\.(ts|cpp)$/).flatMap(({ text }) =>
      [...text.matchAll(/\benv\.([A-Z][A-Z_]+)|getenv\("([A-Z_]+)"\)/g)].map((match) => match[1] ?? match[2]),
    );
    expect(new Set(read).size).toBeGreaterThan(5);
    const { text } = page('docs/environment.md');
    // HOME is the system's own way to say where the cache folder is.
    expect([...new Set(read)].filter((name) => name !== 'HOME' && !text.includes(`\`${name}`))).toEqual([]);
  });
});

it('docs/cli.md lists the exit codes', () => {
  const [table] = tables(section(cli, '## Exit codes'));
  const listed = cells(table).flatMap(([codes]) => codes.split(', ').map(Number));
  const signals = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map(stopExitCode);
  const brokenPipe = Number(/brokenPipeExitCode = (\d+)/.exec(libText('cli/terminal/output.ts'))?.[1]);
  expect(listed).toEqual([...Object.values(exitCodes), ...signals, brokenPipe]);
});

it('docs/library.md lists the codes of errors', () => {
  const text = section(library, '## Errors');
  const used = sources(['lib'], /\.ts$/).flatMap((source) =>
    [...source.text.matchAll(/(?:code: |coded\(\w+, )'(ERR_ROWNET_\w+)'/g)].map(([, code]) => code),
  );
  expect(used.length).toBeGreaterThan(5);
  expect([...text.matchAll(/`(ERR_ROWNET_\w+)`/g)].map(([, code]) => code).sort()).toEqual(used.sort());
});

it('docs/formats.md lists the metadata of a checkpoint', () => {
  const path = folder.join('checkpoint.safetensors');
  const params = new Map([['fc1.bias', new Tensor([2])]]);
  const optimizerState = new Map<string, Tensor>();
  const best = { measure: 'loss', epoch: 1, step: 1, value: 0.5, params };
  const parts = { averaged: params, best };
  saveCheckpoint(path, {
    params,
    optimizerState,
    architecture: '{}',
    config: {},
    epoch: 1,
    step: 2,
    ...parts,
  });
  const { metadata } = readSafetensors(path);
  const rows = cells(tables(section(page('docs/formats.md'), '## Checkpoints'))[0]);
  expect(rows.map(([key]) => key.slice(1, -1)).sort()).toEqual(Object.keys(metadata).sort());
  const [format, version] = ['format', 'version'].map(
    (key) => rows.find(([name]) => name === `\`${key}\``)?.[1],
  );
  expect(format).toBe(`\`${metadata.format}\``);
  expect(version).toMatch(new RegExp(`^\`${metadata.version}\``));
});

it('docs/library.md lists the functions of kernels.ts', () => {
  const text = section(library, '## The kernels');
  const exported = [...libText('kernels.ts').matchAll(/export \{([^}]*)\}/g)]
    .flatMap(([, names]) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => /^[a-z]/.test(name) && !name.startsWith('type '));
  expect(exported.length).toBeGreaterThan(15);
  expect(exported.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

function libText(path: string): string {
  return readFileSync(`${root}/lib/${path}`, 'utf8');
}
