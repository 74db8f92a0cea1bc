// Runs one stored input: node replay.mjs TARGET FILE FOLDER. Exit code 1 and the reason if it fails.
import { readFileSync } from 'node:fs';
import { runCase } from './cases.mjs';
import { targets } from './targets.mjs';

const [name, file, folder] = process.argv.slice(2);
const result = await runCase(targets[name], readFileSync(file), folder);
if (typeof result === 'string') {
  console.error(result);
  process.exitCode = 1;
} else {
  console.log(result ? 'accepted' : 'refused');
}
