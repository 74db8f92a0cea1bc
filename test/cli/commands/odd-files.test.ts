import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunFolder } from '../../../lib/runs/folder.js';
import { listRuns } from '../../../lib/runs/list.js';
import { DataError } from '../../../lib/errors.js';
import { greyPng } from '../../lib/images/image-files.js';
import { temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const { run } = folder;
const train = (...args: string[]) => run('train --data bars --lr 0.01 --epochs 1 --quiet', ...args);

beforeAll(async () => {
  writeIdxFolder(folder.join('bars'), 128, 20);
  symlinkSync('circle', folder.join('circle'));
  expect(await train('--out run')).toMatchObject({ code: 0, stderr: '' });
});

const long = 'x'.repeat(256);
const circle = 'ELOOP: too many symbolic links encountered';
const tooLong = 'ENAMETOOLONG: name too long';

describe('a path that cannot be looked at', () => {
  it.each([
    ['circle', circle],
    [long, tooLong],
    // Alone it is missing; the name of its generation before would be too long.
    ['y'.repeat(250), 'ENOENT: no such file or directory'],
  ])('is no checkpoint: %.9s', async (path, reason) => {
    const stderr = `safetensors: ${path}: expected a readable file but received ${reason}. Hint: check the path\n`;
    for (const args of [['eval'], ['export --format npz'], ['train --resume']]) {
      expect(await run(...args, path)).toMatchObject({ code: 3, stdout: '', stderr });
    }
  });

  it('is no run', async () => {
    const { code, stderr } = await run('report', 'circle');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^report: expected a run folder/)]);
  });

  it.each([
    ['circle', 2, 'train: --out: expected a folder but circle is a link to nothing\n'],
    [
      'circle/run',
      1,
      `train: --out: circle/run: expected a folder to write to but received ${circle}. Hint: its links lead in a circle\n`,
    ],
    [
      long,
      1,
      `train: --out: ${long}: expected a folder to write to but received ${tooLong}. Hint: choose a shorter name\n`,
    ],
  ])('is nothing to train in: %.9s', async (path, code, stderr) => {
    expect(await train('--out', path)).toMatchObject({ code, stderr });
  });

  it('is nothing to export to', async () => {
    const { code, stderr } = await run('export run --format npz --out circle');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^write: circle: expected to write .* ELOOP/)]);
  });

  it('among runs does not hide the others', async () => {
    mkdirSync(folder.join('some'));
    symlinkSync('circle', folder.join('some', 'circle'));
    cpSync(folder.join('run'), folder.join('some', 'run'), { recursive: true });
    const { runs, skipped } = await listRuns(folder.join('some'));
    expect([runs.map(({ name }) => name), skipped]).toEqual([['run'], []]);
  });
});

it('--tensorboard names a folder that cannot be made', async () => {
  expect(await train('--out boarded --tensorboard circle/board')).toMatchObject({
    code: 1,
    stderr:
      `train: --tensorboard: circle/board: expected a folder to write to but received ${circle}. ` +
      'Hint: its links lead in a circle\n',
  });
});

