// Searches the schedule of the recipe `fast`: learning rate, momentum, batch size, warm-up and weight decay, for a given
// number of epochs. It trains on the first 55,000 images of MNIST's training set and judges by the last 5,000; the test
// set is never looked at.
//
//   node benchmarks/schedule/search.mjs [--epochs 3] [--candidates 48] [--out benchmarks/schedule/search.json]
//
// Successive halving: every candidate with 2 seeds, the best sixth with 6 more, the best three with 12 more. The
// candidates are drawn from a fixed seed, so a second run judges the same ones.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  DivergedError,
  LeNet5,
  loadDataset,
  Random,
  recipeForRun,
  recipes,
  runtimeInfo,
  Trainer,
} from '../../dist/index.js';

const VALIDATION = 5000;
/** Seeds of each round, and the share of the candidates that reaches it. */
const ROUNDS = [
  { seeds: [1, 2], keep: (count) => count },
  { seeds: [3, 4, 5, 6, 7, 8], keep: (count) => Math.ceil(count / 6) },
  { seeds: Array.from({ length: 12 }, (_, index) => 9 + index), keep: () => 3 },
];
const CHOICES = {
  // Multiples of 32, so that two threads get as many blocks of 16 images each.
  batchSize: [64, 96, 128],
  lr: [0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12],
  momentum: [0.8, 0.85, 0.9, 0.93],
  warmup: [0.1, 0.2, 0.3, 0.4],
  weightDecay: [0, 5e-4, 1e-3, 2e-3, 4e-3],
};

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '3' },
    candidates: { type: 'string', default: '48' },
    out: { type: 'string', default: 'benchmarks/schedule/search.json' },
  },
});

const { train } = loadDataset('mnist', { resize: 'pad' });
const size = train.images.length / train.count;
const cut = train.count - VALIDATION;
const part = (begin, end) => ({
  ...train,
  images: train.images.subarray(begin * size, end * size),
  labels: train.labels.subarray(begin, end),
  count: end - begin,
});
const [learned, judged] = [part(0, cut), part(cut, train.count)];

/** Share of the validation images that a training with this seed gets right. */
async function accuracyOf({ batchSize, lr, momentum, warmup, weightDecay }, epochs, seed) {
  const optimizer = { lr, momentum, weightDecay, nesterov: momentum > 0 };
  const recipe = { ...recipes.fast, epochs, batchSize, warmup, optimizer };
  const trainer = new Trainer(new LeNet5({ seed }), { recipe, seed });
  try {
    for await (const _ of trainer.fit(learned, {}));
  } catch (error) {
    // A candidate that diverges is no candidate.
    if (error instanceof DivergedError) return 0;
    throw error;
  }
  const { correct, images } = trainer.engine.evaluate(judged);
  return correct / images;
}

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

function draw(count) {
  const random = new Random(1);
  const drawn = new Map();
  const { batchSize, warmup, optimizer } = recipeForRun(recipes.fast, train);
  const { lr, momentum, weightDecay } = optimizer;
  const add = (candidate) => drawn.set(JSON.stringify(candidate), candidate);
  // What is in use now has to defend itself.
  add({ batchSize, lr, momentum, warmup, weightDecay });
  while (drawn.size < count) {
    const pick = ([name, list]) => [name, list[random.integer(list.length)]];
    add(Object.fromEntries(Object.entries(CHOICES).map(pick)));
  }
  return [...drawn.values()];
}

const results = [];
for (const epochs of values.epochs.split(',').map(Number)) {
  let field = draw(Number(values.candidates)).map((candidate) => ({ candidate, accuracies: [] }));
  for (const { seeds, keep } of ROUNDS) {
    field = field.slice(0, keep(field.length));
    for (const { candidate, accuracies } of field) {
      for (const seed of seeds) accuracies.push(await accuracyOf(candidate, epochs, seed));
    }
    field.sort((a, b) => mean(b.accuracies) - mean(a.accuracies));
    const [{ candidate, accuracies }] = field;
    console.error(
      `${epochs} epochs, ${accuracies.length} seeds, ${field.length} candidates: ` +
        `best ${(100 * mean(accuracies)).toFixed(3)} % ${JSON.stringify(candidate)}`,
    );
  }
  for (const { candidate, accuracies } of field) {
    results.push({
      epochs,
      ...candidate,
      seeds: accuracies.length,
      validationAccuracy: mean(accuracies),
      lowest: Math.min(...accuracies),
    });
  }
}
const { isa } = runtimeInfo();
const report = {
  isa,
  trainedOn: cut,
  validatedOn: VALIDATION,
  candidates: Number(values.candidates),
  results,
};
writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
