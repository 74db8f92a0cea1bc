/** Trainings on MNIST, small ones, as a program sees them: JSON lines through a pipe, and what is left in the folder. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageVersion } from '../../../lib/version.js';
import { loadCheckpoint, saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import { Tensor } from '../../../lib/tensor.js';
import {
  type CliResult,
  type JsonLine,
  jsonLines,
  rownet,
  temporaryFolder,
  writeIdxFolder,
} from '../../support/cli.js';
import { stateSha256 } from '../../support/state.js';

const folder = temporaryFolder();

const small = ['train --limit 2000 --epochs 2 --batch-size 50 --lr 0.03'];
const { run } = folder;

describe('a run with --json', () => {
  let result: CliResult;
  let events: JsonLine[];
  let durable: JsonLine[];
  beforeAll(async () => {
    result = await run(...small, '--seed 3 --json --out run');
    const all = jsonLines(result.stdout);
    durable = all.filter(({ event }) => event === 'durable');
    events = all.filter(({ event }) => event !== 'durable');
  }, 60_000);

  it('ends with code 0 and tells start, epochs and end', () => {
    expect(result).toMatchObject({ code: 0, signal: null });
    expect(events.map(({ event }) => event)).toEqual(['start', 'epoch', 'epoch', 'done']);
  });

  it('start says what is run', () => {
    expect(events[0]).toEqual({
      event: 'start',
      rownet: packageVersion(),
      node: process.version,
      isa: expect.stringMatching(/^(portable|sse2|avx2|avx512)$/),
      threads: 2,
      engine: 'lanes',
      recipe: 'fast',
      seed: 3,
      batchSize: 50,
      lr: 0.03,
      epochs: 2,
      data: 'mnist',
      images: 2000,
      testImages: 2000,
      size: [32, 32],
      resize: 'pad',
      skipped: {},
      notes: [],
      parameters: 61_706,
      out: 'run',
    });
  });

  it('each epoch has its figures, and learns', () => {
    for (const [index, epoch] of events.slice(1, 3).entries()) {
      expect(Object.keys(epoch)).toEqual([
        'event',
        'epoch',
        'seconds',
        'loss',
        'trainAccuracy',
        'testLoss',
        'testAccuracy',
        'lr',
        'imagesPerSecond',
      ]);
      expect(epoch.epoch).toBe(index + 1);
      for (const name of ['seconds', 'loss', 'testLoss', 'lr', 'imagesPerSecond']) {
        expect(epoch[name], name).toBeGreaterThan(0);
      }
      expect(epoch.trainAccuracy).toBeGreaterThan(0);
      expect(epoch.trainAccuracy).toBeLessThanOrEqual(1);
      expect(epoch.imagesPerSecond).toBeCloseTo(2000 / Number(epoch.seconds), -2);
    }
    const [, first, second] = events;
    expect(second.loss).toBeLessThan(Number(first.loss) / 1.5);
    expect(second.testAccuracy).toBeGreaterThan(0.5);
  });

  it('each generation of the checkpoint is announced', () => {
    const file = 'run/checkpoint.safetensors';
    expect(durable).toEqual([
      { event: 'durable', generation: 1, epoch: 0, step: 0, file },
      { event: 'durable', generation: 2, epoch: 1, step: 40, file },
      { event: 'durable', generation: 3, epoch: 2, step: 80, file },
    ]);
    expect(loadCheckpoint(folder.join('run', 'checkpoint.previous.safetensors')).generation).toBe(2);
  });

  it('done sums up', () => {
    const [, first, second, done] = events;
    expect(done).toEqual({
      event: 'done',
      checkpoint: 'run/checkpoint.safetensors',
      epochs: 2,
      testImages: 2000,
      testLoss: second.testLoss,
      testAccuracy: second.testAccuracy,
      secondsPerEpoch: (Number(first.seconds) + Number(second.seconds)) / 2,
      warning: null,
      articleSecondsPerEpoch: 166,
    });
  });

  it('the run folder holds configuration, metrics, checkpoint and curves, and nothing else', () => {
    expect(readdirSync(folder.join('run')).sort()).toEqual([
      'checkpoint.previous.safetensors',
      'checkpoint.safetensors',
      'config.json',
      'curves.svg',
      'machine.json',
      'metrics.jsonl',
    ]);
    const metrics = jsonLines(readFileSync(folder.join('run', 'metrics.jsonl'), 'utf8'));
    expect(metrics.map((line) => ({ event: 'epoch', ...line }))).toEqual(events.slice(1, 3));
    const config: unknown = JSON.parse(readFileSync(folder.join('run', 'config.json'), 'utf8'));
    expect(config).toMatchObject({ seed: 3, recipe: { name: 'fast', epochs: 2 }, data: { limit: 2000 } });
    const checkpoint = loadCheckpoint(folder.join('run', 'checkpoint.safetensors'));
    expect(checkpoint).toMatchObject({ epoch: 2, step: 80, config });
    expect(checkpoint.params.size).toBe(10);
    const names = [...checkpoint.params.keys()].map((name) => `velocity.${name}`);
    expect([...checkpoint.optimizerState.keys()]).toEqual(names);
    expect(readFileSync(folder.join('run', 'curves.svg'), 'utf8')).toContain(
      'LeNet-5, recipe fast, mnist, seed 3',
    );
  });

  it('logs plain lines to stderr', () => {
    const lines = result.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[2]).toMatch(
      /^epoch 1\/2 {2}loss \d\.\d{4} {2}train \d+\.\d\d % {2}test \d+\.\d\d % {2}\d+\.\d\d s$/,
    );
    expect(lines.at(-1)).toBe('Run folder: run');
    for (const code of ['\u001b', '\r']) expect(result.stdout + result.stderr).not.toContain(code);
  });

  it('eval of the checkpoint gives the figures of the last epoch', async () => {
    const evaluation = await run('eval run --limit 2000 --json');
    expect(evaluation).toMatchObject({ code: 0, stderr: '' });
    const [{ images, loss, accuracy, confusion }] = jsonLines(evaluation.stdout);
    expect(images).toBe(2000);
    expect(loss).toBeCloseTo(Number(events[2].testLoss), 12);
    expect(accuracy).toBe(events[2].testAccuracy);
    const rows = confusion as number[][];
    expect(rows.map((row) => row.length)).toEqual(Array(10).fill(10));
    expect(rows.flat().reduce((sum, count) => sum + count, 0)).toBe(2000);
    expect(rows.reduce((sum, row, label) => sum + row[label], 0)).toBe(2000 * Number(accuracy));
  });

  it('eval without --json prints a table, coloured only where that is wanted', async () => {
    const args = ['eval run/checkpoint.safetensors --limit 2000'];
    const plain = await run(...args);
    expect(plain.stdout).not.toContain('\u001b');
    expect(plain.stdout).toMatch(
      /^\d+\.\d\d % of 2,000 test images of mnist are recognised; mean loss \d\.\d{4}\n/,
    );
    expect(plain.stdout.trimEnd().split('\n')).toHaveLength(14);
    const forced = await rownet(args, { cwd: folder.path, env: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain('\u001b[32m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape codes are what is looked for
    expect(forced.stdout.replace(/\u001b\[\d+m/g, '')).toBe(plain.stdout);
  });

  it('a second run with the same seed is the same run', async () => {
    const again = await run(...small, '--seed 3 --quiet --threads 1 --out again');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    const bytes = (name: string) => readFileSync(folder.join(name, 'checkpoint.safetensors'));
    expect(bytes('again').equals(bytes('run'))).toBe(true);
  });
});

it('writes to runs/<recipe>-<time> by itself', async () => {
  mkdirSync(folder.join('home'));
  writeIdxFolder(folder.join('bars'), 300, 200);
  const result = await rownet(['train --data ../bars --epochs 1 --recipe article'], {
    cwd: folder.join('home'),
  });
  expect(result.code).toBe(0);
  const [name, ...others] = readdirSync(folder.join('home', 'runs'));
  expect(others).toEqual([]);
  expect(name).toMatch(/^article-\d{8}-\d{6}$/);
  // What is trained is told on stderr, the result on stdout, the folder last.
  expect(result.stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^LeNet-5 /),
    expect.stringMatching(/^rownet /),
    expect.stringMatching(/^epoch 1\/1 /),
    // The article's recipe is on its plateau.
    expect.stringMatching(/^warning: the net does no better than guessing/),
  ]);
  expect(result.stdout.split('\n')).toEqual([
    expect.stringMatching(/^\d+\.\d\d % of the 200 test images are recognised$/),
    expect.stringMatching(/^\d+\.\d\d s an epoch in the median; \d+ s in all$/),
    `Run folder: runs/${name}`,
    '',
  ]);
  expect(loadCheckpoint(folder.join('home', 'runs', name, 'checkpoint.safetensors')).config).toMatchObject({
    // Absolute, so that the run can be continued from elsewhere.
    data: { name: folder.join('bars') },
  });
});

it('--require-accuracy exits with 5 below, 0 at or above', async () => {
  writeIdxFolder(folder.join('easy'), 1280, 200);
  const args = ['train --data easy --epochs 3 --batch-size 32 --lr 0.02 --quiet'];
  const reached = await run(...args, '--require-accuracy 0.9 --out reached');
  expect(reached).toMatchObject({ code: 0, stderr: '' });
  // The result stands on stdout under --quiet too.
  expect(reached.stdout).toMatch(/^\d+\.\d\d % of the 200 test images.*\nRun folder: reached\n$/s);
  const missed = await run(...small, '--quiet --require-accuracy 0.999 --out missed');
  expect(missed.code).toBe(5);
  expect(missed.stdout).toMatch(/\nRun folder: missed\n$/);
  expect(missed.stderr).toMatch(
    /^train: --require-accuracy: expected a test accuracy of at least 99\.90 % but received \d\d\.\d\d %\. The checkpoint is kept: missed\/checkpoint\.safetensors\n$/,
  );
  expect(loadCheckpoint(folder.join('missed', 'checkpoint.safetensors')).epoch).toBe(2);
});

it('a loss that is no number exits with 5 and keeps the last good checkpoint', async () => {
  const result = await run(...small, '--lr 1000 --json --quiet --out diverged');
  expect(result.code).toBe(5);
  expect(jsonLines(result.stdout).map(({ event }) => event)).toEqual(['start', 'durable']);
  expect(result.stderr).toMatch(
    /expected a finite loss in epoch 1, step \d+ of 40, .*; first not finite: the (parameter|output of) (conv|fc|relu|pool)/,
  );
  expect(result.stderr).toContain('The checkpoint of epoch 0 is kept: diverged/checkpoint.safetensors');
  const { epoch, params } = loadCheckpoint(folder.join('diverged', 'checkpoint.safetensors'));
  expect(epoch).toBe(0);
  for (const [name, { data }] of params) expect(data.every(Number.isFinite), name).toBe(true);
});

it('a checkpoint whose scores overflow is told, not measured: exit code 5', async () => {
  const good = loadCheckpoint(folder.join('missed', 'checkpoint.safetensors'));
  const grown = [...good.params].map(([name, { shape, data }]) => {
    return [
      name,
      new Tensor(
        shape,
        data.map((value) => 1e12 * value),
      ),
    ] as const;
  });
  mkdirSync(folder.join('overflows'));
  const file = 'overflows/checkpoint.safetensors';
  saveCheckpoint(folder.join(file), { ...good, params: new Map(grown) });
  const loss =
    /first not finite: the output of \w+, .*, for image \d+\. Hint: the training of this checkpoint/;
  for (const line of ['eval --json --limit 100', 'train --resume']) {
    const { code, stdout, stderr } = await run(line, 'overflows');
    expect({ code, losses: stdout.includes('loss') }, stderr).toEqual({ code: 5, losses: false });
    expect(stderr).toMatch(
      new RegExp(`${line.split(' ')[0]}: expected a finite loss on .* received NaN; ${loss.source}`),
    );
  }
  const image = folder.join('digit.png');
  writeFileSync(
    image,
    encode({ width: 28, height: 28, data: new Uint8Array(784).fill(200, 200, 300), channels: 1 }),
  );
  const predicted = await run('predict overflows', image, '--prepare none');
  expect(predicted).toMatchObject({ code: 5, stdout: '' });
  expect(predicted.stderr).toContain(
    `digit.png: expected finite scores but those of ${file} are not. Hint: `,
  );
  const served = await run('serve overflows');
  expect(served).toMatchObject({ code: 5, stdout: '' });
  expect(served.stderr).toContain(`expected finite scores but those of ${file} are not. Hint: `);
});

describe('--checkpoint-every', () => {
  const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('durable'));
  const bars = ['train --data bars --batch-size 100'];

  it('of epochs leaves some out, never the last', async () => {
    const args = [...bars, '--epochs 5 --checkpoint-every 2 --json --out second'];
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBe(0);
    const epochs = jsonLines(stdout).filter(({ event }) => event === 'durable');
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 2, 4, 5]);
    const file = 'second/checkpoint.safetensors';
    expect(lines(stderr)).toEqual([
      `durable 1: epoch 0, ${file}`,
      `durable 2: epoch 2, ${file}`,
      `durable 3: epoch 4, ${file}`,
      `durable 4: epoch 5, ${file}`,
    ]);
  });

  it('of seconds writes within epochs too, to the same end', async () => {
    const args = [...bars, '--epochs 2 --out'];
    expect((await run(...args, 'often --checkpoint-every 0.000001s')).stderr).toContain(
      'durable 3: epoch 1, step 2, often/checkpoint.safetensors\n',
    );
    const plain = await run(...args, 'plain');
    expect(lines(plain.stderr)).toEqual([]);
    const state = (name: string) => stateSha256(folder.join(name, 'checkpoint.safetensors'));
    expect(state('often')).toBe(state('plain'));
    // Start, three steps and the end of each epoch.
    expect(loadCheckpoint(folder.join('often', 'checkpoint.safetensors')).generation).toBe(9);
    const seldom = await run(...args, 'seldom --checkpoint-every 1000s');
    expect(lines(seldom.stderr)).toHaveLength(2);
  });
});
