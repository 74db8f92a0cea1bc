// Runs the cases of one target from a number on until the time is over or one fails:
//   node child.mjs TARGET SEED FIRST SECONDS PROGRESS_FILE FOLDER
// The number of the case at hand stands in the progress file, which survives a crash. The last line of stdout is JSON.
import { openSync, writeSync } from 'node:fs';
import { inputs, runCase } from './cases.mjs';
import { targets } from './targets.mjs';

const [name, seed, first, seconds, progress, folder] = process.argv.slice(2);
const target = targets[name];
const input = inputs(target, folder);
const fd = openSync(progress, 'w');
const number = Buffer.alloc(4);
const end = performance.now() + 1000 * Number(seconds);
let [index, accepted] = [Number(first), 0];
let failure;
for (; failure === undefined && performance.now() < end; index += 1) {
  number.writeUInt32LE(index);
  writeSync(fd, number, 0, 4, 0);
  const result = await runCase(target, input(Number(seed), index), folder);
  if (typeof result === 'string') failure = result;
  else if (result) accepted += 1;
}
console.log(JSON.stringify({ executions: index - Number(first), accepted, failure }));
