// npm run bench:peers: rownet beside other systems on the same workload; --help lists the options.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chart } from './chart.mjs';
import { compilerVersion, contenders, environment, gemmContenders, peerNames } from './contenders.mjs';
import { writeFixture } from './fixture.mjs';
import { parseOptions, UsageError, usage } from './options.mjs';
import { importRownet, root } from './paths.mjs';
import { netTable, page, summarize } from './report.mjs';

const allSteps = 468;
const full = { epochs: 2, steps: allSteps, repeats: 200, products: 30 };
const quick = { epochs: 1, steps: 60, repeats: 30, products: 5 };

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
  console.log(options.json ? JSON.stringify(result) : netTable(result).join('\n'));
}

/** The contenders that were asked for: those that are here, with what `find` found, and those that are not. */
function findContenders({ only, peersDir }) {
  const here = [];
  const missing = [];
  for (const contender of [...contenders, ...gemmContenders]) {
    const { name, title, install } = contender;
    if (install !== undefined && only !== undefined && !only.includes(name)) continue;
    const found = contender.find(peersDir);
    if (found !== undefined) here.push({ ...contender, found });
    else missing.push({ name, title, install: install(peersDir) });
  }
  // The products of rownet are there to be compared.
  const alone = !here.some(({ name }) => name === 'openblas');
  return { here: here.filter(({ name }) => !(alone && name === 'rownet-matmul')), missing };
}

async function measure({ threads, rounds: count, peersDir, quick: isQuick }, here) {
  const { fmaBurst, runtimeInfo, setThreads } = await importRownet();
  const sizes = isQuick ? quick : full;
  const folder = mkdtempSync(join(tmpdir(), 'rownet-peers-'));
  try {
    await writeFixture(folder);
    const net = here.filter(({ name }) => contenders.some((one) => one.name === name));
    const gemm = here.filter(({ name }) => gemmContenders.some((one) => one.name === name));
    const entries = [
      ...net.map((contender) => ({
        contender,
        threads,
        command: contender.command(
          contender.found,
          [
            folder,
            threads,
            sizes.epochs,
            Math.min(contender.steps ?? allSteps, sizes.steps),
            sizes.repeats,
          ].map(String),
        ),
        replies: [],
      })),
      ...[...new Set([1, threads])].flatMap((some) =>
        gemm.map((contender) => ({
          contender,
          threads: some,
          command: contender.command(contender.found, some, sizes.products).map(String),
          replies: [],
        })),
      ),
    ];
    const rounds = [];
    setThreads(threads);
    // The machine's arithmetic limit at this moment, in GFLOP/s: it drifts, and the figures drift with it.
    const burst = () => Math.max(...[1, 2, 3].map(() => fmaBurst(threads, 0.1)));
    for (let round = 0; round < count; round += 1) {
      const before = burst();
      for (const entry of round % 2 === 0 ? entries : [...entries].reverse()) {
        const { contender, command, replies } = entry;
        const on = `${entry.threads} thread${entry.threads > 1 ? 's' : ''}`;
        console.error(`round ${round + 1} of ${count}: ${contender.title}, ${on}`);
        replies.push(await run(contender, command, environment(contender, entry.threads, peersDir)));
      }
      rounds.push({ fmaBursts: [before, burst()] });
    }
    const describe = ({ contender: { name, title }, threads, replies }) => ({
      name,
      title,
      threads,
      replies,
    });
    const of = (list) => entries.filter(({ contender }) => list.includes(contender)).map(describe);
    return { machine: describeMachine(threads, runtimeInfo()), rounds, net: of(net), gemm: of(gemm) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
