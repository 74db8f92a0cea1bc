/** `rownet runs`, the list behind it, and the lock that tells a running training. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { isLocked, lockFolder } from '../../../lib/runs/lock.js';
import { listRuns } from '../../../lib/runs/list.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const evil = 'evil\u001b[31m\u009b2J\u202e\nname';

/** Dates of the runs, in seconds. */
function date(run: string, seconds: number): void {
  utimesSync(folder.join('runs', run, 'metrics.jsonl'), seconds, seconds);
}

function write(run: string, file: string, text: string): void {
  mkdirSync(folder.join('runs', run), { recursive: true });
  writeFileSync(folder.join('runs', run, file), text);
}

beforeAll(async () => {
  writeIdxFolder(folder.join('bars'), 400, 100);
  const args = ['train --data bars --lr 0.01 --quiet --epochs 2 --out runs/first'];
  expect(await rownet(args, { cwd: folder.path })).toMatchObject({ code: 0, stderr: '' });
  for (const name of ['stopped', evil, 'damaged lines'])
    cpSync(folder.join('runs', 'first'), folder.join('runs', name), { recursive: true });
  const config = readFileSync(folder.join('runs', 'first', 'config.json'), 'utf8');
  write('stopped', 'config.json', config.replace('"epochs": 2', '"epochs": 9'));
  const line = readFileSync(folder.join('runs', 'first', 'metrics.jsonl'), 'utf8').split('\n')[0];
  const wrong = line.replace(/"testAccuracy":[\d.e-]+/, '"testAccuracy":"\u001b[2J"');
  write(
    'damaged lines',
    'metrics.jsonl',
    `${line}\n${wrong.replace('"epoch":1', '"epoch":2')}\n{"epoch":2,"lo`,
  );
  write('foreign', 'notes.txt', 'mine');
  write('broken', 'config.json', '{"rownet":');
  write('other', 'config.json', '{"rownet":"1"}');
  write('half', 'config.json', config);
  mkdirSync(folder.join('runs', 'half', 'metrics.jsonl'));
  writeFileSync(folder.join('runs', 'a-file'), '');
  symlinkSync(folder.join('nowhere'), folder.join('runs', 'dangling'));
  mkdirSync(folder.join('empty'));
  for (const [index, name] of ['first', 'stopped', evil, 'damaged lines'].entries()) date(name, 1e9 + index);
});

describe('listRuns', () => {
  it('tells each run, the newest first', async () => {
    const { runs } = await listRuns(folder.join('runs'));
    expect(runs.map(({ name }) => name)).toEqual(['damaged lines', evil, 'stopped', 'first']);
    const metrics = jsonLines(readFileSync(folder.join('runs', 'first', 'metrics.jsonl'), 'utf8'));
    const accuracies = metrics.map(({ testAccuracy }) => testAccuracy as number);
    const seconds = metrics.map((one) => one.seconds as number);
    expect(runs.at(-1)).toEqual({
      name: 'first',
      path: folder.join('runs', 'first'),
      recipe: 'fast',
      changes: [],
      net: 'lenet5',
      seed: 1,
      data: folder.join('bars'),
      epochs: 2,
      plannedEpochs: 2,
      bestTestAccuracy: Math.max(...accuracies),
      lastTestAccuracy: accuracies[1],
      secondsPerEpoch: (seconds[0] + seconds[1]) / 2,
      warning: null,
      date: '2001-09-09T01:46:40.000Z',
      state: 'finished',
      metrics,
    });
    expect(runs[2]).toMatchObject({ epochs: 2, plannedEpochs: 9, state: 'stopped' });
  });

  it('leaves damaged lines of metrics out', async () => {
    const { runs } = await listRuns(folder.join('runs'));
    expect(runs[0]).toMatchObject({ epochs: 1, state: 'stopped' });
    expect(runs[0].metrics).toHaveLength(1);
  });

  it('says of each other folder why it is no run', async () => {
    const { skipped } = await listRuns(folder.join('runs'));
    const path = (...names: string[]) => folder.join('runs', ...names);
    expect(skipped).toHaveLength(4);
    expect(skipped[0]).toContain(`runs: ${path('broken', 'config.json')}: expected JSON but received`);
    expect(skipped[1]).toContain(`runs: ${path('foreign', 'config.json')}: expected a readable file but`);
    expect(skipped[2]).toContain(`runs: ${path('half', 'metrics.jsonl')}: expected a file`);
    expect(skipped[3]).toContain(`runs: ${path('other', 'config.json')}: expected the configuration of a`);
  });
});

