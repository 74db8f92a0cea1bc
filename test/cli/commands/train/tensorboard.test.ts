/** `train --tensorboard`: the event files of runs, read by an independent reader. */
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openTensorBoard } from '../../../../lib/cli/commands/train/tensorboard.js';
import { jsonLines, temporaryFolder, writeIdxFolder } from '../../../support/cli.js';
import { readEvents } from '../../../support/tfrecord.js';

const folder = temporaryFolder();
beforeAll(() => writeIdxFolder(folder.join('bars'), 1100, 100));

const { run } = folder;
const small = ['train --data bars --recipe article --batch-size 10 --json --quiet'];

function eventFiles(name: string): string[] {
  return readdirSync(folder.join(name))
    .filter((file) => file.startsWith('events'))
    .map((file) => join(folder.join(name), file))
    .sort();
}

it('writes the figures of each epoch, and the loss every 50 steps', async () => {
  const { code, stdout, stderr } = await run(...small, '--epochs 2 --out run --tensorboard');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [file, ...others] = eventFiles('run');
  expect(others).toEqual([]);
  expect(file.slice(folder.join('run').length + 1)).toMatch(/^events\.out\.tfevents\.\d{10}\../);
  expect(file.endsWith(`.${hostname()}`)).toBe(true);
  const [version, ...events] = readEvents(readFileSync(file));
  expect(version).toMatchObject({ fileVersion: 'brain.Event:2', step: 0, scalars: {} });
  // 110 steps an epoch.
  expect(events.map(({ step, scalars }) => [step, Object.keys(scalars)[0]])).toEqual([
    [50, 'loss/step'],
    [100, 'loss/step'],
    [1, 'loss/train'],
    [160, 'loss/step'],
    [210, 'loss/step'],
    [2, 'loss/train'],
  ]);
  const epochs = jsonLines(stdout).filter(({ event }) => event === 'epoch');
  for (const [index, { scalars }] of [events[2], events[5]].entries()) {
    const { loss, testLoss, trainAccuracy, testAccuracy, lr, imagesPerSecond } = epochs[index];
    const expected = {
      'loss/train': loss,
      'accuracy/train': trainAccuracy,
      'loss/test': testLoss,
      'accuracy/test': testAccuracy,
      lr,
      images_per_second: imagesPerSecond,
    };
    expect(scalars).toEqual(
      Object.fromEntries(Object.entries(expected).map(([tag, value]) => [tag, Math.fround(Number(value))])),
    );
  }
  const times = [version, ...events].map(({ wallTime }) => wallTime);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(Math.abs(times[0] - Date.now() / 1000)).toBeLessThan(3600);
});

it('a resume starts a new file, and goes on with the steps', async () => {
  const [first] = eventFiles('run');
  const before = readFileSync(first);
  const { code } = await run('train --resume run --epochs 3 --quiet --tensorboard');
  expect(code).toBe(0);
  expect(readFileSync(first).equals(before)).toBe(true);
  const [, second, ...others] = eventFiles('run');
  expect(others).toEqual([]);
  const events = readEvents(readFileSync(second));
  expect(events.map(({ step }) => step)).toEqual([0, 270, 320, 3]);
});

it('takes another folder, and writes nothing without the option', async () => {
  const other = ['--out apart --tensorboard boards/apart'];
  expect((await run(...small, '--epochs 1', ...other)).code).toBe(0);
  expect(eventFiles('apart')).toEqual([]);
  expect(eventFiles('boards/apart')).toHaveLength(1);
  expect((await run(...small, '--epochs 1 --out without')).code).toBe(0);
  expect(eventFiles('without')).toEqual([]);
});

it('points are means of the steps since the last one, of whole epochs only', () => {
  const board = openTensorBoard({ folder: folder.join('means'), batchSize: 10, images: 995 });
  const progress = { epoch: 1, steps: 100, images: 1, accuracy: 1, lr: 1, imagesPerSecond: 1 };
  const metrics = { epoch: 1, seconds: 1, loss: 3, trainAccuracy: 0.5, lr: 1, imagesPerSecond: 1 };
  board.onStep({ ...progress, step: 49, loss: 9 });
  board.onStep({ ...progress, step: 50, loss: 2 });
  // The last batch has five images: 2 * 500 + 4 * 495 in all.
  board.onStep({ ...progress, step: 100, loss: (2 * 500 + 4 * 495) / 995 });
  expect(readEvents(readFileSync(board.path))).toHaveLength(1);
  board.onEpoch(metrics);
  board.onStep({ ...progress, epoch: 2, step: 50, loss: 1 });
  const events = readEvents(readFileSync(board.path));
  expect(events.slice(1, 3).map(({ scalars }) => scalars['loss/step'])).toEqual([2, 4]);
  expect(Object.keys(events[3].scalars)).toEqual(['loss/train', 'accuracy/train', 'lr', 'images_per_second']);
  expect(events).toHaveLength(4);
});

it('two files of one second have names of their own', () => {
  const paths = Array.from(
    { length: 3 },
    () => openTensorBoard({ folder: folder.join('same'), batchSize: 1, images: 1 }).path,
  );
  expect(new Set(paths).size).toBe(3);
});
