/** The run that a command takes: the newest where none is named, and what is said of a path that is no run. */
import { cpSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { lockFolder } from '../../../lib/runs/lock.js';
import { checkpointFile, pathKind } from '../../../lib/runs/path.js';
import { DataError } from '../../../lib/errors.js';
import { drawDigit } from '../../support/drawn-digits.js';
import { rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const { run } = folder;
const newest = /^The newest run: runs\/second, \d+\.\d\d % on the test images\n/;

/** When the run was last written to, in seconds. */
function date(name: string, seconds: number): void {
  utimesSync(folder.join('runs', name, 'metrics.jsonl'), seconds, seconds);
}

function writePng(path: string): void {
  const { width, height, grey } = drawDigit(7, { size: 28 });
  writeFileSync(folder.join(path), encode({ width, height, data: grey, channels: 1, depth: 8 }));
}

beforeAll(async () => {
  writeIdxFolder(folder.join('bars'), 400, 100);
  const args = ['train --data bars --lr 0.01 --quiet --epochs 2 --out runs/first'];
  expect((await run(...args)).code).toBe(0);
  for (const name of ['second', 'without'])
    cpSync(folder.join('runs', 'first'), folder.join('runs', name), { recursive: true });
  rmSync(folder.join('runs', 'without', 'checkpoint.safetensors'));
  rmSync(folder.join('runs', 'without', 'checkpoint.previous.safetensors'), { force: true });
  date('second', 2e9);
  date('first', 1e9);
  // The newest of all, and nothing that could be opened.
  date('without', 3e9);
  writePng('digit.png');
  writePng('picture');
  writeFileSync(folder.join('odd'), 'some text that is neither');
  cpSync(folder.join('runs', 'first', 'checkpoint.safetensors'), folder.join('params'));
  mkdirSync(folder.join('nothing'));
}, 60_000);

describe('the newest run', () => {
  it('is what eval takes, and it says so on stderr', async () => {
    const result = await run('eval');
    expect(result).toMatchObject({ code: 0, stderr: expect.stringMatching(newest) });
    expect(result.stdout).toBe((await run('eval runs/second')).stdout);
  });

  it.each([
    ['report', ['report'], 'Written: runs/second/report.html\n'],
    ['export', ['export --format npz --force'], 'runs/second/lenet5.npz: '],
    ['predict', ['predict', 'digit.png'], 'digit.png '],
    ['predict without an ending', ['predict', 'picture', 'digit.png'], 'picture '],
    ['explain', ['explain digit.png --checkpoint'], 'digit.png in runs/second/checkpoint.safetensors'],
    ['explain without an image', ['explain --checkpoint --layer conv2'], 'in runs/second/checkpoint'],
  ])('is what %s takes', async (_, args, printed) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(newest) });
    expect(stdout).toContain(printed);
  });

  it('is what serve takes', async () => {
    const { code, stderr } = await rownet(['serve'], {
      cwd: folder.path,
      onStdout: (_, child) => void child.kill('SIGINT'),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(newest) });
  });

  it('is not the one that is being trained now', async () => {
    const lock = await lockFolder(folder.join('runs', 'second'));
    const { stderr, stdout } = await run('eval --json');
    lock?.release();
    expect(stderr).toMatch(
      /^Left out, since it is being trained now: runs\/second\nThe newest run: runs\/first, [\d.]+ % on the test images\n$/,
    );
    expect(JSON.parse(stdout)).toHaveProperty('accuracy');
  });

  it('may be one that was stopped', async () => {
    const args = ['train --data bars --lr 0.01 --epochs 400 --json --quiet'];
    mkdirSync(folder.join('elsewhere'));
    renameSync(folder.join('bars'), folder.join('elsewhere', 'bars'));
    const cwd = folder.join('elsewhere');
    const stopped = await rownet(args, {
      cwd,
      onStdout: (soFar, child) => soFar.includes('"epoch"') && void child.kill('SIGTERM'),
    });
    expect(stopped.code).toBe(143);
    const { code, stderr } = await rownet(['eval'], { cwd });
    renameSync(folder.join('elsewhere', 'bars'), folder.join('bars'));
    expect([code, stderr]).toEqual([0, expect.stringMatching(/, stopped after \d+ of 400 epochs\n$/)]);
  });

  it.each([
    ['eval', ['eval']],
    ['report', ['report']],
    ['predict', ['predict', '../digit.png']],
    ['export', ['export --format npz']],
  ])('is missed by %s where there is none', async (command, args) => {
    const cwd = folder.join('nothing');
    expect(await rownet(args, { cwd })).toMatchObject({
      code: 3,
      stdout: '',
      stderr: `${command}: expected a run in runs to take the newest of but received none. Hint: "rownet train" makes one; one that is elsewhere has to be named\n`,
    });
  });

  it('is missed, but for the one that is being trained', async () => {
    const cwd = folder.join('alone');
    cpSync(folder.join('runs', 'first'), folder.join('alone', 'runs', 'first'), { recursive: true });
    const lock = await lockFolder(folder.join('alone', 'runs', 'first'));
    const { code, stderr } = await rownet(['eval'], { cwd });
    lock?.release();
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/Hint: runs\/first is being trained now; name it to take it as it is\n$/),
    ]);
  });
});