describe('the lock', () => {
  it('is seen while it is held, by any number of askers, and stays', async () => {
    const path = folder.join('empty');
    expect(await isLocked(path)).toBe(false);
    const lock = await lockFolder(path);
    const answers = await Promise.all(Array.from({ length: 50 }, () => isLocked(path)));
    expect(answers).toEqual(Array(50).fill(true));
    expect(await lockFolder(path)).toBeUndefined();
    lock?.release();
    expect(await isLocked(path)).toBe(false);
    // Asking has not taken it.
    (await lockFolder(path))?.release();
  });

  it('shows a training as running, which goes on to its end', async () => {
    let listed: ReturnType<typeof listRuns> | undefined;
    const args = ['train --data bars --lr 0.01 --epochs 300 --json --out live/now'];
    const result = await rownet(args, {
      cwd: folder.path,
      onStdout(soFar) {
        if (soFar.includes('"event":"epoch"')) listed ??= listRuns(folder.join('live'));
      },
    });
    expect(result.code).toBe(0);
    expect((await listed)?.runs).toMatchObject([{ name: 'now', state: 'running', plannedEpochs: 300 }]);
    expect((await listRuns(folder.join('live'))).runs).toMatchObject([{ epochs: 300, state: 'finished' }]);
  });
});

describe('rownet runs', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

  it('prints a table without a raw control character', async () => {
    const { code, stdout, stderr } = await rownet(['runs'], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(control);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^run +recipe +data +epochs +best +last +s\/epoch +date +state$/);
    expect(lines[2].startsWith('evil\\x1b[31m\\x9b2J\\u{202e}\\x0aname  ')).toBe(true);
    expect(lines[3]).toMatch(
      /^stopped +fast +bars +2\/9 +[\d.]+ % +[\d.]+ % +[\d.]+ +2001-09-\d\d \d\d:46 +stopped$/,
    );
    expect(stderr.match(/^Skipped: runs: /gm)).toHaveLength(4);
  });

  it('prints an object a run with --json', async () => {
    const { stdout } = await rownet(['runs runs --json'], { cwd: folder.path });
    expect(stdout.replaceAll('\u202e', '')).not.toMatch(control);
    const runs = jsonLines(stdout);
    expect(runs.map(({ name, state }) => [name, state])).toEqual([
      ['damaged lines', 'stopped'],
      [evil, 'finished'],
      ['stopped', 'stopped'],
      ['first', 'finished'],
    ]);
    expect(runs[0]).not.toHaveProperty('metrics');
  });

  it.each<[string[], string]>([
    [['empty'], 'No runs in empty. To train one: rownet train --out empty/mine\n'],
    [['empty --json'], 'No runs in empty. To train one: rownet train --out empty/mine\n'],
    [['runs/first'], 'No runs in runs/first. It is a run itself: rownet runs runs lists it\n'],
  ])('%j says that there are none, and what to do', async (words, stderr) => {
    const result = await rownet(['runs', ...words], { cwd: folder.path });
    expect(result).toEqual({ code: 0, signal: null, stdout: '', stderr });
  });

  it('says so too where nobody has trained yet', async () => {
    expect(await rownet(['runs'], { cwd: folder.join('empty') })).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: 'No runs in runs. To train one: rownet train\n',
    });
  });

  it.each([
    ['missing', 'ENOENT: no such file or directory'],
    ['runs/a-file', 'ENOTDIR: not a directory'],
  ])('refuses %s', async (path, reason) => {
    expect(await rownet(['runs', path], { cwd: folder.path })).toMatchObject({
      code: 3,
      stdout: '',
      stderr: `runs: ${path}: expected a folder of runs but received ${reason}. Hint: "rownet train" writes to runs\n`,
    });
  });
});
