// Trains PyNet's example nets and a few others as a program would, and says how many of the test samples they get right
// after the last epoch. A case that is trained replaces its line in results.json; docs/library.md has the table.
//
//   node benchmarks/learning/run.mjs [--only NAME]... [--out benchmarks/learning/results.json]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runtimeInfo, Trainer } from '../../dist/index.js';
import { cases } from './cases.mjs';
import { table } from './table.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    out: { type: 'string', default: join(import.meta.dirname, 'results.json') },
  },
});
const names = cases.map(({ name }) => name);
const unknown = values.only?.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`run.mjs: expected --only ${names.join(' or ')} but received ${unknown}`);
  process.exit(2);
}

const kept = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')).cases : [];
const results = new Map(kept.map((result) => [result.name, result]));

/** Accuracy on the test set after the last epoch, and seconds of training alone. */
async function trainOnce({ make, load, recipe }, seed) {
  const { train, test } = load(seed);
  const trainer = new Trainer(make(seed), { recipe, seed, engine: 'lanes' });
  let [accuracy, seconds] = [0, 0];
  for await (const record of trainer.fit(train, { validation: test })) {
    accuracy = record.testAccuracy;
    seconds += record.seconds;
  }
  console.error(`${seed}: ${(100 * accuracy).toFixed(2)} % in ${seconds.toFixed(1)} s`);
  return { seed, accuracy, seconds: Number(seconds.toPrecision(3)) };
}

for (const one of cases) {
  if (values.only !== undefined && !values.only.includes(one.name)) continue;
  console.error(one.name);
  const { name, recipe } = one;
  const runs = [];
  for (const seed of one.seeds) runs.push(await trainOnce(one, seed));
  results.set(name, { name, epochs: recipe.epochs, runs });
  const inOrder = names.filter((other) => results.has(other)).map((other) => results.get(other));
  const { isa, threads } = runtimeInfo();
  writeFileSync(values.out, `${JSON.stringify({ isa, threads, cases: inOrder }, null, 2)}\n`);
}
console.log(table(cases, [...results.values()]));
