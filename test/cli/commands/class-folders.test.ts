/** Training and measuring on folders of images, one a class. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import { greyPng } from '../../lib/images/image-files.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const { run } = folder;

/** Three classes of 28x28 images with a bar in a row of their own; `level` is how bright it is. */
function writeClasses(path: string, names: readonly string[], level = 200): void {
  for (const [split, count] of [['train', 40] as const, ['test', 10] as const]) {
    for (const [label, name] of names.entries()) {
      mkdirSync(folder.join(path, split, name), { recursive: true });
      for (let i = 0; i < count; i += 1) {
        const pixels = new Uint8Array(784).fill(level + i, 28 * 8 * label, 28 * (8 * label + 5));
        writeFileSync(folder.join(path, split, name, `${i}.png`), greyPng(28, 28, pixels));
      }
    }
  }
}

beforeAll(async () => {
  writeClasses('shapes', ['circle', 'square', 'star']);
  const args = ['--batch-size 8 --epochs 2 --json --out run'];
  const result = await run('train --data shapes', ...args);
  expect(result.code, result.stderr).toBe(0);
  const [start, ...others] = jsonLines(result.stdout);
  expect(start).toMatchObject({ images: 120, testImages: 30 });
  expect(others.at(-1)).toMatchObject({ event: 'done', testAccuracy: 1 });
});

it('eval names the classes', async () => {
  const { code, stdout } = await run('eval run');
  expect(code).toBe(0);
  expect(stdout).toContain('100.00 % of 30 test images of shapes are recognised');
  expect(stdout).toMatch(/^label +circle +square +star +images +accuracy$/m);
  expect(stdout).toMatch(/^square +\. +10 +\. +10 +100.00 %$/m);
});

it('explain names the classes', async () => {
  const { code, stdout } = await run('explain --checkpoint run --layer fc2 --label 1');
  expect(code).toBe(0);
  expect(stdout).toMatch(/It is the score of class (circle|square|star)\.$/m);
  expect(stdout).toMatch(/^Backward, from the loss \S+ of label square:$/m);
});

it('a known set names its classes, from training to eval', async () => {
  // Of KMNIST no checksum of the contents is known, so that a small folder of its form will do.
  writeIdxFolder(folder.join('sets', 'kmnist'), 60, 20);
  const env = { ROWNET_DATA_DIR: folder.join('sets') };
  const args = ['train --data kmnist --epochs 1 --batch-size 20 --out kana'];
  const trained = await rownet(args, { cwd: folder.path, env });
  expect(trained.code, trained.stderr).toBe(0);
  expect(loadCheckpoint(folder.join('kana', 'checkpoint.safetensors')).config).toMatchObject({
    data: { name: 'kmnist', classNames: ['お', 'き', 'す', 'つ', 'な', 'は', 'ま', 'や', 'れ', 'を'] },
  });
  const { stdout } = await rownet(['eval', 'kana'], { cwd: folder.path, env });
  expect(stdout).toMatch(/^label +お +き +す/m);
});

it('eval takes the same classes from another folder, and no others', async () => {
  writeClasses('more-shapes', ['circle', 'square', 'star'], 190);
  expect((await run('eval run --data more-shapes')).code).toBe(0);
  writeClasses('letters', ['a', 'b', 'c']);
  const letters = await run('eval run --data letters');
  expect(letters).toMatchObject({ code: 3, stdout: '' });
  expect(letters.stderr).toBe(
    `eval: ${folder.join('letters')}: expected the classes circle, square, star but received a, b, c. ` +
      'Hint: the net was trained on those\n',
  );
  writeClasses('four', ['a', 'b', 'c', 'd']);
  const four = await run('eval run --data four');
  expect(four).toMatchObject({ code: 3, stdout: '' });
  expect(four.stderr).toContain('expected 3 classes but received 4: a, b, c, d');
});

it('a resumed run refuses images that have changed', async () => {
  writeClasses('changing', ['circle', 'square', 'star']);
  const first = await run('train --data changing --batch-size 8 --epochs 1 --out stopped');
  expect(first.code).toBe(0);
  expect((await run('train --resume stopped --epochs 2')).code).toBe(0);
  writeFileSync(folder.join('changing', 'test', 'star', '3.png'), greyPng(28, 28, new Uint8Array(784)));
  const changed = await run('train --resume stopped --epochs 3');
  expect(changed).toMatchObject({ code: 2, stdout: '' });
  expect(changed.stderr).toMatch(/SHA-256 of test: \w{64} in the run, \w{64} here/);
  expect(changed.stderr).not.toContain('SHA-256 of train');
});

it('a checkpoint whose class names are no texts is refused', async () => {
  const checkpoint = loadCheckpoint(folder.join('run', 'checkpoint.safetensors'));
  const { data, ...config } = checkpoint.config as { data: object };
  const wrong = { ...config, data: { ...data, classNames: [1, 2, 3] } };
  saveCheckpoint(folder.join('wrong.safetensors'), { ...checkpoint, config: wrong });
  const result = await run('eval wrong.safetensors');
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toContain('config.data.classNames is missing or of another type');
});
