/** A run folder belongs to one run: from its first file to its last, wherever it is moved meanwhile. */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { shellWord } from '../../../lib/files.js';
import { createDefaultRunFolder } from '../../../lib/cli/commands/train/out-folder.js';
import { loadCheckpoint } from '../../../lib/formats/checkpoint.js';
import { rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const run = (...args: string[]) => rownet(['train --data bars', ...args], { cwd: folder.path });

beforeAll(() => writeIdxFolder(folder.join('bars'), 100, 20));

it('trainings that start in the same second without --out get a folder each', async () => {
  const results = await Promise.all(['1', '2', '3', '4'].map((seed) => run('--epochs 1 --seed', seed)));
  expect(results.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(['', '', '', '']);
  expect(readdirSync(folder.join('runs'))).toHaveLength(4);
});

it('nothing is written any more when the folder was moved, not even into one that has its place', async () => {
  let moved = false;
  const args = ['train --data bars --epochs 50000 --out first --json --quiet'];
  const result = await rownet(args, {
    cwd: folder.path,
    onStdout(soFar) {
      if (moved || !soFar.includes('"event":"epoch"')) return;
      moved = true;
      renameSync(folder.join('first'), folder.join('elsewhere'));
      mkdirSync(folder.join('first'));
    },
  });
  expect(result).toMatchObject({ code: 1, signal: null });
  expect(result.stderr).toMatch(
    /^write: first: expected the folder in which this run was started but it was moved/,
  );
  expect(readdirSync(folder.join('first'))).toEqual([]);
  expect(loadCheckpoint(folder.join('elsewhere', 'checkpoint.safetensors')).epoch).toBeGreaterThan(0);
});

it('a port that is taken and a --tensorboard that is a file are told before the run has begun', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await run('--epochs 1 --out taken --live', String(port));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^page: expected port \d+ of 127\.0\.0\.1 to be free but received EADDRINUSE/);
    expect(readdirSync(folder.join('taken'))).toEqual([]);
  } finally {
    server.close();
  }
  writeFileSync(folder.join('file'), '');
  for (const [board, file] of [
    ['file', 'file'],
    ['file/board', folder.join('file')],
  ]) {
    expect(await run('--epochs 1 --out board --tensorboard', board)).toMatchObject({
      code: 2,
      stderr: `train: --tensorboard: expected a folder but ${file} is a file\n`,
    });
  }
  expect(existsSync(folder.join('board'))).toBe(false);
});

it.each([
  ['runs/mine-2', 'runs/mine-2'],
  ['my runs/1', "'my runs/1'"],
  ["it's", "'it'\\''s'"],
  ['$(x)', "'$(x)'"],
  ['-x', './-x'],
  ['größe', "'größe'"],
  ['', "''"],
])('%j is %s in a command to copy', (path, word) => {
  expect(shellWord(path)).toBe(word);
});

it('says what is wrong with a folder under the default path that cannot be made', () => {
  const before = process.cwd();
  process.chdir(folder.path);
  try {
    expect(() => createDefaultRunFolder('x'.repeat(300))).toThrow(
      /^train: runs.x{300}-[\d-]+: expected a folder to write to but received ENAMETOOLONG: .* Hint: choose a shorter name$/,
    );
  } finally {
    process.chdir(before);
  }
});
