// Which learning rates short runs and small batches of the recipe `fast` live with: what its rule for `auto` has to keep
// below. Every run trains on some of the first 55,000 training images and is judged by the last 5,000; the shapes are
// drawn anew from other seeds. No test set is looked at.
//
//   node benchmarks/schedule/small-search.mjs [--seeds 6] [--out benchmarks/schedule/small-search.json]
//
// For each case: the lowest and the mean accuracy of the seeds at each rate, and the rate that `auto` takes.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  DivergedError,
  loadDataset,
  Random,
  recipeForRun,
  recipes,
  setThreads,
  Trainer,
} from '../../dist/index.js';
import { drawShapes, invert, nets, pick } from './small-nets.mjs';

const RATES = [0.0016, 0.0031, 0.0063, 0.0125, 0.025, 0.05, 0.1];
const JUDGED = 1000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '6' },
    out: { type: 'string', default: 'benchmarks/schedule/small-search.json' },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
setThreads(1);

const loaded = new Map();
function split(name, count, seed) {
  if (!loaded.has(name)) loaded.set(name, loadDataset(name, { resize: 'pad', offline: true }).train);
  const train = loaded.get(name);
  const order = Uint32Array.from({ length: train.count - 5000 }, (_, index) => index);
  new Random(1000 + seed).shuffle(order);
  const judged = Uint32Array.from({ length: JUDGED }, (_, index) => train.count - 5000 + index);
  return [pick(train, order.subarray(0, count)), pick(train, judged)];
}
const data = {
  mnist: (count, seed) => split('mnist', count, seed),
  'mnist, dark on light': (count, seed) => split('mnist', count, seed).map(invert),
  'fashion-mnist': (count, seed) => split('fashion-mnist', count, seed),
  shapes: (count, seed) => [drawShapes(count, seed), drawShapes(JUDGED, 1000 + seed)],
};

function* cases() {
  for (const name of ['mnist', 'mnist, dark on light', 'fashion-mnist', 'shapes']) {
    for (const batchSize of [64, 16]) {
      for (const count of [300, 1000, 3000]) yield { net: 'lenet5', name, count, epochs: 3, batchSize };
    }
  }
  for (const name of ['mnist', 'fashion-mnist']) {
    yield { net: 'lenet5', name, count: 4000, epochs: 1, batchSize: 64 };
    yield { net: 'lenet5', name, count: 1000, epochs: 20, batchSize: 64 };
    yield { net: 'lenet5', name, count: 10_000, epochs: 3, batchSize: 32 };
    yield { net: 'lenet5', name, count: 3000, epochs: 3, batchSize: 8 };
    yield { net: 'lenet5', name, count: 1000, epochs: 3, batchSize: 1 };
    for (const net of Object.keys(nets).filter((one) => one !== 'lenet5')) {
      yield { net, name, count: 1000, epochs: 3, batchSize: 64 };
      yield { net, name, count: 1000, epochs: 3, batchSize: 16 };
    }
  }
}

/** Share of the judged images that a training gets right. */
async function accuracyOf({ net, epochs, batchSize }, [learned, judged], lr, seed) {
  const recipe = { ...recipes.fast, epochs, batchSize, optimizer: { ...recipes.fast.optimizer, lr } };
  const trainer = new Trainer(nets[net](seed, learned.classes), { recipe, seed });
  try {
    for await (const _ of trainer.fit(learned));
  } catch (error) {
    if (error instanceof DivergedError) return 0;
    throw error;
  }
  const { correct, images } = trainer.engine.evaluate(judged);
  return correct / images;
}

const rounded = (value) => Number(value.toFixed(3));
const results = [];
for (const one of cases()) {
  const sets = seeds.map((seed) => data[one.name](one.count, seed));
  const { epochs, batchSize } = one;
  const { lr: auto } = recipeForRun({ ...recipes.fast, epochs, batchSize }, sets[0][0]).optimizer;
  const rates = {};
  for (const lr of new Set([auto, ...RATES])) {
    const accuracies = [];
    for (const [index, seed] of seeds.entries())
      accuracies.push(await accuracyOf(one, sets[index], lr, seed));
    const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
    rates[lr === auto ? 'auto' : lr] = [rounded(Math.min(...accuracies)), rounded(mean)];
  }
  results.push({ ...one, steps: epochs * Math.ceil(one.count / batchSize), auto, lowestAndMean: rates });
  console.error(JSON.stringify(results.at(-1)));
}
const lines = results.map((result) => `    ${JSON.stringify(result)}`).join(',\n');
writeFileSync(
  values.out,
  `{\n  "seeds": ${seeds.length},\n  "judgedBy": ${JUDGED},\n  "results": [\n${lines}\n  ]\n}\n`,
);
