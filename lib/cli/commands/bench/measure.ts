/** Checks, then measures LeNet-5 in this process: epochs, inference, what bounds them. All times are in seconds. */
import type { PictureSet } from '../../../data/datasets.js';
import { imagesToTensor } from '../../../data/normalize.js';
import { createEngine } from '../../../engines/create.js';
import type { EngineName } from '../../../engines/engine.js';
import { DataError, StateError } from '../../../errors.js';
import { fmaBurst, relu, runtimeInfo } from '../../../kernels.js';
import { LeNet5 } from '../../../nets/lenet5.js';
import { Tensor } from '../../../tensor.js';
import { Trainer } from '../../../training/trainer.js';
import { benchRecipe } from './data.js';
import { referenceScores } from './reference.js';
import { Timer } from './timer.js';

const recipe = benchRecipe;
export const { batchSize } = recipe;

export interface Inference {
  readonly imagesPerSecond: number;
  /** Median of one image alone. */
  readonly latency: number;
}

/**
 * Checks that the net computes what it should before its time is taken: scores against plain loops in double
 * precision, and a loss that falls.
 * @throws {StateError} if it does not.
 * @throws {DataError} for less than a batch of images.
 */
export async function checkNet(train: PictureSet, engine: EngineName): Promise<void> {
  if (train.count < batchSize) {
    throw new DataError(
      `bench: ${train.name}: expected at least ${batchSize} images but received ${train.count}`,
    );
  }
  const net = new LeNet5({ seed: 1, classes: train.classes });
  const count = 4;
  const x = firstImages(train, count);
  const scores = createEngine(engine, net, { normalization: recipe.normalization }).predict(x).data;
  const expected = referenceScores(net, x.data, count);
  const scale = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, i) => Math.abs(value - scores[i])));
  // Sums of at most 400 products in float32, five layers deep: 1e-5 of the largest score leaves some room.
  if (!(scale > 0 && error <= 1e-5 * scale)) {
    throw new StateError(
      `bench: expected scores within 1e-5 of those of plain loops but they differ by ${error / scale}`,
    );
  }
  const losses = await trainEpochs({ ...train, ...firstPart(train, 40 * batchSize) }, 2, engine, 'loss');
  if (!(losses[1] < losses[0] && Number.isFinite(losses[1]))) {
    throw new StateError(`bench: expected the loss to fall but received ${losses.join(', then ')}`);
  }
}

/** Seconds, or losses, of `epochs` epochs with the default recipe. */
export async function trainEpochs(
  train: PictureSet,
  epochs: number,
  engine: EngineName,
  what: 'seconds' | 'loss' = 'seconds',
): Promise<number[]> {
  const net = new LeNet5({ seed: 1, classes: train.classes });
  const trainer = new Trainer(net, { recipe, seed: 1, engine });
  const values: number[] = [];
  for await (const record of trainer.fit(train, { epochs })) values.push(record[what]);
  return values;
}

/** The machine's arithmetic limit as it is at this moment, in GFLOP/s. */
export function measurePeak(): number {
  return Math.max(...[1, 2, 3].map(() => fmaBurst(runtimeInfo().threads, 0.1)));
}

/** What main memory carries at this moment, in GB/s: ReLU over 64 MB, its bytes read and its bytes written. */
export function measureBandwidth(): number {
  const x = new Tensor([2 ** 24]);
  const out = new Tensor([2 ** 24]);
  const seconds = Array.from({ length: 5 }, () => {
    const start = performance.now();
    relu(x, { out });
    return (performance.now() - start) / 1000;
  });
  return (x.data.byteLength + out.data.byteLength) / Math.min(...seconds) / 1e9;
}

/** Of a batch, and of one image alone: `net.predict`, or the rows engine's. */
export function measureInference(train: PictureSet, repeats: number, name: EngineName): Inference {
  const net = new LeNet5({ seed: 1, classes: train.classes });
  const predictor = name === 'rows' ? createEngine(name, net, { normalization: recipe.normalization }) : net;
  const timer = new Timer();
  const batch = firstImages(train, batchSize);
  const one = firstImages(train, 1);
  for (let repeat = 0; repeat < repeats; repeat += 1) timer.time('batch', () => predictor.predict(batch));
  for (let repeat = 0; repeat < 10 * repeats; repeat += 1) timer.time('one', () => predictor.predict(one));
  return { imagesPerSecond: batchSize / timer.median('batch'), latency: timer.median('one') };
}

function firstImages(train: PictureSet, count: number): Tensor {
  return imagesToTensor(firstPart(train, count).images, train.shape, recipe.normalization);
}

function firstPart({ images, labels, count }: PictureSet, wanted: number) {
  const kept = Math.min(wanted, count);
  return {
    images: images.subarray(0, (images.length / count) * kept),
    labels: labels.subarray(0, kept),
    count: kept,
  };
}
