/** Short runs for the tests of the Trainer. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { PictureSet } from '../../../lib/data/datasets.js';
import { mnistNormalization } from '../../../lib/data/normalize.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import type { EpochRecord } from '../../../lib/training/epoch-record.js';
import type { FitOptions } from '../../../lib/training/fit-options.js';
import { type RunRecipe, recipes } from '../../../lib/training/recipes.js';
import type { Tensor } from '../../../lib/tensor.js';
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

/** SHA-256 of all that a training consists of: of the bytes themselves a difference takes minutes to print. */
export function bits(run: ReturnType<typeof start>): string {
  const { averaged, best } = run.trainer.state();
  return sha256(...tensorsOf(run), averaged, best?.params, JSON.stringify({ ...best, params: null }));
}

/** Of the parameters, and of what updates them. */
export const trainedBits = (run: ReturnType<typeof start>): string => sha256(...tensorsOf(run));

const tensorsOf = ({ net, trainer }: ReturnType<typeof start>) =>
  [net.getParams(), trainer.state().optimizerState] as const;

function sha256(...parts: readonly (ReadonlyMap<string, Tensor> | string | undefined)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    if (typeof part === 'string') hash.update(part);
    else for (const [name, { data: values }] of part ?? []) hash.update(name).update(bytesOf(values));
  }
  return hash.digest('hex');
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export const failure = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
