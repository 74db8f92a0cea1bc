/** A run that was stopped or killed, and continued, ends with the weights, velocity and metrics of a straight one. */
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../lib/data/datasets.js';
import { loadCheckpoint, saveCheckpoint } from '../../lib/formats/checkpoint.js';
import { loadGeneration } from '../../lib/formats/generations.js';
import { LeNet5 } from '../../lib/nets/lenet5.js';
import { Random } from '../../lib/random.js';
import type { Recipe } from '../../lib/training/recipes.js';
import { Trainer } from '../../lib/training/trainer.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../support/cli.js';
import { stateSha256 } from '../support/state.js';
import { trainPaddedNet } from './padded-net.js';
import { long, print } from './report.js';
import { straceMissing } from './strace.js';

const folder = temporaryFolder();
const options = { cwd: folder.path };
const checkpoint = (name: string) => folder.join(name, 'checkpoint.safetensors');
const state = (name: string) => stateSha256(checkpoint(name));
const figures = (name: string) =>
  jsonLines(readFileSync(folder.join(name, 'metrics.jsonl'), 'utf8')).map(
    ({ seconds: _, imagesPerSecond: __, ...rest }) => rest,
  );

beforeAll(() => writeIdxFolder(folder.join('bars'), 400, 100));

/** Seven steps an epoch. */
const EPOCHS = 3;
const STEPS = 7;
const stops: [what: string, step: number, atEnd: boolean][] = [
  ['the first step', 1, false],
  ['the middle of an epoch', STEPS + 3, false],
  ['the last step of an epoch, before its evaluation', 2 * STEPS, false],
  ['the end of an epoch', 2 * STEPS, true],
  ['the last step of the run, before its evaluation', EPOCHS * STEPS, false],
];

describe.each(['lanes', 'rows'] as const)('on %s', (engine) => {
  const straight = `straight-${engine}`;

  beforeAll(async () => {
    const args = ['--epochs', String(EPOCHS), '--batch-size', '64', '--engine', engine, '--quiet'];
    expect((await rownet(['train', '--data', 'bars', ...args, '--out', straight], options)).code).toBe(0);
  }, 60_000);

  it.each(stops)('a stop at %s changes nothing', async (what, step, atEnd) => {
    const name = `${engine}-${what.replace(/\W+/g, '-')}`;
    mkdirSync(folder.join(name));
    await trainUntil(name, step, atEnd);
    const result = await rownet(['train', '--resume', name, '--quiet'], options);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(state(name)).toBe(state(straight));
    // The metrics before the stop stand in the other folder.
    expect(figures(name)).toEqual(figures(straight).slice(-figures(name).length));
    print(
      `resume: ${engine}, stopped at ${what} (step ${step} of ${EPOCHS * STEPS}): ${state(name).slice(0, 16)}, equal`,
    );
  });

  /** Writes the checkpoint of exactly that step, with the configuration of the straight run. */
  async function trainUntil(name: string, stop: number, atEnd: boolean): Promise<void> {
    const { config } = loadCheckpoint(checkpoint(straight));
    const { recipe, seed } = config as { recipe: Recipe; seed: number };
    const { train } = loadDataset(folder.join('bars'), { resize: recipe.resize });
    const net = new LeNet5({ seed, init: recipe.init });
    const trainer = new Trainer(net, { recipe, seed, engine });
    const save = () => {
      const { optimizerState, ...position } = trainer.state();
      if (position.step !== stop || (position.partialEpoch === undefined) !== atEnd) return;
      const { architecture } = net;
      saveCheckpoint(checkpoint(name), {
        ...position,
        params: net.getParams(),
        optimizerState,
        architecture,
        config,
      });
    };
    for await (const _ of trainer.fit(train, { onProgress: save })) save();
    const { step, partialEpoch } = loadCheckpoint(checkpoint(name));
    expect([step, partialEpoch === undefined]).toEqual([stop, atEnd]);
  }
});

