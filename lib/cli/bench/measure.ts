/** Checks, then measures LeNet-5 in this process: epochs, single layers, inference. All times are in seconds. */
import type { Dataset } from '../../data/datasets.js';
import { imagesToTensor } from '../../data/normalize.js';
import { createEngine, type EngineName } from '../../engines/engine.js';
import { DataError, StateError } from '../../errors.js';
import { fmaBurst, gatherImages, runtimeInfo, softmaxCrossEntropy } from '../../kernels.js';
import { LeNet5 } from '../../nets/lenet5.js';
import { SGD } from '../../optimizers/sgd.js';
import { Tensor } from '../../tensor.js';
import { recipes } from '../../training/recipes.js';
import { Trainer } from '../../training/trainer.js';
import { median } from '../statistics.js';
import { referenceScores } from './reference.js';

const recipe = recipes.fast;
export const batchSize = recipe.batchSize;

export interface LayerTimes {
  readonly name: string;
  /** The layer as it prints itself; '' for what is no layer (gather, loss, update). */
  readonly layer: string;
  /** Median seconds of a batch. */
  readonly forward: number;
  readonly backward: number;
  /** Operations of a batch in multiply-adds, 2 each; 0 where there are none. */
  readonly forwardFlop: number;
  readonly backwardFlop: number;
}

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
export async function checkNet(train: Dataset, engine: EngineName): Promise<void> {
  if (train.count < batchSize) {
    throw new DataError(
      `bench: ${train.name}: expected at least ${batchSize} images but received ${train.count}`,
    );
  }
  const net = new LeNet5({ seed: 1, classes: train.classes });
  const count = 4;
  const x = firstImages(train, count);
  const scores = createEngine(engine, net, recipe).predict(x).data;
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
  train: Dataset,
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

/** Multiply-adds of one image in forward and backward, 2 FLOP each; the first layer needs no input gradient. */
export function flopPerImage(net: LeNet5): number {
  return layerWork(net, 1).reduce(
    (sum, { forwardFlop, backwardFlop }) => sum + forwardFlop + backwardFlop,
    0,
  );
}

function layerWork(net: LeNet5, count: number) {
  let shape: readonly number[] = [count, ...net.inputShape];
  return net.layer.layers.map(({ name, layer }, index) => {
    shape = layer.outputShape(shape);
    const weight = layer.parameters().find(({ kind }) => kind === 'weight')?.value;
    // Each weight takes part in one product for every row: N*outH*outW of them in a convolution, N in a linear layer.
    const rows =
      weight === undefined ? 0 : shape.reduce((product, length) => product * length, 1) / weight.shape[0];
    const forwardFlop = 2 * rows * (weight?.size ?? 0);
    return { name, layer, forwardFlop, backwardFlop: forwardFlop * (index === 0 ? 1 : 2) };
  });
}

/** Where the time of a step goes: each layer, and what stands around the layers. Medians of `repeats` steps. */
export function measureLayers(train: Dataset, repeats: number): LayerTimes[] {
  const net = new LeNet5({ seed: 1, classes: train.classes });
  const optimizer = new SGD(net, recipe.optimizer);
  const work = layerWork(net, batchSize);
  const indices = Uint32Array.from({ length: batchSize }, (_, i) => i);
  const labels = Int32Array.from(train.labels.subarray(0, batchSize));
  const images = new Tensor([batchSize, ...train.shape]);
  const grad = new Tensor([batchSize, train.classes]);
  const timer = new Timer();
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    let x = timer.time('gather', () =>
      gatherImages(train.images, train.shape, indices, { ...recipe.normalization, out: images }),
    );
    for (const { name, layer } of work) x = timer.time(`${name} forward`, () => layer.forward(x));
    timer.time('loss', () => softmaxCrossEntropy(x, labels, { grad, gradScale: 1 / batchSize }));
    let gradient: Tensor = grad;
    for (const { name, layer } of work.slice(1).reverse()) {
      gradient = timer.time(`${name} backward`, () => layer.backward(gradient));
    }
    timer.time(`${work[0].name} backward`, () => work[0].layer.backwardParameters(gradient));
    timer.time('update', () => optimizer.step(0.01));
  }
  const single = (name: string): LayerTimes => ({
    name,
    layer: '',
    forward: timer.median(name),
    backward: 0,
    forwardFlop: 0,
    backwardFlop: 0,
  });
  return [
    single('gather'),
    ...work.map(({ name, layer, forwardFlop, backwardFlop }) => ({
      name,
      layer: layer.toString(),
      forward: timer.median(`${name} forward`),
      backward: timer.median(`${name} backward`),
      forwardFlop,
      backwardFlop,
    })),
    single('loss'),
    single('update'),
  ];
}

/** `engine.predict` on a batch, and on one image alone. */
export function measureInference(train: Dataset, repeats: number, name: EngineName): Inference {
  const net = new LeNet5({ seed: 1, classes: train.classes });
  const engine = createEngine(name, net, recipe);
  const timer = new Timer();
  const batch = firstImages(train, batchSize);
  const one = firstImages(train, 1);
  for (let repeat = 0; repeat < repeats; repeat += 1) timer.time('batch', () => engine.predict(batch));
  for (let repeat = 0; repeat < 10 * repeats; repeat += 1) timer.time('one', () => engine.predict(one));
  return { imagesPerSecond: batchSize / timer.median('batch'), latency: timer.median('one') };
}

function firstImages(train: Dataset, count: number): Tensor {
  return imagesToTensor(firstPart(train, count).images, train.shape, recipe.normalization);
}

function firstPart({ images, labels, count }: Dataset, wanted: number) {
  const kept = Math.min(wanted, count);
  return {
    images: images.subarray(0, (images.length / count) * kept),
    labels: labels.subarray(0, kept),
    count: kept,
  };
}

class Timer {
  readonly #seconds = new Map<string, number[]>();

  time<Result>(name: string, run: () => Result): Result {
    const start = performance.now();
    const result = run();
    const seconds = (performance.now() - start) / 1000;
    const all = this.#seconds.get(name);
    if (all === undefined) this.#seconds.set(name, [seconds]);
    else all.push(seconds);
    return result;
  }

  median(name: string): number {
    return median(this.#seconds.get(name) ?? []) ?? 0;
  }
}
