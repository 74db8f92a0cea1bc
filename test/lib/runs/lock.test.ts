/** Whether a folder is locked, however many ask at once. */
import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isLocked, type Lock, lockFolder } from '../../../lib/runs/lock.js';
import { temporaryFolder } from '../../support/cli.js';

const folder = temporaryFolder();

it('a folder is locked until it is released, and for one process at a time', async () => {
  mkdirSync(folder.join('run'));
  expect(await isLocked(folder.join('run'))).toBe(false);
  const lock = (await lockFolder(folder.join('run'))) as Lock;
  expect(await isLocked(folder.join('run'))).toBe(true);
  expect(lock.holds()).toBe(true);
  expect(await lockFolder(folder.join('run'))).toBeUndefined();
  lock.release();
  await expect.poll(() => isLocked(folder.join('run'))).toBe(false);
});

// More than the queue of those that wait for an answer holds, all before the first is answered.
it('is locked for those, too, whom nobody comes to answer', async () => {
  mkdirSync(folder.join('crowd'));
  const lock = (await lockFolder(folder.join('crowd'))) as Lock;
  const answers = await Promise.all(Array.from({ length: 600 }, () => isLocked(folder.join('crowd'))));
  expect(answers.filter((locked) => locked)).toHaveLength(600);
  lock.release();
});
