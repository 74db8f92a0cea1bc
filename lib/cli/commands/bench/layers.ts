/** Where the time of a training step goes: each layer or fused step, and what stands around them. */
import type { PictureSet } from '../../../data/datasets.js';
import { LanesEngine } from '../../../engines/lanes/engine.js';
import { gatherImages, runtimeInfo, softmaxCrossEntropy } from '../../../kernels.js';
import { LeNet5 } from '../../../nets/lenet5.js';
import { SGD } from '../../../optimizers/sgd.js';
import { Tensor } from '../../../tensor.js';
import { benchRecipe } from './data.js';
import { Timer } from './timer.js';
import { stepWork, type Work, waitingWork } from './work.js';

const recipe = benchRecipe;
const { batchSize } = recipe;

export interface LayerTimes extends Work {
  /** Median seconds of a batch. */
  readonly forward: number;
  readonly backward: number;
}

/** Medians of `repeats` steps. */
export function measureLayers(train: PictureSet, repeats: number, engine: 'lanes' | 'rows'): LayerTimes[] {
  const net = new LeNet5({ seed: 1, classes: train.classes });
  const optimizer = new SGD(net, recipe.optimizer);
  const indices = Uint32Array.from({ length: batchSize }, (_, i) => i);
  const measure = engine === 'rows' ? measureRows : measureLanes;
  return measure({ net, optimizer, train, indices, repeats });
}

interface Measured {
  readonly net: LeNet5;
  readonly optimizer: SGD;
  readonly train: PictureSet;
  readonly indices: Uint32Array;
  readonly repeats: number;
}

function measureRows({ net, optimizer, train, indices, repeats }: Measured): LayerTimes[] {
  const { layers } = net.layer;
  const labels = Int32Array.from(train.labels.subarray(0, batchSize));
  const images = new Tensor([batchSize, ...train.shape]);
  const grad = new Tensor([batchSize, train.classes]);
  const timer = new Timer();
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    let x = timer.time('gather', () =>
      gatherImages(train.images, train.shape, indices, { ...recipe.normalization, out: images }),
    );
    for (const { name, layer } of layers) x = timer.time(name, () => layer.forward(x));
    timer.time('loss', () => softmaxCrossEntropy(x, labels, { grad, gradScale: 1 / batchSize }));
    let gradient: Tensor = grad;
    for (const { name, layer } of layers.slice(1).reverse()) {
      gradient = timer.time(backward(name), () => layer.backward(gradient));
    }
    timer.time(backward(layers[0].name), () => layers[0].layer.backwardParameters(gradient));
    timer.time('update', () => optimizer.step(0.01));
  }
  const names = layers.map(({ name }) => [name]);
  return withTimes(timer, stepWork(net, batchSize, names));
}

/**
 * Of steps as they are trained, the update included. A row's time is that of all threads divided by their number; what
 * is left of a step's duration, `waiting`, is fork and join, threads without work, and the call.
 */
function measureLanes({ net, optimizer, train, indices, repeats }: Measured): LayerTimes[] {
  const engine = new LanesEngine(net, { normalization: recipe.normalization, train });
  const { threads } = runtimeInfo();
  const timer = new Timer();
  let names: readonly (readonly string[])[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const update = optimizer.update(0.01);
    const start = performance.now();
    const { times } = engine.timeStep(indices, { update });
    let waiting = (performance.now() - start) / 1000;
    const add = (name: string, seconds: number) => {
      timer.add(name, seconds / threads);
      waiting -= seconds / threads;
    };
    for (const name of ['gather', 'loss', 'update'] as const) add(name, times[name]);
    for (const step of times.steps) {
      add(step.layers.join('+'), step.forward);
      add(backward(step.layers.join('+')), step.backward);
    }
    timer.add('waiting', waiting);
    names = times.steps.map(({ layers }) => layers);
  }
  return withTimes(timer, [...stepWork(net, batchSize, names), waitingWork]);
}

function withTimes(timer: Timer, rows: readonly Work[]): LayerTimes[] {
  return rows.map((row) => ({
    ...row,
    forward: timer.median(row.name),
    backward: timer.median(backward(row.name)),
  }));
}

function backward(name: string): string {
  return `${name} backward`;
}
