/** Runs on pictures that are not of 28x28: from the training to what is done with the net afterwards. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import { jsonLines, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { stateSha256 } from '../../support/state.js';
import { greyPng } from '../../lib/images/image-files.js';

const folder = temporaryFolder();
const { run } = folder;
const checkpoint = (name: string) => folder.join(name, 'checkpoint.safetensors');

/** Two classes, of bars that stand and lie, dark on light; picture i has the size i of `sizes`, in turn. */
function writeBars(path: string, sizes: readonly (readonly [number, number])[]): void {
  for (const [split, count] of [['Train', 24] as const, ['TEST', 6] as const]) {
    for (const name of ['lying', 'standing']) {
      mkdirSync(folder.join(path, split, name), { recursive: true });
      for (let i = 0; i < count; i += 1) {
        const [height, width] = sizes[i % sizes.length];
        const grey = Uint8Array.from({ length: height * width }, (_, at) => {
          const [x, y] = [(at % width) / width, Math.floor(at / width) / height];
          return Math.abs((name === 'lying' ? y : x) - 0.3 - 0.4 * (i / count)) < 0.12 ? 30 : 220;
        });
        writeFileSync(folder.join(path, split, name, `${i}.png`), greyPng(width, height, grey));
      }
    }
  }
}

const args = ['--batch-size 8 --lr 0.02 --json'];

describe('a run of another size', () => {
  beforeAll(async () => {
    writeBars('bars', [
      [64, 64],
      [30, 90],
      [17, 12],
    ]);
    const more = ['--size 36x44 --epochs 4 --out run'];
    const result = await run('train --data bars', ...args, ...more);
    expect(result.code, result.stderr).toBe(0);
    const [start] = jsonLines(result.stdout);
    const note = '20 pictures of 64x64 and 40 of 2 other sizes are scaled to fit into 36x44 (fit)';
    expect(start).toMatchObject({ size: [36, 44], resize: 'fit', skipped: {}, notes: [note] });
    expect(result.stderr).toContain(`note: ${note}\n`);
  });

  it('stores how pictures are prepared', () => {
    const { config, architecture } = loadCheckpoint(checkpoint('run'));
    expect(config).toMatchObject({ data: { set: 'bars', preparation: { resize: 'fit', size: [36, 44] } } });
    expect(JSON.parse(architecture)).toMatchObject({ inputShape: [1, 36, 44] });
  });

  it('is measured, reported and exported', async () => {
    const own = await run('eval run --json');
    expect(own.code, own.stderr).toBe(0);
    expect(jsonLines(own.stdout)[0]).toMatchObject({ images: 12 });
    expect(own.stderr).toContain('note: 20 pictures of 64x64');
    const other = await run('eval run --data bars --json');
    expect(other.stdout).toBe(own.stdout);
    expect((await run('report run')).code).toBe(0);
    expect((await run('export run --format onnx')).code).toBe(0);
  });

  it('is measured by its parameters alone, where their size is said', async () => {
    expect((await run('export run --format npz --out alone.npz')).code).toBe(0);
    const alone = ['eval alone.npz --recipe fast --data bars'];
    const found = await run(...alone, '--size 36x44');
    expect([found.code, found.stdout], found.stderr).toEqual([0, expect.stringContaining('12 test images')]);
    for (const size of [[], ['--size 48']]) {
      const { code, stderr } = await run(...alone, ...size);
      expect([code, stderr]).toEqual([
        3,
        expect.stringMatching(/Hint: --size, or \{ size \} of openRun, says/),
      ]);
    }
    expect((await run('eval run --size 48 --json')).stdout).toBe((await run('eval run --json')).stdout);
  });

  it('continues to the same bits', async () => {
    await run('train --data bars', ...args, '--size 36x44 --epochs 4 --out other');
    const settings = ['--resume run --epochs 6 --size 36x44 --resize fit'];
    expect((await run('train', ...settings)).code).toBe(0);
    expect((await run('train --resume other --epochs 6')).code).toBe(0);
    expect(stateSha256(checkpoint('other'))).toBe(stateSha256(checkpoint('run')));
  });

  it('is not continued with another size or another way', async () => {
    const options = ['--size 32 --resize pad --transpose --skip-empty-classes'];
    const { code, stderr } = await run('train --resume run', ...options);
    expect(code).toBe(2);
    for (const line of [
      '--size: 36x44 in the run, 32x32 here',
      '--resize: fit in the run, pad here',
      '--transpose: as the files are called in the run, yes here',
      '--skip-empty-classes: no in the run, yes here',
    ]) {
      expect(stderr).toContain(`  ${line}\n`);
    }
  });

  it.each([
    [
      { preparation: { resize: 'lanczos', size: [36, 44] } },
      'config.data.preparation is missing or of another type',
    ],
    [{ preparation: { resize: 'fit', size: [36] } }, 'config.data.preparation is missing or of another type'],
    [
      { preparation: { resize: 'fit', size: [1e9, 1e9] } },
      'config.data.preparation is missing or of another type',
    ],
    [
      { preparation: { resize: 'fit', size: [32, 32] } },
      'preparation.size 36x44, as the net takes, but received 32x32',
    ],
    [{ set: 1 }, 'config.data.set is missing or of another type'],
    [{ transpose: 1 }, 'config.data.transpose is missing or of another type'],
  ])('a checkpoint of which another program made %j is refused', async (change, message) => {
    const stored = loadCheckpoint(checkpoint('run'));
    const { data, ...config } = stored.config as { data: object };
    saveCheckpoint(folder.join('wrong.safetensors'), {
      ...stored,
      config: { ...config, data: { ...data, ...change } },
    });
    const { code, stderr } = await run('eval wrong.safetensors');
    expect({ code, stderr: stderr.includes(message) ? message : stderr }).toEqual({
      code: 3,
      stderr: message,
    });
  });
});