describe('predict tells a run from images', () => {
  it.each([
    ['runs/first', 'run'],
    ['bars', 'run'],
    ['digit.png', 'image'],
    ['picture', 'image'],
    ['params', 'run'],
    ['gone.JPG', 'image'],
    ['gone.safetensors', 'run'],
    ['gone.npz', 'run'],
    ['gone', 'run'],
    ['odd', 'unclear'],
    ['/dev/null', 'unclear'],
  ] as const)('%s is %s', (path, kind) => {
    expect(pathKind(path.startsWith('/') ? path : folder.join(path))).toBe(kind);
  });

  it.each([
    [
      [],
      2,
      'predict: expected image files but received none. Hint: rownet predict digit.png takes the newest run',
    ],
    [['runs/first'], 2, 'predict: expected image files after the run runs/first but received none'],
    [
      ['digit.png', 'runs/first'],
      2,
      'predict: expected the run first but received runs/first after digit.png',
    ],
    [
      ['odd', 'digit.png'],
      2,
      'predict: expected a run or an image but odd is neither by its contents nor by its name. Hint: name the run first: rownet predict runs/mine digit.png',
    ],
    [
      ['runs/frist', 'digit.png'],
      3,
      'checkpoint: expected a run folder or a checkpoint at runs/frist but nothing is there. Hint: did you mean runs/first? "rownet runs" lists the runs',
    ],
    [
      ['bars', 'digit.png'],
      3,
      'checkpoint: bars: expected checkpoint.safetensors in it but received a folder of data. Hint: name the run first, and this with --data',
    ],
  ])('refuses %j', async (words, code, message) => {
    expect(await run('predict', ...words)).toMatchObject({ code, stdout: '', stderr: `${message}\n` });
  });

  it('goes on after an image that is not there', async () => {
    const { code, stdout, stderr } = await run('predict gone.png digit.png');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^The newest run: .*\n.*gone\.png.*\n$/);
    expect(stdout).toContain('digit.png');
  });
});

it('explain does not take its image for a run', async () => {
  expect(await run('explain --checkpoint digit.png')).toMatchObject({
    code: 2,
    stderr:
      'explain: --checkpoint: expected a run but received the image digit.png. Hint: put the image first: rownet explain digit.png --checkpoint\n',
  });
});

describe('a path that is no run', () => {
  beforeAll(() => {
    mkdirSync(folder.join('things', 'runs', 'deep'), { recursive: true });
    mkdirSync(folder.join('empty'));
    mkdirSync(folder.join('mixed'));
    writeFileSync(folder.join('mixed', 'notes.txt'), 'mine');
    writeFileSync(folder.join('packed.bin'), Buffer.from([0x1f, 0x8b, 8, 0]));
    mkdirSync(folder.join('classes', 'Train', 'a'), { recursive: true });
    cpSync(folder.join('runs', 'first'), folder.join('more', 'fashion-1'), { recursive: true });
  });

  const nothing = (path: string) =>
    `checkpoint: expected a run folder or a checkpoint at ${path} but nothing is there`;
  const inIt = 'expected checkpoint.safetensors in it but';
  const other = 'expected a run folder or a checkpoint but received';
  const list = '"rownet runs" lists the runs';
  it.each([
    ['first', `${nothing('first')}. Hint: did you mean runs/first? ${list}`],
    ['runs/fisrt', `${nothing('runs/fisrt')}. Hint: did you mean runs/first? ${list}`],
    ['runs/sec', `${nothing('runs/sec')}. Hint: did you mean runs/second? ${list}`],
    ['runs/elephant', `${nothing('runs/elephant')}. Hint: ${list}`],
    [
      'more/fashion',
      `${nothing('more/fashion')}. Hint: did you mean more/fashion-1? "rownet runs more" lists the runs`,
    ],
    ['no/such/place', `${nothing('no/such/place')}. Hint: ${list}`],
    [
      'runs',
      `checkpoint: runs: ${inIt} received a folder of runs. Hint: name one of them, such as runs/first; "rownet runs runs" lists them`,
    ],
    [
      'runs/without',
      `checkpoint: runs/without: ${inIt} received a run that has lost it. Hint: train it again`,
    ],
    ['empty', `checkpoint: empty: ${inIt} received an empty folder. Hint: ${list}`],
    ['mixed', `checkpoint: mixed: ${inIt} there is none. Hint: ${list}`],
    [
      'bars',
      `checkpoint: bars: ${inIt} received a folder of data. Hint: name the run first, and this with --data`,
    ],
    [
      'classes',
      `checkpoint: classes: ${inIt} received a folder of data. Hint: name the run first, and this with --data`,
    ],
    ['digit.png', `checkpoint: digit.png: ${other} a PNG picture. Hint: ${list}`],
    ['packed.bin', `checkpoint: packed.bin: ${other} a gzip file. Hint: ${list}`],
    [
      'bars/train-labels-idx1-ubyte',
      `checkpoint: bars/train-labels-idx1-ubyte: ${other} an IDX file of a data set. Hint: ${list}`,
    ],
    [
      'runs/first/config.json',
      'checkpoint: runs/first/config.json: expected a checkpoint but received another file of the run in runs/first. Hint: give the folder',
    ],
  ])('%s', (path, message) => {
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      expect(() => checkpointFile(path)).toThrow(new DataError(message));
    } finally {
      process.chdir(before);
    }
  });

  it.each(['eval', 'report', 'export --format npz', 'train --resume'])(
    'is refused by %s',
    async (command) => {
      expect(await run(command, 'first')).toMatchObject({
        code: 3,
        stdout: '',
        stderr: `${nothing('first')}. Hint: did you mean runs/first? ${list}\n`,
      });
    },
  );
});
