// npm run bench:peers: rownet beside other systems on the same workload; --help lists the options.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chart } from './chart.mjs';
import {
  compilerVersion,
  contenders,
  environment,
  gemmContenders,
  otherNetContenders,
  peerNames,
} from './contenders.mjs';
import { writeFixture } from './fixture.mjs';
import { otherNets, writeOtherNets } from './other-nets.mjs';
import { parseOptions, UsageError, usage } from './options.mjs';
import { importRownet, root } from './paths.mjs';
import { netTable, otherNetsTable, page, summarize } from './report.mjs';

const allSteps = 468;
const full = { epochs: 2, steps: allSteps, repeats: 200, products: 30 };
const quick = { epochs: 1, steps: 60, repeats: 30, products: 5 };
const families = { net: contenders, otherNets: otherNetContenders, gemm: gemmContenders };

try {
  await main(parseOptions(process.argv.slice(2), peerNames));
} catch (error) {
  if (!(error instanceof UsageError)) console.error(error.message);
  else console.error(`bench:peers: ${error.message}. Hint: --help lists the options`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function main(options) {
  if (options.help) return console.log(usage);
  if (options.rounds === 0 && !options.list) return writePages(options.out);
  const { here, missing } = findContenders(options);
  for (const { title, install } of missing) console.error(`${title} is not installed: ${install}`);
  if (options.list) {
    for (const { title } of here) console.log(`${title} is here`);
    return;
  }
  const wanted = missing.find(({ name }) => options.only?.includes(name));
  if (wanted !== undefined) throw new Error(`bench:peers: --only: ${wanted.title} is not installed`);
  const samples = await measure(options, here);
  const result = summarize({ ...samples, missing });
  mkdirSync(options.out, { recursive: true });
  const file = join(options.out, `peers-${options.threads}-threads.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  writePages(options.out);
  console.log(
    options.json ? JSON.stringify(result) : [...netTable(result), '', ...otherNetsTable(result)].join('\n'),
  );
}

/** The contenders that were asked for: those that are here, with what `find` found, and those that are not. */
function findContenders({ only, peersDir }) {
  const here = [];
  const missing = [];
  for (const [family, list] of Object.entries(families)) {
    for (const contender of list) {
      const { name, title, install } = contender;
      if (install !== undefined && only !== undefined && !only.includes(name)) continue;
      const found = contender.find(peersDir);
      if (found !== undefined) here.push({ ...contender, family, found });
      else if (family !== 'otherNets') missing.push({ name, title, install: install(peersDir) });
    }
  }
  // The products of rownet are there to be compared.
  const alone = !here.some(({ name }) => name === 'openblas');
  return { here: here.filter(({ name }) => !(alone && name === 'rownet-matmul')), missing };
}

async function measure({ threads, rounds: count, peersDir, quick: isQuick }, here) {
  const rownet = await importRownet();
  const { fmaBurst, runtimeInfo, setThreads } = rownet;
  const sizes = isQuick ? quick : full;
  const folder = mkdtempSync(join(tmpdir(), 'rownet-peers-'));
  try {
    await writeFixture(folder);
    const entries = here.flatMap((contender) => entriesOf(contender, { folder, threads, sizes }));
    writeOtherNets(
      rownet,
      folder,
      otherNets.filter(({ name }) => entries.some(({ net }) => net === name)),
    );
    const rounds = [];
    setThreads(threads);
    // The machine's arithmetic limit at this moment, in GFLOP/s: it drifts, and the figures drift with it.
    const burst = () => Math.max(...[1, 2, 3].map(() => fmaBurst(threads, 0.1)));
    for (let round = 0; round < count; round += 1) {
      const before = burst();
      for (const entry of round % 2 === 0 ? entries : [...entries].reverse()) {
        const { contender, command, replies } = entry;
        const on = `${entry.threads} thread${entry.threads > 1 ? 's' : ''}`;
        const what = entry.net === undefined ? contender.title : `${contender.title}, ${entry.net}`;
        console.error(`round ${round + 1} of ${count}: ${what}, ${on}`);
        replies.push(await run(contender, command, environment(contender, entry.threads, peersDir)));
      }
      rounds.push({ fmaBursts: [before, burst()] });
    }
    const of = (wanted) =>
      entries
        .filter(({ contender }) => contender.family === wanted)
        .map(({ contender: { name, title }, threads, net, replies }) => ({
          name,
          title,
          threads,
          ...(net === undefined ? {} : { net }),
          replies,
        }));
    return {
      machine: describeMachine(threads, runtimeInfo()),
      rounds,
      ...Object.fromEntries(Object.keys(families).map((family) => [family, of(family)])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is run of a contender in each round: once, for each number of threads, or for each net. */
function entriesOf(contender, { folder, threads, sizes }) {
  const entry = (command, more) => ({
    contender,
    threads,
    replies: [],
    ...more,
    command: command.map(String),
  });
  const { family, found, command, steps = allSteps } = contender;
  if (family === 'net') {
    const args = [folder, threads, sizes.epochs, Math.min(steps, sizes.steps), sizes.repeats];
    return [entry(command(found, args.map(String)))];
  }
  if (family === 'otherNets') {
    return otherNets.map(({ name }) => entry(command(found, [folder, name, threads]), { net: name }));
  }
  return [...new Set([1, threads])].map((some) =>
    entry(command(found, some, sizes.products), { threads: some }),
  );
}

/** What the contender prints, as an object. */
function run({ title }, [program, ...args], env) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (part) => {
      output[name] += part;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output.stdout));
      else
        reject(new Error(`${title}: ended with ${signal ?? `exit code ${code}`}: ${output.stderr.trim()}`));
    });
  });
}

function describeMachine(threads, { compiler, isa }) {
  return {
    rownet: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    commit: currentCommit(),
    date: new Date().toISOString(),
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    threads,
    isa,
    compiler,
    peersCompiler: compilerVersion(),
  };
}

/** null outside of a clone. */
function currentCommit() {
  try {
    const args = ['describe', '--always', '--dirty', '--exclude=*'];
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

/** peers.md and peers.svg, from all results of a folder. The chart is of the one with the most threads. */
function writePages(folder) {
  const results = readdirSync(folder)
    .filter((name) => /^peers-\d+-threads\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .sort((a, b) => b.machine.threads - a.machine.threads);
  if (results.length === 0) throw new Error(`bench:peers: ${folder}: expected a result but there is none`);
  writeFileSync(join(folder, 'peers.md'), page(results));
  writeFileSync(join(folder, 'peers.svg'), chart(results[0]));
}
