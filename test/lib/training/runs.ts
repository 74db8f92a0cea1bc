/** Short runs for the tests of the Trainer. */
import { expect } from 'vitest';
import type { PictureSet } from '../../../lib/data/datasets.js';
import { mnistNormalization } from '../../../lib/data/normalize.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import type { EpochRecord } from '../../../lib/training/epoch-record.js';
import type { FitOptions } from '../../../lib/training/fit-options.js';
import { type RunRecipe, recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import type { TrainerOptions } from '../../../lib/training/trainer-options.js';
import { bars, xorshift32 } from './trace.js';

/** 70 images: two batches of 32 and one of 6. */
export const data = bars(xorshift32(5), 70);
export const small: RunRecipe = {
  ...recipes.fast,
  normalization: mnistNormalization,
  batchSize: 32,
  epochs: 4,
  warmup: 0.2,
  optimizer: { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 },
};

async function collect(records: AsyncIterable<EpochRecord>): Promise<EpochRecord[]> {
  const all: EpochRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

export function start(options: TrainerOptions = {}) {
  const net = new LeNet5({ seed: 1 });
  return { net, trainer: new Trainer(net, { recipe: small, seed: 9, ...options }) };
}

export const drain = (trainer: Trainer, options: FitOptions = {}, train: PictureSet = data) =>
  collect(trainer.fit(train, options));

/** Parameters and velocity, as bytes. */
export function bits({ net, trainer }: ReturnType<typeof start>): string {
  const tensors = [net.arena, ...[...trainer.state().optimizerState.values()].map((tensor) => tensor.data)];
  return tensors
    .map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex'))
    .join();
}

export const failure = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
