/** `rownet train`: trains a net and keeps its run folder. */
import { basename, dirname } from 'node:path';
import { type DataSource, loadDataset } from '../../data/datasets.js';
import { DivergedError } from '../../errors.js';
import { saveCheckpoint } from '../../formats/checkpoint.js';
import { runtimeInfo, setThreads } from '../../kernels.js';
import { LeNet5 } from '../../nets/lenet5.js';
import { computeAccuracy } from '../../training/evaluate.js';
import { Trainer } from '../../training/trainer.js';
import { AccuracyError, UsageError } from '../exit.js';
import { LiveView } from '../live.js';
import { lockFolder } from '../lock.js';
import type { OptionsOf } from '../options.js';
import { percent, printJson } from '../output.js';
import { createReporter, type Reporter } from '../progress.js';
import { checkSameData, type RunConfig } from '../run-config.js';
import { checkNewRun, createRunFolder, type EpochMetrics, RunFolder } from '../run-folder.js';
import { restoreParams } from '../saved-net.js';
import { listenForStop, type StopCause, stopExitCode } from '../signals.js';
import { median } from '../statistics.js';
import type { TensorBoard } from '../tensorboard.js';
import { resolveThreads } from '../threads.js';
import { type Plan, planTraining, type ResumedRun } from '../train-plan.js';
import {
  type DoneFacts,
  describeEnd,
  describeEpoch,
  describeStart,
  doneEvent,
  epochMetrics,
  startEvent,
} from '../train-report.js';

type TrainOptions = OptionsOf<'train'>;

/** A training under way, and what its parts share. */
interface Session {
  readonly options: TrainOptions;
  readonly config: RunConfig;
  readonly source: DataSource;
  readonly folder: RunFolder;
  readonly net: LeNet5;
  readonly trainer: Trainer;
  /** Of every completed epoch, those before a `--resume` included. */
  readonly metrics: EpochMetrics[];
  readonly reporter: Reporter;
}

/** Runs the command. A stop by a signal sets `process.exitCode`; every other failure is thrown. */
export async function train(options: TrainOptions): Promise<void> {
  const plan = planTraining(options);
  setThreads(resolveThreads(options.threads));
  const source = loadData(plan);
  const config = { ...plan.config, data: { ...plan.config.data, sha256: source.sha256 } };
  const folder = createRunFolder(plan.path);
  const lock = await lockFolder(folder.path);
  // Another run may have come and gone since the plan was made.
  if (plan.resumed === undefined) checkNewRun(plan.path);
  const stop = listenForStop();
  try {
    const live = options.live === undefined ? undefined : liveView(options, stop.signal);
    const session = openSession(options, plan, config, source, folder, live);
    announce(session, plan);
    await live?.open();
    const started = performance.now();
    const trained = await trainEpochs(session, stop.signal);
    const cause = stop.cause();
    if (cause === undefined) finish(session, trained, (performance.now() - started) / 1000);
    else reportStop(session, cause);
    await live?.stay();
  } finally {
    stop.dispose();
    lock.release();
  }
}

function liveView({ live, quiet, json }: TrainOptions, signal: AbortSignal): LiveView {
  const reporter = createReporter(quiet ?? false);
  return new LiveView({
    port: live === true || live === undefined ? 0 : live,
    reporter,
    onListen(url) {
      reporter.log(`Live page: ${url}`);
      if (json) printJson({ event: 'live', url });
    },
    signal,
    runs: () => [],
  });
}

function loadData({ config, resumed }: Plan): DataSource {
  const { name, limit } = config.data;
  const source = loadDataset(name, { resize: config.recipe.resize, ...(limit === null ? {} : { limit }) });
  if (resumed !== undefined) checkSameData(resumed.config, source.sha256, resumed.file);
  const { batchSize } = config.recipe;
  if (batchSize <= source.train.count) return source;
  throw new UsageError(
    `train: --batch-size: expected at most ${source.train.count} (the training images) but received ${batchSize}. ` +
      'Hint: choose a smaller one',
  );
}

/** Builds net and trainer, and writes the run folder's first state: from here on it can be resumed. */
function openSession(
  options: TrainOptions,
  plan: Plan,
  config: RunConfig,
  source: DataSource,
  folder: RunFolder,
  live: LiveView | undefined,
): Session {
  const { recipe, seed, engine } = config;
  const net = new LeNet5({ seed, init: recipe.init, classes: source.train.classes });
  const saved = plan.resumed?.checkpoint;
  if (plan.resumed !== undefined) restoreParams(net, plan.resumed.checkpoint, plan.resumed.file);
  const trainer = new Trainer(net, {
    recipe,
    seed,
    engine,
    live: live?.page ?? false,
    ...(saved === undefined
      ? {}
      : { resume: { epoch: saved.epoch, step: saved.step, velocity: saved.velocity, seed, recipe } }),
  });
  const metrics = plan.resumed === undefined ? [] : earlierMetrics(plan.resumed);
  const session = {
    options,
    config,
    source,
    folder,
    net,
    trainer,
    metrics,
    reporter: createReporter(options.quiet ?? false),
  };
  folder.writeConfig(config);
  folder.writeMetrics(metrics);
  writeCheckpoint(session);
  return session;
}

/** Those of the run that is continued, which may stand in another folder; a kill may have left one epoch too many. */
function earlierMetrics({ file, checkpoint }: ResumedRun): EpochMetrics[] {
  return new RunFolder(dirname(file)).readMetrics(checkpoint.epoch);
}

function writeCheckpoint({ folder, config, net, trainer }: Session): void {
  const { epoch, step, velocity } = trainer.state();
  saveCheckpoint(folder.checkpoint, {
    params: net.getParams(),
    velocity: new Map(velocity),
    architecture: net.architecture,
    config,
    epoch,
    step,
  });
}

