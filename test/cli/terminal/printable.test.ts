/** Names of files and folders that would take over a terminal, in everything that the command line prints. */
import { cpSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { printable, printableMessage } from '../../../lib/cli/terminal/printable.js';
import { drawDigit } from '../../support/drawn-digits.js';
import { rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const evil = 'evil\u001b[31m\u009b2J\u202e\nrownet: all is well';
const shown = String.raw`evil\x1b[31m\x9b2J\u{202e}\x0arownet: all is well`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|\nrownet: all/;

function png(...path: string[]): string {
  const file = folder.join(...path);
  mkdirSync(folder.join(...path.slice(0, -1)), { recursive: true });
  const { width, height, grey } = drawDigit(path.length % 10, { size: 28 });
  writeFileSync(file, encode({ width, height, data: grey, channels: 1, depth: 8 }));
  return file;
}

async function run(args: readonly string[], code = 0, env: Readonly<Record<string, string>> = {}) {
  const result = await rownet(args, { cwd: folder.path, env, whole: true });
  const text = result.stdout + result.stderr;
  expect([result.code, text]).toEqual([code, expect.not.stringMatching(control)]);
  return text;
}

const trained = `${evil}/run`;
const data = `${evil}/${evil}`;
beforeAll(async () => {
  writeIdxFolder(folder.join(data), 128, 20);
  png(`${evil}.png`);
  writeFileSync(folder.join(`${evil}.txt`), '');
  for (const name of ['a', evil]) for (let i = 0; i < 6; i += 1) png('classes', name, `${i}.png`);
  const args = ['train', '--data', data, '--lr', '0.01', '--epochs', '1', '--out', trained];
  expect(await run([...args, '--checkpoint-every', '1'])).toContain(`Run folder: ${shown}/run\n`);
});

describe('names are printed as text', () => {
  it.each<readonly [string, readonly string[], number]>([
    ['eval', ['eval', trained], 0],
    ['eval of nothing', ['eval', `${evil}/none`], 3],
    ['predict', ['predict', trained, `${evil}.png`], 0],
    ['predict of no image', ['predict', trained, `${evil}.txt`, `${evil}/none`], 3],
    ['export', ['export', trained, '--format', 'npz', '--out', `${evil}.npz`], 0],
    ['export to a folder', ['export', trained, '--format', 'npz', '--out', evil, '--force'], 1],
    ['explain', ['explain', `${evil}.png`, '--checkpoint', trained], 0],
    ['explain as a page', ['explain', '--html', `${evil}.html`], 0],
    ['report', ['report', trained], 0],
    ['train to a file', ['train', '--data', data, '--out', `${evil}.png`], 2],
    ['train on nothing', ['train', '--data', evil], 3],
    ['train --resume', ['train', '--resume', trained, '--epochs', '2'], 0],
    [
      'train --tensorboard',
      ['train', '--resume', trained, '--epochs', '3', '--tensorboard', `${evil}.png`],
      2,
    ],
    ['an unknown option', ['train', `--${evil}`], 2],
    ['an option of no number', ['train', '--epochs', evil], 2],
    ['an unknown command', [evil], 2],
  ])('%s', async (_, args, code) => {
    expect(await run(args, code)).toContain(String.raw`evil\x1b[31m`);
  });

  it('of classes', async () => {
    await run([
      'train',
      '--data',
      'classes',
      '--batch-size',
      '2',
      '--epochs',
      '1',
      '--lr',
      '1e-3',
      '--out',
      'c',
    ]);
    expect(await run(['eval', 'c'])).toContain(shown);
  });

  it('of places of data', async () => {
    const env = { ROWNET_DATA_DIR: folder.join(evil) };
    cpSync(folder.join(data), folder.join(evil, 'mnist'), { recursive: true });
    expect(await run(['train'], 3, env)).toContain(shown);
    expect(await run(['data', 'list'], 0, env)).toContain(shown);
    expect(await run(['info'], 0, env)).toContain(shown);
  });

  it('of a checkpoint that is damaged', async () => {
    cpSync(folder.join(trained), folder.join(`${evil}-damaged`), { recursive: true });
    truncateSync(folder.join(`${evil}-damaged`, 'checkpoint.safetensors'), 5);
    expect(await run(['eval', `${evil}-damaged`])).toContain('\nThe generation before is used');
  });
});

it('messages keep lines that are indented or hints, and no others', () => {
  expect(printableMessage('a\n  b\nHint: c\nd\n e')).toBe('a\n  b\nHint: c\\x0ad\\x0a e');
});

it.each([
  ['plain name-1.2', 'plain name-1.2'],
  ['ünïcode 数字', 'ünïcode 数字'],
  ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
  ['\r\u007f\u009b', '\\x0d\\x7f\\x9b'],
  ['a\u2028b\u{e0001}', 'a\\u{2028}b\\u{e0001}'],
])('%j is printed as %j', (text, expected) => {
  expect(printable(text)).toBe(expected);
});