describe('metrics.jsonl', () => {
  const path = folder.join('odd', 'metrics.jsonl');
  const metrics = () => new RunFolder(folder.join('odd')).readMetrics(9);
  const replace = (make: () => void) => {
    rmSync(folder.join('odd'), { recursive: true, force: true });
    mkdirSync(folder.join('odd'));
    make();
  };
  const sound = {
    epoch: 1,
    seconds: 1,
    loss: 0.5,
    trainAccuracy: 0.5,
    testLoss: 0.5,
    testAccuracy: 1,
    lr: 0.1,
    imagesPerSecond: 10,
  };

  it('may have been edited elsewhere', () => {
    const lines = [sound, { ...sound, epoch: 2 }];
    const [first, second] = lines.map((line) => JSON.stringify(line));
    replace(() => writeFileSync(path, `\ufeff${first}\r\n\n${second}`));
    expect(metrics()).toEqual(lines);
  });

  it.each<readonly [string, object]>([
    ['epoch', { epoch: 1.5 }],
    ['seconds', { seconds: -1 }],
    ['loss', { loss: '<b>' }],
    ['lr', { lr: {} }],
    ['training accuracy', { trainAccuracy: [1] }],
    ['test loss', { testLoss: null }],
    ['test accuracy', { testAccuracy: 1.01 }],
    ['images a second', { imagesPerSecond: '9' }],
  ])('loses a line whose %s there cannot be', (_, change) => {
    replace(() => writeFileSync(path, `${JSON.stringify({ ...sound, ...change })}\n`));
    expect(metrics()).toEqual([]);
  });

  it('may be full of line breaks', () => {
    replace(() => writeFileSync(path, Buffer.alloc(2 ** 25, '\n')));
    const before = process.memoryUsage.rss();
    expect(metrics()).toEqual([]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 2 ** 20);
  });

  it.each<readonly [string, () => void, string]>([
    ['a pipe', () => execFileSync('mkfifo', [path]), 'a file but received a device or a pipe'],
    ['endless', () => symlinkSync('/dev/zero', path), 'a file but received a device or a pipe'],
    ['a folder', () => mkdirSync(path), 'a file but received a directory'],
    [
      'a sparse file of 3 GB',
      () => {
        writeFileSync(path, '');
        truncateSync(path, 3e9);
      },
      'at most 33554432 bytes but the file has 3000000000',
    ],
  ])('is refused if it is %s', (_, make, expected) => {
    replace(make);
    expect(metrics).toThrow(DataError);
    expect(metrics).toThrow(`metrics: ${path}: expected ${expected}`);
  });

  it('of lines that are none leaves a report, and a run that can be continued', async () => {
    cpSync(folder.join('run'), folder.join('damaged'), { recursive: true });
    writeFileSync(folder.join('damaged', 'metrics.jsonl'), '{"epoch":1}\n');
    expect(await run('report damaged --json')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('train --resume damaged --quiet --epochs 2')).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining('unexpected'),
    });
    expect(new RunFolder(folder.join('damaged')).readMetrics(9)).toMatchObject([{ epoch: 2 }]);
  });
});

it('a report shows what a run folder holds, whatever its form', async () => {
  cpSync(folder.join('run'), folder.join('forms'), { recursive: true });
  // Made a text, such an object throws.
  writeFileSync(folder.join('forms', 'machine.json'), '{"cpu":{"toString":1},"cores":null}');
  expect(await run('report', 'forms')).toMatchObject({ code: 0, stderr: '' });
  const html = readFileSync(folder.join('forms', 'report.html'), 'utf8');
  expect(html.includes('{&#34;toString&#34;:1}')).toBe(true);
});

it('config.json and machine.json of 3 GB are not read', async () => {
  const odd = folder.join('large', 'odd');
  cpSync(folder.join('run'), odd, { recursive: true });
  truncateSync(folder.join('large', 'odd', 'machine.json'), 3e9);
  expect(new RunFolder(odd).readMachine()).toBeUndefined();
  truncateSync(folder.join('large', 'odd', 'config.json'), 3e9);
  const { runs, skipped } = await listRuns(folder.join('large'));
  expect(runs).toEqual([]);
  expect(skipped).toEqual([expect.stringContaining('config.json: expected at most 1048576 bytes but')]);
  writeFileSync(folder.join('large', 'odd', 'config.json'), readWithMark(folder.join('run', 'config.json')));
  expect((await listRuns(folder.join('large'))).runs).toHaveLength(1);
});

it('predict tells an image that is too wide, and goes on with the next', async () => {
  const png = (name: string, width: number) =>
    writeFileSync(folder.join(name), greyPng(width, 1, new Uint8Array(width)));
  png('wide.png', 70_000);
  png('dot.png', 1);
  const { code, stdout, stderr } = await run('predict run wide.png dot.png --prepare none --json');
  expect([code, stderr]).toEqual([
    3,
    'images: wide.png: an image of 1x70000: resize: expected sizes from 1 to 65535 but received 70000\n',
  ]);
  expect(stdout).toMatch(/^{"file":"dot.png","label":/);
});

/** As some editors save it. */
function readWithMark(path: string): string {
  return `\ufeff${readFileSync(path, 'utf8').replaceAll('\n', '\r\n')}`;
}
