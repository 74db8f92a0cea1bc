/** Links, paths and commands in the pages: everything that is named exists. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../lib/cli/options/commands.js';
import type { CommandSpec } from '../../lib/cli/options/spec.js';
import { root } from '../support/cli.js';
import { blocks, inlineCode, type Page, pages, prose } from './pages.js';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** `#a-net-of-your-own`, as GitHub makes them. */
const anchors = (text: string) =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

function brokenLinks({ path, text }: Page): string[] {
  const targets = [...prose(text).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)]
    .map(([, link, attribute]) => link ?? attribute)
    .filter((target) => !/^(https?|mailto):/.test(target));
  return targets.filter((target) => {
    const [file, anchor] = target.split('#');
    const absolute = file === '' ? join(root, path) : join(root, dirname(path), file);
    if (!existsSync(absolute)) return true;
    return anchor !== undefined && !anchors(readFileSync(absolute, 'utf8')).includes(anchor);
  });
}

/** Paths in backticks, from the root or from the page's folder. */
function missingPaths({ path, text }: Page): string[] {
  const first = /^(\.ci|bin|benchmarks|bindings|core|docs|examples|lib|native|scripts|test)\/[\w./-]+$/;
  return inlineCode(text)
    .filter((code) => first.test(code))
    .filter((code) => ![root, join(root, dirname(path))].some((folder) => existsSync(join(folder, code))));
}

/** Every command line of a page: lines of shell blocks, and code in the text that starts like one. */
function commandLines(text: string): string[] {
  const fenced = blocks(text)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'));
  return [...fenced, ...inlineCode(text)]
    .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(/&&|\|/))
    .map((line) => line.trim().replace(/^([A-Z_]+=\S* )+/, ''))
    .filter((line) => /^(npm|npx|node|rownet) /.test(line));
}

/** What is wrong with `rownet ...words`; undefined if nothing is. */
function rownetMistake(words: readonly string[]): string | undefined {
  const [name, ...rest] = words;
  if (name.startsWith('--')) return ['--help', '--version'].includes(name) ? undefined : `no option ${name}`;
  const command = Object.entries<CommandSpec>(commands).find(
    ([known]) => known === name || known === `${name} ${rest[0]}`,
  )?.[1];
  if (command === undefined) return `no command ${name}`;
  const known = Object.values(command.options).map(({ flags }) => flags.split(' ')[0]);
  return rest
    .filter((word) => word.startsWith('--') && ![...known, '--help'].includes(word))
    .map((word) => `no option ${word}`)[0];
}

/** What is wrong with a command line; undefined if nothing is, or if it is none of ours. */
function mistake(line: string): string | undefined {
  const [program, first, ...rest] = line.split(/\s+/);
  if (program === 'rownet') return rownetMistake([first, ...rest]);
  if (program === 'npx') {
    if (first === 'rownet') return rownetMistake(rest);
    const path = rest.find((word) => word.includes('/'));
    return path === undefined || existsSync(join(root, path)) ? undefined : `no ${path}`;
  }
  if (program === 'node') {
    if (!existsSync(join(root, first))) return `no ${first}`;
    return first === 'bin/rownet.mjs' && rest.length > 0 ? rownetMistake(rest) : undefined;
  }
  const script = first === 'run' ? rest[0] : first;
  if (first !== 'run' && !['test', 'start'].includes(first)) return undefined;
  const body = scripts[script];
  if (body === undefined) return `no script ${script}`;
  const after = rest.includes('--') ? rest.slice(rest.indexOf('--') + 1) : [];
  return body.startsWith('node bin/rownet.mjs ')
    ? rownetMistake([...body.split(' ').slice(2), ...after])
    : undefined;
}

describe.each(pages)('$path', (one) => {
  it('links to what exists', () => {
    expect(brokenLinks(one)).toEqual([]);
  });

  it('names files that exist', () => {
    expect(missingPaths(one)).toEqual([]);
  });

  it('names commands and options that exist', () => {
    const wrong = commandLines(one.text).map((line) => [line, mistake(line)] as const);
    expect(wrong.filter(([, what]) => what !== undefined)).toEqual([]);
  });
});

describe('the checks themselves', () => {
  const made = (text: string): Page => ({ path: 'docs/made.md', text });

  it('find a broken link, a wrong anchor and a missing file', () => {
    const text = '[a](../README.md) [b](../nowhere.md) [c](../README.md#install) [d](../README.md#nowhere)';
    expect(brokenLinks(made(text))).toEqual(['../nowhere.md', '../README.md#nowhere']);
    expect(missingPaths(made('`lib/index.ts` `lib/nowhere.ts` `a/b`'))).toEqual(['lib/nowhere.ts']);
  });

  it.each([
    ['npm run bench -- --quick', undefined],
    ['npm run bench -- --slow', 'no option --slow'],
    ['npm start -- --epochs 2', undefined],
    ['npm start -- --epoch 2', 'no option --epoch'],
    ['npm run nothing', 'no script nothing'],
    ['npm ci', undefined],
    ['node scripts/nothing.mjs', 'no scripts/nothing.mjs'],
    ['node bin/rownet.mjs paint', 'no command paint'],
    ['npx vitest run test/nowhere', 'no test/nowhere'],
    ['npx rownet train --resume runs/mine', undefined],
    ['rownet eval runs/mine --epochs 2', 'no option --epochs'],
    ['rownet --help', undefined],
  ])('%s: %s', (line, expected) => {
    expect(mistake(line)).toBe(expected);
  });

  it('see commands in text and in shell blocks, behind variables and before comments', () => {
    const text = 'Run `npm test`.\n\n```sh\nA=1 npx rownet info   # npm run x\nnpm ci && npm start\n```\n';
    expect(commandLines(text)).toEqual(['npx rownet info', 'npm ci', 'npm start', 'npm test']);
  });
});