it.each(['rows', 'lanes'])('IDX files at 40 x 48 train on %s', async (engine) => {
  writeIdxFolder(folder.join('idx'), 400, 40);
  const more = ['--size 40x48 --engine', engine, '--epochs 3 --out', `idx-${engine}`];
  const { code, stdout, stderr } = await run('train --data idx --json', ...more);
  expect(code, stderr).toBe(0);
  expect(jsonLines(stdout).at(-1)?.testAccuracy).toBeGreaterThan(0.9);
});

it.each([
  ['31', 'expected pictures of at least 32x32, the smallest that LeNet-5 takes, but received 31x31'],
  ['32x', 'but received "32x"'],
  ['32x5000', 'but received "32x5000"'],
  ['large', 'but received "large"'],
])('--size %s is refused', async (size, message) => {
  const { code, stderr } = await run('train --size', size);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
});

it('pictures that are left as they are must be large enough', async () => {
  const { code, stderr } = await run('train --data idx --resize none --out small');
  expect(code).toBe(2);
  expect(stderr).toBe(
    'train: --resize: expected pictures of at least 32x32, the smallest that LeNet-5 takes, but received 28x28. ' +
      'Hint: leave --resize out, or choose --resize pad or --resize fit\n',
  );
});

it('a class that is lost is told, and left out on demand', async () => {
  writeBars('lost', [[28, 28]]);
  for (const split of ['Train', 'TEST']) {
    mkdirSync(folder.join('lost', split, 'z'));
    for (let i = 0; i < 3; i += 1) writeFileSync(folder.join('lost', split, 'z', `${i}.webp`), 'RIFF');
  }
  const refused = await run('train --data lost');
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toContain('class z has no picture that can be read; skipped 6 files (.webp). Hint');
  const options = ['--skip-empty-classes --epochs 1 --out two'];
  const { code, stdout } = await run('train --data lost', ...args, ...options);
  expect(code).toBe(0);
  expect(jsonLines(stdout)[0]).toMatchObject({
    skipped: { '.webp': 6 },
    notes: [expect.any(String), expect.any(String)],
  });
  expect((await run('eval two')).stdout).toContain('lying');
  rmSync(folder.join('lost'), { recursive: true });
});
