// What the recipe `fast` comes to on test sets where a run is short, its batches are small, or its images are not
// MNIST's: seeds 1 to 10, with nothing set but what the row names. The rule for `auto` was chosen without these images
// (small-search.mjs). `dead` counts the runs that end with the warning that they do no better than guessing.
//
//   node benchmarks/schedule/small-data.mjs [--seeds 10] [--rows TEXT] [--out benchmarks/schedule/small-data.json]
//
// --rows takes the rows whose name holds the text; those of other rows stay in the file. Class folders of PNG files are
// made in a temporary folder: the first 6,000 and 1,000 digits of MNIST, and drawn shapes.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { LeNet5, loadDataset, recipes, setThreads, Trainer } from '../../dist/index.js';
import { drawShapes, invert, pick } from './small-nets.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    rows: { type: 'string', default: '' },
    out: { type: 'string', default: 'benchmarks/schedule/small-data.json' },
  },
});
setThreads(1);
const folder = mkdtempSync(join(tmpdir(), 'rownet-small-data-'));

const first = (set, count) =>
  pick(
    set,
    Uint32Array.from({ length: count }, (_, index) => index),
  );

/** Writes a set as class folders of PNG files, a split each. */
function writeFolders(name, splits) {
  const path = join(folder, name);
  for (const [split, { images, labels, shape, classNames = [] }] of Object.entries(splits)) {
    const [, height, width] = shape;
    for (const [index, label] of labels.entries()) {
      const place = join(path, split, classNames[label] ?? String(label));
      mkdirSync(place, { recursive: true });
      const data = images.slice(index * height * width, (index + 1) * height * width);
      writeFileSync(join(place, `${index}.png`), encode({ width, height, data, channels: 1, depth: 8 }));
    }
  }
  return path;
}

const { resize } = recipes.fast;
const named = (name, limit) => () =>
  loadDataset(name, { resize, offline: true, ...(limit ? { limit } : {}) });
function digitFolders(name, change) {
  const { train, test } = loadDataset('mnist', { resize: 'none', offline: true });
  const splits = { train: change(first(train, 6000)), test: change(first(test, 1000)) };
  return loadDataset(writeFolders(name, splits), { resize });
}
const shapeFolders = () =>
  loadDataset(writeFolders('shapes', { train: drawShapes(1000, 1), test: drawShapes(200, 2) }), { resize });

const rows = [];
for (const set of ['mnist', 'fashion-mnist']) {
  for (const limit of [1000, 3000, 10_000])
    rows.push({ name: `${set}, --limit ${limit}`, load: named(set, limit) });
  rows.push({ name: `${set}, --limit 3000 --batch-size 8`, load: named(set, 3000), batchSize: 8 });
  rows.push({ name: `${set}, --limit 4000 --epochs 1`, load: named(set, 4000), epochs: 1 });
}
rows.push(
  { name: 'digits as class folders, white on black', load: () => digitFolders('white', (set) => set) },
  { name: 'digits as class folders, black on white', load: () => digitFolders('black', invert) },
  { name: '4 shapes, 1,200 PNG', load: shapeFolders },
);
for (const set of ['mnist', 'fashion-mnist']) {
  rows.push({ name: `${set}, all images`, load: named(set) });
  for (const batchSize of [32, 16, 1]) {
    rows.push({ name: `${set}, all images, --batch-size ${batchSize}`, load: named(set), batchSize });
  }
}

async function run({ batchSize, epochs = recipes.fast.epochs }, { train, test }, seed) {
  const net = new LeNet5({ seed, classes: train.classes });
  const trainer = new Trainer(net, { seed, ...(batchSize === undefined ? {} : { batchSize }) });
  let last;
  for await (const record of trainer.fit(train, { epochs, validation: test })) last = record;
  const { batchSize: taken, optimizer } = trainer.recipe;
  return {
    accuracy: last.testAccuracy,
    dead: last.warning !== undefined,
    batchSize: taken,
    lr: optimizer.lr,
  };
}

const results = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')) : {};
try {
  for (const row of rows.filter(({ name }) => name.includes(values.rows))) {
    const source = row.load();
    const runs = [];
    for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
      runs.push(await run(row, source, seed));
      const accuracies = runs.map(({ accuracy }) => accuracy);
      const { batchSize, lr } = runs[0];
      const dead = runs.filter((one) => one.dead).length;
      results[row.name] = { batchSize, lr, dead, lowest: Math.min(...accuracies), accuracies };
      // After each run: a row of single images takes long.
      const lines = Object.entries(results).map(
        ([name, one]) => `  ${JSON.stringify(name)}: ${JSON.stringify(one)}`,
      );
      writeFileSync(values.out, `{\n${lines.join(',\n')}\n}\n`);
    }
    const { batchSize, lr, dead, lowest } = results[row.name];
    console.log(
      `${row.name}: batch ${batchSize}, lr ${lr}: ${dead} of ${runs.length} dead, ` +
        `lowest ${(100 * lowest).toFixed(2)} %`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
