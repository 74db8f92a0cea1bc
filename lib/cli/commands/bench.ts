/**
 * `rownet bench`: training and inference on this machine. Each engine at each instruction set level runs in processes of
 * its own, in alternating order, so that a machine that drifts does not favour one.
 */
import { fork } from 'node:child_process';
import { arch, availableParallelism, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { absoluteName, locate } from '../../data/registry.js';
import { DataError } from '../../errors.js';
import { isaLevels as allLevels } from '../../kernels/runtime.js';
import { runtimeInfo } from '../../kernels.js';
import { articleSecondsPerEpoch } from '../../plots/article.js';
import { cpuModel, packageCommit } from '../../runs/machine.js';
import { tellTooManyThreads } from '../../threads.js';
import { packageVersion } from '../../version.js';
import type { OptionsOf } from '../options/commands.js';
import { resolveThreads } from '../options/threads.js';
import { print, printJson } from '../terminal/output.js';
import { createReporter } from '../terminal/progress.js';
import { lineWidth } from '../terminal/width.js';
import { batchSize } from './bench/measure.js';
import { contenderReport, describeBench } from './bench/report.js';
import type { BenchMessage, BenchReply, BenchRequest } from './bench/worker.js';

const defaultEpochs = 5;
/** Steps over which layers and inference are measured. */
const defaultRepeats = 200;
const quickRepeats = 40;
const engines = ['lanes', 'rows'] as const;

export async function bench(options: OptionsOf<'bench'>): Promise<void> {
  const threads = resolveThreads(options.threads);
  // The processes that measure keep it to themselves.
  tellTooManyThreads(threads);
  const { compiler } = runtimeInfo();
  const reporter = createReporter(false);
  const data = findData(options.data, (line) => reporter.log(line));
  const rounds = planRounds(options.quick ? 1 : (options.epochs ?? defaultEpochs));
  const repeats = options.quick ? quickRepeats : defaultRepeats;
  const contenders = benchLevels().flatMap((isa) => engines.map((engine) => ({ isa, engine })));
  const replies = contenders.map((): BenchReply[] => []);
  for (const [round, epochs] of rounds.entries()) {
    const order = contenders.map((_, index) => index);
    if (round % 2 === 1) order.reverse();
    for (const index of order) {
      const { isa, engine } = contenders[index];
      const what = `${epochs} timed ${epochs === 1 ? 'epoch' : 'epochs'}`;
      reporter.log(`${engine}, ${isa}: round ${round + 1} of ${rounds.length}, ${what}`);
      const request = { engine, threads, data, epochs, repeats: round === 0 ? repeats : 0 };
      replies[index].push(await runWorker(isa, request));
    }
  }
  const [{ images, flopPerImage }] = replies[0];
  const report = {
    rownet: packageVersion(),
    commit: packageCommit(),
    date: new Date().toISOString(),
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpuModel(),
    cores: availableParallelism(),
    threads,
    compiler,
    data: data ?? 'synthetic',
    images,
    batchSize,
    flopPerEpoch: images * flopPerImage,
    articleSecondsPerEpoch,
    contenders: replies.map(contenderReport),
  };
  if (options.json) printJson(report);
  else for (const line of describeBench(report, lineWidth(process.stdout))) print(line);
}

/** The levels of wider vectors than the lowest, as far as CPU and ROWNET_MAX_ISA allow, else the one in use. */
function benchLevels(): string[] {
  const { isa, isaLevels } = runtimeInfo();
  const allowed = isaLevels.slice(0, isaLevels.indexOf(isa) + 1);
  const [lowest, ...higher] = allLevels();
  const levels = higher
    .filter(({ name, vectorWidth }) => allowed.includes(name) && vectorWidth > lowest.vectorWidth)
    .map(({ name }) => name)
    .reverse();
  return levels.length > 0 ? levels : [isa];
}

/** Epochs of each round: two rounds, where there is more than one epoch to share out. */
function planRounds(epochs: number): number[] {
  return epochs === 1 ? [1] : [Math.ceil(epochs / 2), Math.floor(epochs / 2)];
}

/** null (random images) where no data was asked for and MNIST is not installed. */
function findData(option: string | undefined, log: (line: string) => void): string | null {
  const name = absoluteName(option ?? 'mnist');
  try {
    locate(name);
    return name;
  } catch (error) {
    if (option !== undefined || !(error instanceof DataError)) throw error;
    log(`MNIST is not installed: measuring on random images of its size. ${error.message}`);
    return null;
  }
}

/** Runs one contender. Its stderr is ours; an error of it is thrown here with its code. */
function runWorker(isa: string, request: BenchRequest): Promise<BenchReply> {
  const path = fileURLToPath(new URL('./bench/worker.js', import.meta.url));
  const child = fork(path, [JSON.stringify(request)], {
    env: { ...process.env, ROWNET_MAX_ISA: isa },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (message: BenchMessage) => {
      if ('reply' in message) resolve(message.reply);
      else reject(Object.assign(new Error(message.error.message), { code: message.error.code }));
    });
    child.once('close', (code, signal) =>
      reject(
        new Error(
          `bench: expected a result at ${isa} but the process ended with ${signal ?? `exit code ${code}`}`,
        ),
      ),
    );
  });
}
