/** What a run folder keeps of a training that keeps its best epoch, averages its weights or stops early. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  listRuns,
  loadCheckpoint,
  type Net,
  openRun,
  saveCheckpoint,
  saveRun,
  Trainer,
} from '../../../lib/index.js';
import { temporaryFolder } from '../../support/cli.js';
import { bits, data, failure, small, start } from '../training/runs.js';

const folder = temporaryFolder();

const recipe = { ...small, epochs: 8, schedule: 'constant', optimizer: { lr: 0.2, momentum: 0.9 } } as const;
const options = { recipe, keepBest: 'testLoss', patience: 3, averaging: { decay: 0.9 } } as const;

/** Trains up to an epoch, or until a step. */
async function train(
  name: string,
  trainer: Trainer,
  stop: { epochs?: number; step?: number } = {},
): Promise<void> {
  const run = await saveRun(folder.join(name), { trainer, data: { train: data } });
  const controller = new AbortController();
  const fit = trainer.fit(data, {
    validation: data,
    signal: controller.signal,
    onProgress: () => {
      if (trainer.state().step === stop.step) controller.abort();
    },
    ...(stop.epochs === undefined ? {} : { epochs: stop.epochs }),
  });
  for await (const record of fit) run.record(record);
  run.close();
}

const reopen = (name: string): { net: Net; trainer: Trainer } => {
  const { net, state: resume } = openRun(folder.join(name));
  if (resume === undefined) throw new Error('no state');
  return { net, trainer: new Trainer(net, { resume: { ...resume, recipe } }) };
};

it('goes on from its files to the same bits, best, averages and end', async () => {
  const straight = start(options);
  await train('straight', straight.trainer);
  const { epoch: last, step: steps } = straight.trainer.state();
  for (const stop of [1, 2, 3, 5, 10].filter((step) => step < steps)) {
    const name = `stopped-${stop}`;
    await train(name, start(options).trainer, { step: stop });
    const second = reopen(name);
    expect(second.trainer.settings).toEqual(straight.trainer.settings);
    await train(name, second.trainer);
    expect(bits(second as ReturnType<typeof start>)).toBe(bits(straight));
    expect(second.trainer.best).toEqual(straight.trainer.best);
    expect(second.trainer.averaged).toEqual(straight.trainer.averaged);
    expect(second.trainer.earlyStop).toBe(straight.trainer.earlyStop);
    expect(second.trainer.state().epoch).toBe(last);
    const kept = loadCheckpoint(folder.join(`${name}/checkpoint-best.safetensors`)).params;
    expect(kept).toEqual(straight.trainer.best?.params);
  }
});

it('has the best epoch as a checkpoint that opens like any other', async () => {
  const run = start(options);
  await train('best', run.trainer, { epochs: 3 });
  const { best } = run.trainer;
  const opened = openRun(folder.join('best/checkpoint-best.safetensors'));
  expect(opened.net.getParams()).toEqual(best?.params);
  expect(opened.epoch).toBe(best?.epoch);
  const { averaged, best: stored } = loadCheckpoint(folder.join('best/checkpoint.safetensors'));
  expect(stored).toEqual(best);
  const names = run.net.parameters().map(({ name }) => name);
  expect(new Set(averaged?.keys())).toEqual(new Set(names));
});

it('lists a run that has stopped early as finished, with its reason', async () => {
  const run = start({ ...options, recipe: { ...recipe, epochs: 30 }, patience: 1 });
  await train('early', run.trainer);
  const { runs } = await listRuns(folder.path);
  const listed = runs.find(({ name }) => name === 'early');
  expect(listed).toMatchObject({ state: 'finished', plannedEpochs: 30 });
  expect(listed?.epochs).toBeLessThan(30);
  expect(listed?.metrics.at(-1)?.earlyStop).toBe(run.trainer.earlyStop);
  expect(listed?.metrics[0].averagedTestLoss).toBeGreaterThan(0);
});

it('writes none of it without the options', async () => {
  const run = start();
  await train('plain', run.trainer, { epochs: 1 });
  expect(existsSync(folder.join('plain/checkpoint-best.safetensors'))).toBe(false);
  const checkpoint = loadCheckpoint(folder.join('plain/checkpoint.safetensors'));
  expect(Object.keys(checkpoint)).not.toContain('best');
  expect(Object.keys(checkpoint.config)).not.toContain('settings');
  expect(openRun(folder.join('plain')).state).not.toHaveProperty('settings');
});

it('refuses a stored setting that no trainer has', () => {
  const file = folder.join('plain/checkpoint.safetensors');
  const checkpoint = loadCheckpoint(file);
  saveCheckpoint(folder.join('forged.safetensors'), {
    ...checkpoint,
    config: { ...checkpoint.config, settings: { patience: 2 } },
  });
  expect(() => openRun(folder.join('forged.safetensors'))).toThrow(
    failure('ERR_ROWNET_DATA', /config\.settings: expected keepBest beside patience/),
  );
});
