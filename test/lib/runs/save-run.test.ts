/** A program's own training is a run of the command line, and the other way round. */
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BatchNorm2d,
  Conv2d,
  type DataSource,
  Dropout,
  Flatten,
  Linear,
  listRuns,
  loadCheckpoint,
  loadDataset,
  MaxPool2d,
  Net,
  openRun,
  ReLU,
  recipes,
  type SavedRun,
  saveCheckpoint,
  Sequential,
  saveRun,
  Trainer,
} from '../../../lib/index.js';
import { isLocked } from '../../../lib/runs/lock.js';
import { jsonLines, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { STATE, TYPE } from '../../support/misuse.js';
import { greyPng } from '../images/image-files.js';

const DATA = 'ERR_ROWNET_DATA';
const folder = temporaryFolder();
const { run } = folder;
const { optimizer } = recipes.fast;
const fixed = { batchSize: 32, optimizer: { ...optimizer, lr: 0.02 }, schedule: 'constant' } as const;
const recipe = { ...recipes.fast, ...fixed, epochs: 2 };
let bars: DataSource;

/** Not LeNet-5: with buffers, and with draws that depend on the step. */
function smallNet(): Net {
  const layers = new Sequential({
    conv: new Conv2d({ inChannels: 1, outChannels: 3, kernel: 5 }),
    norm: new BatchNorm2d({ features: 3 }),
    relu: new ReLU(),
    drop: new Dropout({ p: 0.25 }),
    pool: new MaxPool2d({ kernel: 4 }),
    flatten: new Flatten(),
    fc: new Linear({ inFeatures: 147, outFeatures: 10 }),
  });
  return new Net(layers, { inputShape: [1, 32, 32], seed: 3 });
}

async function fitRun(
  saved: SavedRun,
  trainer: Trainer,
  epochs: number,
  { train, test } = bars,
): Promise<void> {
  for await (const record of trainer.fit(train, { validation: test, epochs })) saved.record(record);
  saved.close();
}

/** Of a run: all bits of its net. */
const weights = (path: string) =>
  [...openRun(folder.join(path)).net.getParams().values()].map(({ data }) => data.join()).join();

beforeAll(async () => {
  writeIdxFolder(folder.join('bars'), 200, 40);
  const bar = Uint8Array.from({ length: 28 * 28 }, (_, i) => (i >= 28 * 8 && i < 28 * 10 ? 200 : 0));
  writeFileSync(folder.join('bar.png'), greyPng(28, 28, bar));
  bars = loadDataset(folder.join('bars'));
  const trainer = new Trainer(smallNet(), { recipe, seed: 5 });
  await fitRun(await saveRun(folder.join('runs/mine'), { trainer, data: bars }), trainer, 2);
});

describe('a run of a program', () => {
  it('has the files of a run, and is listed as one', async () => {
    expect(readdirSync(folder.join('runs/mine')).sort()).toEqual([
      'checkpoint.previous.safetensors',
      'checkpoint.safetensors',
      'config.json',
      'curves.svg',
      'machine.json',
      'metrics.jsonl',
    ]);
    const expected = { name: 'mine', epochs: 2, plannedEpochs: 2, seed: 5, state: 'finished' };
    const { runs, skipped } = await listRuns(folder.join('runs'));
    expect([runs[0], skipped]).toEqual([expect.objectContaining(expected), []]);
    expect(jsonLines((await run('runs --json')).stdout)[0]).toMatchObject(expected);
  });

  it('is evaluated, reported, explained and exported by the command line', async () => {
    const evaluated = await run('eval --json');
    expect(evaluated.code, evaluated.stderr).toBe(0);
    const [{ accuracy }] = jsonLines(evaluated.stdout);
    expect(accuracy).toBe(openRun(folder.join('runs/mine')).metrics.at(-1)?.testAccuracy);
    const [found] = jsonLines((await run('predict bar.png --json --prepare none')).stdout);
    expect(found).toMatchObject({ file: 'bar.png', label: 2 });
    for (const [args, text] of [
      [['report'], 'report.html'],
      [['explain --checkpoint'], 'conv: input 1x32x32, 3 filters'],
      [['export --format onnx'], 'runs/mine/net.onnx: 1,564 parameters'],
    ] as const) {
      const { code, stdout, stderr } = await run(...args);
      expect([code, stdout], stderr).toEqual([0, expect.stringContaining(text)]);
    }
  });

  it('goes on in a program and on the command line to the same bits', async () => {
    for (const name of ['straight', 'program', 'command']) mkdirSync(folder.join(name));
    const straight = new Trainer(smallNet(), { recipe, seed: 5 });
    await fitRun(await saveRun(folder.join('straight'), { trainer: straight, data: bars }), straight, 4);
    for (const name of ['program', 'command'])
      cpSync(folder.join('runs/mine'), folder.join(name), { recursive: true });

    const { net, state } = openRun(folder.join('program'));
    const trainer = new Trainer(net, { resume: state as NonNullable<typeof state> });
    const saved = await saveRun(folder.join('program'), { trainer, data: bars });
    expect(saved.last).toMatchObject({ epoch: 2, generation: 4 });
    await fitRun(saved, trainer, 4);
    const resumed = await run('train --resume command --epochs 4 --quiet');
    expect(resumed.code, resumed.stderr).toBe(0);

    expect(weights('program')).toBe(weights('straight'));
    expect(weights('command')).toBe(weights('straight'));
    const epochs = (name: string) =>
      openRun(folder.join(name)).metrics.map(({ epoch, loss }) => [epoch, loss]);
    expect(epochs('program')).toEqual(epochs('straight'));
    expect(openRun(folder.join('program')).config?.recipe.epochs).toBe(4);
  });
});

it('is measured by the loss that it was trained with', async () => {
  const trainer = new Trainer(smallNet(), { recipe: { ...recipe, criterion: 'mse' } });
  await fitRun(await saveRun(folder.join('mse'), { trainer, data: bars }), trainer, 1);
  const [{ loss }] = jsonLines((await run('eval mse --json')).stdout);
  expect(loss).toBeCloseTo(openRun(folder.join('mse')).metrics[0].testLoss as number, 6);
});

it('goes on with the optimizer of the program', async () => {
  const adam = { ...recipe, optimizer: { kind: 'adam', lr: 0.002, weightDecay: 0 } } as const;
  for (const [name, epochs] of [
    ['adam-2', 2],
    ['adam', 1],
  ] as const) {
    const trainer = new Trainer(smallNet(), { recipe: adam });
    await fitRun(await saveRun(folder.join(name), { trainer, data: bars }), trainer, epochs);
  }
  const resumed = await run('train --resume adam --epochs 2 --quiet');
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(weights('adam')).toBe(weights('adam-2'));
  expect([...(openRun(folder.join('adam')).state?.optimizerState.keys() ?? [])]).toContain(
    'firstMoment.conv.weight',
  );
});

it('a run of the command line goes on in a program, to the bits of --resume', async () => {
  const trained = await run('train --data bars --epochs 1 --out lenet --quiet');
  expect(trained.code, trained.stderr).toBe(0);
  cpSync(folder.join('lenet'), folder.join('lenet-2'), { recursive: true });
  const opened = openRun(folder.join('lenet'));
  expect([opened.net.constructor.name, opened.epoch, opened.classes]).toEqual(['LeNet5', 1, 10]);
  expect(opened.normalization).toEqual(opened.config?.recipe.normalization);
  const trainer = new Trainer(opened.net, { resume: opened.state as NonNullable<typeof opened.state> });
  await fitRun(await saveRun(folder.join('lenet'), { trainer, data: bars }), trainer, 2);
  expect((await run('train --resume lenet-2 --epochs 2 --quiet')).code).toBe(0);
  expect(weights('lenet')).toBe(weights('lenet-2'));
});

it('openRun takes the generation before a damaged one, and warns', async () => {
  cpSync(folder.join('runs/mine'), folder.join('damaged'), { recursive: true });
  writeFileSync(folder.join('damaged/checkpoint.safetensors'), 'x');
  const warned = once(process, 'warning');
  expect(openRun(folder.join('damaged'))).toMatchObject({
    epoch: 1,
    file: folder.join('damaged/checkpoint.previous.safetensors'),
  });
  expect(await warned).toMatchObject([
    { code: 'WARN_ROWNET_RUN', message: expect.stringContaining('The generation before is used') },
  ]);
});

describe('images that only the program has', () => {
  beforeAll(async () => {
    const train = { ...bars.train, name: 'drawn here' };
    const trainer = new Trainer(smallNet(), { recipe });
    await fitRun(await saveRun(folder.join('drawn'), { trainer, data: { train } }), trainer, 2);
  });

  it.each([['eval', 'drawn'], ['train --resume drawn --epochs 3']])(
    'are missed by %s, which says so',
    async (...args) => {
      const { code, stderr } = await run(...args);
      expect(code).toBe(3);
      expect(stderr).toMatch(/^data: expected a run whose data can be loaded but .* "drawn here", .* --data/);
    },
  );

  it('are the same where the run goes on', async () => {
    const { net, state } = openRun(folder.join('drawn'));
    const trainer = new Trainer(net, { resume: state as NonNullable<typeof state> });
    const goOn = (labels: Uint8Array) =>
      saveRun(folder.join('drawn'), { trainer, data: { train: { ...bars.train, labels } } });
    await expect(goOn(bars.train.labels.toReversed())).rejects.toThrow(
      /does not go on with, or on other data/,
    );
    (await goOn(bars.train.labels)).close();
  });

  it('leave other data to be named', async () => {
    const { code, stdout, stderr } = await run('eval drawn --data bars');
    expect([code, stdout], stderr).toEqual([0, expect.stringContaining('of 40 test images of bars')]);
  });
});

it('a run is written at the step that is asked for, and after an abort', async () => {
  const trainer = new Trainer(smallNet(), { recipe: { ...recipe, batchSize: 20 } });
  const saved = await saveRun(folder.join('stopped'), {
    trainer,
    data: bars,
    checkpointEvery: { seconds: 0 },
  });
  const stop = new AbortController();
  const steps: number[] = [];
  const records = trainer.fit(bars.train, {
    signal: stop.signal,
    onProgress({ step }) {
      saved.afterStep();
      steps.push(saved.last.step);
      if (step === 3) stop.abort();
    },
  });
  for await (const record of records) saved.record(record);
  expect([steps, saved.metrics]).toEqual([[1, 2, 3], []]);
  expect(openRun(folder.join('stopped')).state?.partialEpoch?.steps).toBe(3);
  saved.close();
});

describe('refuses', () => {
  const options = () => ({ trainer: new Trainer(smallNet(), { recipe }), data: bars });
  const failure = async (name: string, given: object = options()) =>
    await saveRun(folder.join(name), given as ReturnType<typeof options>).then(
      () => undefined,
      (error: { code: string; message: string }) => error,
    );

  it('a folder that is no place for it', async () => {
    mkdirSync(folder.join('full'));
    writeFileSync(folder.join('full', 'a.txt'), '');
    for (const [name, text] of [
      ['full', /^saveRun: expected a new or empty folder but .*full holds files\. Hint: openRun/],
      ['runs/mine', /mine holds files, of a run that the trainer does not go on with, or/],
      ['full/a.txt', /^saveRun: expected a folder but .*a\.txt is a file$/],
    ] as const) {
      expect(await failure(name)).toMatchObject({ code: STATE, message: expect.stringMatching(text) });
      expect(await isLocked(folder.join('full'))).toBe(false);
    }
  });

  it('one that another training has, and a run that is closed', async () => {
    const saved = await saveRun(folder.join('held'), options());
    expect((await failure('held'))?.message).toMatch(/held to be free but another training writes to it$/);
    saved.close();
    for (const call of [() => saved.checkpoint(), () => saved.record({} as never)]) {
      expect(call).toThrow(expect.objectContaining({ code: STATE }));
    }
    await expect.poll(() => isLocked(folder.join('held'))).toBe(false);
  });

  it('data without a name', async () => {
    const data = { train: { ...bars.train, name: undefined } };
    const text = /^saveRun: expected data\.train\.name to be a text but received undefined/;
    expect((await failure('none', { ...options(), data }))?.message).toMatch(text);
  });

  it('an epoch that its trainer has not completed', async () => {
    const saved = await saveRun(folder.join('early'), options());
    for (const record of [{}, { epoch: 1 }]) {
      expect(() => saved.record(record as never)).toThrow(
        /^SavedRun\.record: expected epoch to be an integer/,
      );
    }
    expect(saved.metrics).toEqual([]);
    saved.close();
  });

  it.each([
    ['no trainer', { trainer: smallNet() }, /^saveRun: expected trainer to be a Trainer but received Net$/],
    ['no data', { data: undefined }, /^saveRun: expected data as loadDataset gives it/],
    ['both intervals', { checkpointEvery: { epochs: 1, seconds: 1 } }, /or { seconds } but received both/],
    ['no interval', { checkpointEvery: {} }, /as { epochs } or { seconds } but received neither/],
    [
      'an unknown one',
      { checkpointEvery: { steps: 9 } },
      /checkpointEvery: .*epochs or seconds but .*"steps"/,
    ],
    ['every 0 epochs', { checkpointEvery: { epochs: 0 } }, /checkpointEvery\.epochs to be an integer from 1/],
  ])('%s', async (_, wrong, text) => {
    const error = await failure('none', { ...options(), ...wrong });
    expect(error?.message).toMatch(text);
    expect([TYPE, 'ERR_ROWNET_RANGE']).toContain(error?.code);
  });
});

it.each([
  [
    'a layer of a program',
    '"kind":"relu"',
    '"kind":"swish"',
    /expected a net of layers that rownet knows but/,
  ],
  ['more than a small file holds', ':147', ':2000000000', /but its parameters are not all there/],
  ['parameters of another shape', '"outChannels":3', '"outChannels":2', /expected/],
])('openRun refuses %s', (name, from, to, text) => {
  const file = folder.join(`${name}.safetensors`);
  const stored = loadCheckpoint(folder.join('runs/mine/checkpoint.safetensors'));
  saveCheckpoint(file, { ...stored, architecture: stored.architecture.replace(from, to) });
  expect(() => openRun(file)).toThrow(
    expect.objectContaining({ code: DATA, message: expect.stringMatching(text) }),
  );
});
