/** Trainings on rows of features. */
import { describe, expect, it } from 'vitest';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesToTensor, measureNormalization } from '../../../lib/data/normalize.js';
import { iris, xor } from '../../../lib/data/small-sets.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { Linear } from '../../../lib/layers/linear.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { openRun } from '../../../lib/runs/open-run.js';
import { Recognizer } from '../../../lib/runs/recognizer.js';
import { saveRun } from '../../../lib/runs/save-run.js';
import { computeAccuracy } from '../../../lib/training/evaluate.js';
import { recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';

function mlp(sizes: readonly number[], seed: number): Net {
  const layers = sizes
    .slice(1)
    .flatMap((outFeatures, i): [string, Layer][] => [
      [`fc${i + 1}`, new Linear({ inFeatures: sizes[i], outFeatures })],
      ...(i + 2 < sizes.length ? [[`relu${i + 1}`, new ReLU()] as [string, Layer]] : []),
    ]);
  return new Net(new Sequential(Object.fromEntries(layers)), { inputShape: [sizes[0]], seed });
}

const adam = {
  ...recipes.fast,
  batchSize: 4,
  epochs: 100,
  schedule: 'constant',
  optimizer: { kind: 'adam', lr: 0.05 },
} as const;

describe.each(['lanes', 'rows'] as const)('engine %s', (engine) => {
  it('learns xor from every seed', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const trainer = new Trainer(mlp([2, 8, 2], seed), { engine, seed, recipe: adam });
      for await (const { epoch, testAccuracy } of trainer.fit(xor(), { validation: xor() })) {
        if (epoch === adam.epochs) expect(testAccuracy).toBe(1);
      }
      expect(trainer.engine.name).toBe(engine);
    }
  });

  it('learns the values of xor, which nothing counts as right or wrong', async () => {
    const { labels, classes, ...data } = xor();
    const trainer = new Trainer(mlp([2, 8, 1], 1), { engine, recipe: { ...adam, criterion: 'mse' } });
    const onProgress = (progress: object) => expect(progress).not.toHaveProperty('accuracy');
    for await (const record of trainer.fit(data, { validation: data, onProgress })) {
      if (record.epoch < adam.epochs) continue;
      expect(record.testLoss).toBeLessThan(1e-3);
      expect(record).not.toHaveProperty('trainAccuracy');
      expect(record).not.toHaveProperty('testAccuracy');
    }
  });

  it('learns xor as a yes or no, and counts which are right', async () => {
    const { labels, classes, ...data } = xor();
    const recipe = { ...adam, criterion: 'bceWithLogits' } as const;
    const trainer = new Trainer(mlp([2, 8, 1], 1), { engine, recipe });
    for await (const { epoch, testAccuracy } of trainer.fit(data, { validation: data })) {
      if (epoch === adam.epochs) expect(testAccuracy).toBe(1);
    }
    expect(trainer.engine.name).toBe(engine);
  });

  it.each(['mse', 'bceWithLogits'] as const)(
    'learns iris by %s of its labels, and counts by them',
    async (criterion) => {
      const data = iris();
      const recipe = {
        ...adam,
        batchSize: 16,
        epochs: 20,
        optimizer: { kind: 'adam', lr: 0.02 },
        criterion,
      } as const;
      const trainer = new Trainer(mlp([4, 20, 3], 1), { engine, recipe });
      for await (const { epoch, trainAccuracy, testAccuracy } of trainer.fit(data, { validation: data })) {
        if (epoch < 20) continue;
        expect(trainAccuracy).toBeGreaterThan(0.9);
        expect(testAccuracy).toBeGreaterThan(0.94);
      }
    },
  );

  it('learns iris, each feature normalized by itself', async () => {
    const data = iris();
    const net = mlp([4, 20, 20, 3], 1);
    const trainer = new Trainer(net, { engine, seed: 1, recipe: { ...recipes.fast, epochs: 60 } });
    for await (const _ of trainer.fit(data));
    expect(trainer.normalization).toEqual(measureNormalization(data.images, [4]));
    const { accuracy, confusion } = computeAccuracy(net, data, { normalization: trainer.normalization });
    expect(accuracy).toBeGreaterThanOrEqual(0.97);
    expect(confusion.map((row) => row.reduce((a, b) => a + b))).toEqual([50, 50, 50]);
    const { data: scores } = net.predict(
      imagesToTensor(data.images, data.shape, trainer.normalization, [149]),
    );
    expect(scores.indexOf(Math.max(...scores))).toBe(2);
  });
});

it('a run of a table is kept, opened and continued to the same bits; pictures it refuses', async () => {
  const data = iris();
  const recipe = { ...recipes.fast, epochs: 4, batchSize: 16 } as const;
  const straight = new Trainer(mlp([4, 8, 3], 1), { recipe, seed: 5 });
  for await (const _ of straight.fit(data));
  const path = join(mkdtempSync(join(tmpdir(), 'rownet-')), 'run');
  const first = new Trainer(mlp([4, 8, 3], 1), { recipe, seed: 5 });
  const saved = await saveRun(path, { trainer: first, data: { train: data } });
  for await (const record of first.fit(data)) {
    saved.record(record);
    if (record.epoch === 2) break;
  }
  saved.close();
  const run = openRun(path);
  expect(run.config?.data.preparation).toBeUndefined();
  expect(run.classNames).toEqual(data.classNames);
  expect(() => run.preparation).toThrow(
    /expected a net of pictures CxHxW but that of .* takes 4. Hint: net.predict/,
  );
  expect(() => new Recognizer(run)).toThrow(/expected a net of pictures/);
  const second = new Trainer(run.net, { resume: run.state as NonNullable<typeof run.state> });
  for await (const _ of second.fit(data));
  expect(run.net.arena).toEqual(straight.net.arena);
});