/** Fourteen steps; seven are an epoch. */
it.each(['lanes', 'rows'])(
  'a padded net that stops again and again ends as a straight run, on %s',
  async (engine) => {
    const [data, straight, parts] = ['bars', `padded-${engine}`, `padded-${engine}-parts`];
    const train = (out: string, threads: number, steps?: number) =>
      trainPaddedNet({ data: folder.join(data), out: folder.join(out), engine, threads, steps });
    await train(straight, 2);
    const stopped = [1, 3, 7, 8, 10];
    for (const [index, steps] of stopped.entries()) {
      await train(parts, [1, 2, 3, 7][index % 4], steps);
      expect(loadCheckpoint(checkpoint(parts)).step).toBe(steps);
    }
    await train(parts, 2);
    expect(loadCheckpoint(checkpoint(parts)).step).toBe(2 * STEPS);
    expect(state(parts)).toBe(state(straight));
    print(
      `resume: ${engine}, padded net stopped after steps ${stopped.join(', ')} of ${2 * STEPS}: ` +
        `${state(parts).slice(0, 16)}, equal`,
    );
  },
  120_000,
);

it('a chain of kill -9 at any moments changes nothing', async () => {
  const kills = long ? 20 : 4;
  const epochs = long ? 150 : 40;
  const seed = Number(process.env.ROWNET_TEST_SEED ?? 1);
  const random = new Random(seed);
  const args = [
    'train',
    '--data',
    'bars',
    '--batch-size',
    '40',
    '--epochs',
    String(epochs),
    '--quiet',
    '--json',
  ];
  const every = ['--checkpoint-every', '0.02s'];
  expect((await rownet([...args, '--out', 'straight'], options)).code).toBe(0);

  let [starts, killed, reached] = [0, 0, [] as number[]];
  for (;;) {
    const started = starts > 0 && loadedStep('chain') !== undefined;
    const life = started ? ['train', '--resume', 'chain', '--quiet', '--json'] : [...args, '--out', 'chain'];
    // Half of the kills come at any time from the start on, half within the training.
    const [early, delay] = [random.uniform() < 0.5, random.uniform()];
    let [dying, generations] = [false, 0];
    starts += 1;
    const result = await rownet([...life, ...every], {
      ...options,
      onStdout(soFar, child) {
        generations = soFar.split('"durable"').length - 1;
        if (dying || killed >= kills || generations < (early ? 1 : 3)) return;
        dying = true;
        void wait(delay * (early ? 30 : 300)).then(() => child.kill('SIGKILL'));
      },
    });
    if (result.signal !== 'SIGKILL') {
      expect(result).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/^$|The generation before is used/),
      });
      break;
    }
    killed += 1;
    const complete = result.stdout.slice(0, result.stdout.lastIndexOf('\n') + 1);
    const announced = jsonLines(complete).filter(({ event }) => event === 'durable');
    const { generation, step } = loadGeneration(checkpoint('chain')).checkpoint;
    expect(generation).toBeGreaterThanOrEqual(Number(announced.at(-1)?.generation));
    reached = [...reached, step];
  }
  print(`resume: ${killed} kill -9 (seed ${seed}) after steps ${reached.join(', ')} of ${epochs * 10}`);
  print(`resume: SHA-256 ${state('chain')}, straight ${state('straight')}`);
  expect(state('chain')).toBe(state('straight'));
  expect(figures('chain')).toEqual(figures('straight'));
  expect(killed).toBe(kills);
}, 600_000);

/** Undefined where no checkpoint is. */
function loadedStep(name: string): number | undefined {
  try {
    return loadGeneration(checkpoint(name)).checkpoint.step;
  } catch {
    return undefined;
  }
}

it('the lock of a run that was killed is free at once', async () => {
  const killed = async (signal: NodeJS.Signals, ...args: string[]) => {
    let sent = false;
    return await rownet(['train', '--quiet', '--json', '--epochs', '5000', ...args], {
      ...options,
      onStdout(soFar, child) {
        if (sent || !soFar.includes('"event":"epoch"')) return;
        sent = child.kill(signal);
      },
    });
  };
  expect((await killed('SIGKILL', '--data', 'bars', '--out', 'locked')).signal).toBe('SIGKILL');
  expect((await killed('SIGTERM', '--resume', 'locked')).code).toBe(143);
});

it('where local sockets are forbidden a training runs without a lock', async (context) => {
  const missing = straceMissing();
  if (missing !== undefined) context.skip(missing);
  const under = ['strace', '-f', '-o', folder.join('strace.log'), '-e', 'inject=bind:error=EPERM'];
  const args = ['train', '--data', 'bars', '--epochs', '1', '--quiet', '--out', 'unlocked'];
  expect(await rownet(args, { ...options, under })).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(folder.join('strace.log'), 'utf8')).toContain('(INJECTED)');
});
