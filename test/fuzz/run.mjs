// npm run fuzz -- [--seconds S] [--target NAME] [--seed N]: mutated files and random arguments against every parser and
// kernel, each target in a process of its own. A failing input is kept in corpus/TARGET, where the tests replay it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inputs, SECONDS_A_CASE } from './cases.mjs';
import { targets } from './targets.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string' },
  },
});
const names = values.target ?? Object.keys(targets);
const seconds = Number(values.seconds ?? 10);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
const unknown = names.find((name) => !Object.hasOwn(targets, name));
if (unknown !== undefined || !(seconds > 0) || !Number.isInteger(seed)) {
  console.error(
    `fuzz: expected --seconds above 0, --seed an integer, --target of ${Object.keys(targets).join(', ')}`,
  );
  process.exit(2);
}

/**
 * Ends with the child's report; without one where it crashed or hung.
 * @param {string[]} args @param {string} progress
 * @returns {Promise<{ executions: number, accepted: number, failure?: string }>}
 */
function child(args, progress) {
  const started = spawn(process.execPath, [join(import.meta.dirname, 'child.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, last, since] = ['', '', -1, performance.now()];
  started.stdout.on('data', (part) => {
    stdout += part;
  });
  started.stderr.on('data', (part) => {
    stderr = (stderr + part).slice(-4000);
  });
  const watch = setInterval(() => {
    const now = caseAt(progress);
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > 1000 * SECONDS_A_CASE) started.kill('SIGKILL');
  }, 500);
  return new Promise((resolve) => {
    started.on('close', (code, signal) => {
      clearInterval(watch);
      try {
        resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
      } catch {
        const hung = performance.now() - since > 1000 * SECONDS_A_CASE;
        const what = hung ? `took more than ${SECONDS_A_CASE} s` : (signal ?? `exit code ${code}`);
        const executions = Math.max(1, caseAt(progress) - Number(args[2]) + 1);
        resolve({ executions, accepted: 0, failure: `${what}\n${stderr}` });
      }
    });
  });
}

/** @param {string} progress */
function caseAt(progress) {
  const bytes = readFileSync(progress);
  return bytes.length < 4 ? -1 : bytes.readUInt32LE(0);
}

/** @param {string} name @param {string} folder */
async function fuzz(name, folder) {
  const progress = join(folder, 'progress');
  const input = inputs(targets[name], folder);
  const kept = new Set();
  const started = performance.now();
  const end = started + 1000 * seconds;
  let [index, accepted, crashes] = [0, 0, 0];
  while (performance.now() < end) {
    writeFileSync(progress, '');
    const left = (end - performance.now()) / 1000;
    const report = await child([name, String(seed), String(index), String(left), progress, folder], progress);
    index += report.executions;
    accepted += report.accepted;
    if (report.failure === undefined) continue;
    crashes += 1;
    const bytes = input(seed, index - 1);
    const path = join(
      import.meta.dirname,
      'corpus',
      name,
      createHash('sha256').update(bytes).digest('hex').slice(0, 16),
    );
    // One of each kind will do: the first lines say which.
    const kind = report.failure.split('\n').slice(0, 3).join('\n').replace(/\d+/g, '#');
    if (!kept.has(kind)) {
      kept.add(kind);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, bytes);
      console.error(`${name}: case ${index - 1} of seed ${seed}, kept as ${path}: ${report.failure}`);
    }
  }
  return { executions: index, accepted, crashes, seconds: (performance.now() - started) / 1000 };
}

console.log(`seed ${seed}\ntarget        executions    accepted  crashes  seconds`);
let failed = false;
for (const name of names) {
  const folder = mkdtempSync(join(tmpdir(), 'rownet-fuzz-'));
  const { executions, accepted, crashes, seconds: took } = await fuzz(name, folder);
  rmSync(folder, { recursive: true, force: true });
  console.log(
    `${name.padEnd(12)}${String(executions).padStart(12)}${String(accepted).padStart(12)}${String(crashes).padStart(9)}${took.toFixed(1).padStart(9)}`,
  );
  failed ||= crashes > 0;
}
process.exitCode = failed ? 1 : 0;