function announce({ options, config, source, net, trainer, folder, reporter }: Session, plan: Plan): void {
  const { isa, threads } = runtimeInfo();
  const facts = {
    config,
    isa,
    threads,
    engine: trainer.engine.name,
    images: source.train.count,
    testImages: source.test.count,
    parameters: net.arena.length,
    out: folder.path,
    epoch: plan.resumed?.checkpoint.epoch ?? 0,
  };
  if (options.json) printJson(startEvent(facts));
  for (const line of describeStart(facts)) reporter.log(line);
  const planned = plan.resumed?.config.recipe.epochs;
  if (planned !== undefined && planned !== config.recipe.epochs && config.recipe.schedule !== 'constant') {
    reporter.log(
      `The learning rate now follows its schedule over ${config.recipe.epochs} epochs instead of ${planned}: ` +
        'the result is not that of one run of as many',
    );
  }
}

/** Trains to the last epoch or a stop, and writes each completed epoch. Returns the seconds of the epochs. */
async function trainEpochs(session: Session, signal: AbortSignal): Promise<number[]> {
  const { options, config, source, folder, trainer, metrics, reporter } = session;
  const { epochs, batchSize } = config.recipe;
  const seconds: number[] = [];
  if (trainer.state().epoch >= epochs) return seconds;
  const board = await openBoard(session);
  try {
    const records = trainer.fit(source.train, {
      epochs,
      validation: source.test,
      signal,
      onProgress(progress) {
        board?.onStep(progress);
        const { epoch, step, steps, imagesPerSecond } = progress;
        const stepsLeft = (epochs - epoch) * steps + steps - step;
        reporter.update({ ...progress, epochs, secondsLeft: (stepsLeft * batchSize) / imagesPerSecond });
      },
    });
    for await (const record of records) {
      if (record.interrupted) break;
      const line = epochMetrics(record);
      checkFinite(line);
      metrics.push(line);
      folder.appendMetrics(line);
      writeCheckpoint(session);
      folder.writeCurves(curvesTitle(config), metrics);
      board?.onEpoch(line);
      seconds.push(line.seconds);
      // Told after the checkpoint is durable, so that whoever reads it can rely on the file.
      reporter.log(describeEpoch(line, epochs, source.train.count));
      if (options.json) printJson({ event: 'epoch', ...line });
    }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const kept = `The checkpoint of epoch ${metrics.at(-1)?.epoch ?? 0} is kept: ${folder.checkpoint}`;
    throw new DivergedError(`${error.message}. ${kept}`, { cause: error });
  } finally {
    reporter.clear();
  }
  return seconds;
}

/** Loaded only where it is asked for. */
async function openBoard({ options, config, source, folder }: Session): Promise<TensorBoard | undefined> {
  if (options.tensorboard === undefined) return undefined;
  const { openTensorBoard } = await import('../tensorboard.js');
  return openTensorBoard({
    folder: options.tensorboard === true ? folder.path : options.tensorboard,
    batchSize: config.recipe.batchSize,
    images: source.train.count,
  });
}

/** The last update of an epoch can overflow after its loss was finite: the test loss then shows it. */
function checkFinite({ epoch, testLoss = 0 }: EpochMetrics): void {
  if (Number.isFinite(testLoss)) return;
  throw new DivergedError(
    `train: expected a finite test loss after epoch ${epoch} but received ${testLoss}. Hint: lower --lr`,
  );
}

function curvesTitle({ recipe, seed, data }: RunConfig): string {
  return `LeNet-5, recipe ${recipe.name}, ${basename(data.name)}, seed ${seed}`;
}

function finish(session: Session, seconds: readonly number[], totalSeconds: number): void {
  const { options, config, source, folder, net, trainer, metrics, reporter } = session;
  const last = metrics.at(-1);
  const { epoch } = trainer.state();
  const tested =
    last?.epoch === epoch && last.testLoss !== undefined && last.testAccuracy !== undefined
      ? { loss: last.testLoss, accuracy: last.testAccuracy }
      : computeAccuracy(net, source.test, {
          normalization: config.recipe.normalization,
          engine: config.engine,
        });
  const facts: DoneFacts = {
    checkpoint: folder.checkpoint,
    epochs: epoch,
    testImages: source.test.count,
    testLoss: tested.loss,
    testAccuracy: tested.accuracy,
    secondsPerEpoch: median(seconds),
  };
  if (options.json) printJson(doneEvent(facts));
  for (const line of describeEnd(facts, folder.path, source.train.count, totalSeconds)) reporter.log(line);
  const required = options.requireAccuracy;
  if (required !== undefined && tested.accuracy < required) {
    throw new AccuracyError(
      `train: --require-accuracy: expected a test accuracy of at least ${percent(required)} but received ` +
        `${percent(tested.accuracy)}. The checkpoint is kept: ${folder.checkpoint}`,
    );
  }
}

function reportStop({ options, folder, trainer, reporter }: Session, cause: StopCause): void {
  const { epoch } = trainer.state();
  if (options.json) {
    printJson({ event: 'interrupted', cause, epoch, checkpoint: folder.checkpoint });
  }
  const reason =
    cause === 'stdout' ? 'Stopped, since nothing can be written to stdout' : `Stopped by ${cause}`;
  reporter.log(`${reason}; the checkpoint of epoch ${epoch} is in ${folder.checkpoint}`);
  reporter.log(`To continue: rownet train --resume ${folder.path}`);
  const code = stopExitCode(cause);
  if (code !== undefined) process.exitCode = code;
}
