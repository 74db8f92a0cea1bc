/** Help, the options table behind it, and what they are allowed to load. */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  type CommandName,
  commands,
  environment,
  environmentMarkdown,
  optionsMarkdown,
} from '../../lib/cli/options.js';
import type { OptionSpec } from '../../lib/cli/spec.js';
import { packageVersion } from '../../lib/cli/version.js';
import { root, rownet, temporaryFolder } from '../support/cli.js';

const folder = temporaryFolder();
afterAll(folder.remove);

const names = Object.keys(commands) as CommandName[];
const flagsOf = (name: CommandName) =>
  Object.values<OptionSpec>(commands[name].options).map(({ flags }) => flags);

it('has commands to look at', () => {
  expect(names.slice(0, 2)).toEqual(['train', 'eval']);
});

it.each(names)(
  'rownet %s --help leads with examples and shows exactly the options of the table',
  async (name) => {
    const { code, stdout, stderr } = await rownet([...name.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.startsWith(`Examples:\n  ${commands[name].examples[0][0]}`)).toBe(true);
    const shown = [...stdout.matchAll(/^ {2}(--?\S.*?)(?: {2,}|$)/gm)].map(([, flags]) => flags);
    expect(shown).toEqual([...flagsOf(name), '-h, --help']);
  },
);

it.each(names.filter((name) => flagsOf(name).length > 0))(
  'the Markdown table of %s has a row for each option',
  (name) => {
    const rows = optionsMarkdown(name).trimEnd().split('\n');
    expect(rows.slice(0, 2)).toEqual(['| option | meaning | default |', '| --- | --- | --- |']);
    expect(rows.slice(2).map((row) => row.split('`')[1])).toEqual(flagsOf(name));
    for (const row of rows) expect(row.split('|')).toHaveLength(5);
  },
);

it('the Markdown table of the environment has a row for each variable', () => {
  const rows = environmentMarkdown().trimEnd().split('\n').slice(2);
  expect(rows.map((row) => row.split('`')[1])).toEqual(environment.map(([name]) => name));
});

it('rownet --help lists commands, environment and exit codes', async () => {
  const { code, stdout, stderr } = await rownet(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const name of names) expect(stdout).toMatch(new RegExp(`^ {2}${name.split(' ')[0]} `, 'm'));
  for (const [name] of environment) expect(stdout).toContain(`  ${name} `);
  expect(stdout).toContain('Exit codes: 0 ok');
});

it('the general help is the one that dist/ was made with, and fits into 120 columns', async () => {
  const { stdout } = await rownet(['--help']);
  expect(readFileSync(join(root, 'dist', 'cli', 'help.txt'), 'utf8')).toBe(stdout);
  // By the parser, as on a narrow terminal: the same, since no line of the list of commands is wrapped.
  const copy = folder.join('parsed');
  mkdirSync(copy);
  for (const path of ['bin', 'package.json', 'dist/cli'])
    cpSync(join(root, path), join(copy, path), { recursive: true });
  rmSync(join(copy, 'dist', 'cli', 'help.txt'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  expect((await rownet(['--help'], { bin: join(copy, 'bin', 'rownet.mjs') })).stdout).toBe(stdout);
  const [, list] = stdout.split('\nCommands:\n');
  const lines = list.split('\n\n')[0].split('\n');
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(120);
});

it('help and version need neither library nor addon', async () => {
  const copy = folder.join('bare');
  mkdirSync(copy);
  for (const path of ['bin', 'package.json', 'dist/cli'])
    cpSync(join(root, path), join(copy, path), { recursive: true });
  // Of the packages only the parser of the command line: in the real node_modules everything else could be found.
  mkdirSync(join(copy, 'node_modules'));
  symlinkSync(join(root, 'node_modules', 'commander'), join(copy, 'node_modules', 'commander'));
  const bin = join(copy, 'bin', 'rownet.mjs');
  expect(await rownet(['--version'], { bin })).toEqual({
    code: 0,
    signal: null,
    stdout: `${packageVersion()}\n`,
    stderr: '',
  });
  expect((await rownet(['train', '--help'], { bin })).code).toBe(0);
  // The test would prove nothing if the library were found after all.
  expect((await rownet(['info'], { bin })).stderr).toContain('Cannot find module');
});
