/** Help, the options table behind it, and what they are allowed to load. */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { helpLayout } from '../../../lib/cli/options/help-layout.js';
import { type CommandName, commands, environment } from '../../../lib/cli/options/commands.js';
import type { OptionSpec } from '../../../lib/cli/options/spec.js';
import { packageVersion } from '../../../lib/version.js';
import { root, rownet, temporaryFolder } from '../../support/cli.js';
import { environmentMarkdown, optionsMarkdown } from '../../support/options-markdown.js';
import { parse } from '../../support/program.js';

const folder = temporaryFolder();

const names = Object.keys(commands) as CommandName[];
const flagsOf = (name: CommandName) =>
  Object.values<OptionSpec>(commands[name].options).map(({ flags }) => flags);

it('has commands to look at', () => {
  expect(names.slice(0, 2)).toEqual(['train', 'eval']);
});

it.each(names)(
  'rownet %s --help leads with examples and shows exactly the options of the table',
  async (name) => {
    const { printed: stdout } = await parse(...name.split(' '), '--help');
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
  for (const name of names) expect(stdout).toMatch(new RegExp(`^ {2}${name.split(' ')[0]} {2,}`, 'm'));
  for (const [name] of environment) expect(stdout).toContain(`  ${name} `);
  expect(stdout).toContain('\nExit codes:\n  0 ok');
});

/** What help and version need: of the library only what knows nothing else of it. */
const leaves = ['errors', 'nets/names', 'node-version', 'options', 'tensor', 'version', 'warnings'].map(
  (name) => `dist/${name}.js`,
);
const parts = ['bin', 'package.json', 'dist/cli', ...leaves];

/** A copy of the command line in which the general help is not ready yet. */
function unprinted(): string {
  const copy = folder.join('parsed');
  mkdirSync(copy);
  for (const path of parts) cpSync(join(root, path), join(copy, path), { recursive: true });
  rmSync(join(copy, 'dist', 'cli', 'help.txt'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return join(copy, 'bin', 'rownet.mjs');
}

it('the general help is the one that dist/ was made with, as the parser makes it', async () => {
  const copy = unprinted();
  const color = { FORCE_COLOR: '1' };
  const [plain, styled] = [await rownet(['--help']), await rownet(['--help'], { env: color })];
  expect(readFileSync(join(root, 'dist', 'cli', 'help.txt'), 'utf8')).toBe(styled.stdout);
  expect(stripVTControlCharacters(styled.stdout)).toBe(plain.stdout);
  for (const args of [['--help'], ['-h'], ['help']]) {
    expect(await rownet(args)).toEqual(plain);
    expect(await rownet(args, { bin: copy })).toEqual(plain);
    expect(await rownet(args, { bin: copy, env: color })).toEqual(styled);
  }
});

it.each([[[]], [['data']], ...names.map((name) => [name.split(' ')])])(
  'rownet help %j is its --help, in 80 columns',
  async (words) => {
    const help = await parse('help', ...words);
    expect(help).toMatchObject({ error: undefined, calls: [] });
    expect(help.printed).toBe((await parse(...words, '--help')).printed);
    for (const line of help.printed.split('\n')) {
      // A command that is to be copied stays in one line.
      if (!line.startsWith('  rownet ')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  },
);

it('rownet help COMMAND prints to stdout', async () => {
  const result = await rownet(['help', 'data', 'get']);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toContain('\nUsage: rownet data get ');
});

it.each([
  [['trian'], 'rownet: unknown command "trian". Did you mean "train"?'],
  [['data', 'gte'], 'data: unknown command "gte". Did you mean "get"?'],
  [['train', 'fast'], 'help: expected a command but received "train fast"'],
  [['--al'], 'help: unknown option "--al"'],
])('rownet help %j is refused', async (words, message) => {
  const { printed, error } = await parse('help', ...words);
  expect(printed).toBe('');
  expect(error).toMatchObject({ name: 'UsageError', message });
});

it.each([[['--help']], [['train', '--help']], [['data', 'get', '--help']]])(
  'the headings of %j are bold where there is colour, and nothing else changes',
  async (words) => {
    const as = async (color: string | undefined) => {
      vi.stubEnv('FORCE_COLOR', color);
      const { printed } = await parse(...words);
      vi.unstubAllEnvs();
      return printed;
    };
    const [plain, forced, styled] = [await as(undefined), await as('0'), await as('1')];
    expect(plain).not.toContain('\u001b');
    expect(forced).toBe(plain);
    expect(stripVTControlCharacters(styled)).toBe(plain);
    const bold = styled
      .split('\u001b[1m')
      .slice(1)
      .map((part) => part.split('\u001b[22m')[0]);
    expect(bold).toEqual(plain.match(/^[A-Z][a-z]+( [a-z]+)?:(?= rownet|\n)/gm));
    expect(bold.slice(0, 2)).toEqual(['Examples:', 'Usage:']);
  },
);

describe('the layout', () => {
  const program = (columns: number) =>
    new Command('rownet')
      .option('--with <x>', 'a description of several words that has to be wrapped somewhere')
      .configureOutput({ getOutHelpWidth: () => columns, getOutHasColors: () => false })
      .configureHelp(
        helpLayout({
          before: {
            title: 'Examples',
            items: [
              ['rownet', 'short'],
              ['rownet a command that is long', 'a description of several words that has to be wrapped'],
            ],
          },
          after: [{ title: 'Notes', text: 'A text of several words that has to be wrapped too.' }],
        }),
      )
      .helpInformation()
      .split('\n');

  it.each([40, 60, 80, 120])('fits into %d columns', (columns) => {
    for (const line of program(columns)) expect(line.length, line).toBeLessThanOrEqual(columns);
  });

  it('puts a description below a term that leaves no room for it', () => {
    const lines = program(50);
    expect(lines).toContain('  rownet  short');
    const at = lines.indexOf('  rownet a command that is long');
    expect(lines.slice(at + 1, at + 3)).toEqual([
      '          a description of several words that has',
      '          to be wrapped',
    ]);
  });
});

it('help and version need neither library nor addon', async () => {
  const copy = folder.join('bare');
  mkdirSync(copy);
  for (const path of parts) cpSync(join(root, path), join(copy, path), { recursive: true });
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
