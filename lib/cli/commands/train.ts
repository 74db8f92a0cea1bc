/** `rownet train`: trains a net and keeps its run folder. */
import { dirname, resolve } from 'node:path';
import type { DataSource } from '../../data/datasets.js';
import { backgroundLevel } from '../../data/net-input.js';
import { createEngine } from '../../engines/create.js';
import { DivergedError } from '../../errors.js';
import { runtimeInfo, setThreads } from '../../kernels.js';
import { LeNet5, lenet5Side } from '../../nets/lenet5.js';
import { recipeForRun } from '../../training/run-recipe.js';
import { Trainer } from '../../training/trainer.js';
import { AccuracyError, UsageError } from '../exit.js';
import { LiveView } from './train/live.js';
import { lockFolder } from '../lock.js';
import { describeMachine } from '../machine.js';
import { LossSamples, plotLines } from '../terminal/loss-plot.js';
import { measure } from './measure.js';
import type { OptionsOf } from '../options/commands.js';
import { isVerbose, percent, print, printJson, shellWord } from '../terminal/output.js';
import { describePlan } from './train/plan-report.js';
import { printable } from '../terminal/printable.js';
import { createReporter, type Reporter } from '../terminal/progress.js';
import { type Durable, RunCheckpoints } from '../run-checkpoints.js';
import { checkSameData, type RunConfig } from '../run-config.js';
import {
  createDefaultRunFolder,
  createRunFolder,
  curvesTitle,
  type EpochMetrics,
  RunFolder,
} from '../run-folder.js';
import { loadNewData, loadRunData } from '../run-data.js';
import { restoreParams } from '../saved-net.js';
import { listenForStop, type StopCause, stopExitCode } from '../terminal/signals.js';
import { median } from '../statistics.js';
import type { TensorBoard } from './train/tensorboard.js';
import { resolveThreads } from '../options/threads.js';
import { fallbackLine, type Plan, planTraining, type ResumedRun } from './train/plan.js';
import {
  type DoneFacts,
  describeEnd,
  describeEpoch,
  describePosition,
  describeStart,
  doneEvent,
  durableEvent,
  epochMetrics,
  startEvent,
  type TotalTime,
} from './train/report.js';
import { lineWidth } from '../terminal/width.js';

type TrainOptions = OptionsOf<'train'>;

/** A training under way, and what its parts share. */
interface Session {
  readonly options: TrainOptions;
  readonly config: RunConfig;
  readonly source: DataSource;
  readonly folder: RunFolder;
  readonly net: LeNet5;
  readonly trainer: Trainer;
  readonly checkpoints: RunCheckpoints;
  /** Of every completed epoch, those before a `--resume` included. */
  readonly metrics: EpochMetrics[];
  readonly reporter: Reporter;
  readonly losses: LossSamples;
}

interface SessionParts {
  readonly options: TrainOptions;
  readonly plan: Plan;
  readonly source: DataSource;
  readonly folder: RunFolder;
  readonly live: LiveView | undefined;
}

/** Runs the command. A stop by a signal sets `process.exitCode`; every other failure is thrown. */
export async function train(options: TrainOptions): Promise<void> {
  const draft = planTraining(options);
  setThreads(resolveThreads(options.threads));
  const source = loadData(draft, options);
  const folder =
    options.out === undefined && options.resume === undefined
      ? createDefaultRunFolder(draft.config.recipe.name)
      : createRunFolder(draft.path);
  const lock = await lockFolder(folder.path);
  const stop = listenForStop();
  try {
    // Another process may have trained here until now: what counts is what is there once the folder is locked.
    const plan = planTraining({ ...options, out: folder.path });
    folder.take(lock);
    const fallback = plan.resumed === undefined ? undefined : fallbackLine(plan.resumed);
    // Also under --quiet: a checkpoint that is damaged or missing is an error, if one that is mended.
    if (fallback !== undefined) process.stderr.write(`${fallback}\n`);
    const live = liveView(options, folder, stop.signal);
    // A port that is taken is told before the run has begun.
    await live?.listen();
    const session = openSession({ options, plan, source, folder, live });
    announce(session, plan);
    await live?.open();
    const started = performance.now();
    const trained = await trainEpochs(session, stop.signal);
    const cause = stop.cause();
    // Of exactly the step at which the training was stopped.
    session.checkpoints.write();
    const total = { seconds: (performance.now() - started) / 1000, held: live?.page.secondsHeld ?? 0 };
    if (cause === undefined) finish(session, trained, total);
    else reportStop(session, cause);
    await live?.stay();
  } finally {
    stop.dispose();
    lock.release();
  }
}

function liveView(options: TrainOptions, { path }: RunFolder, signal: AbortSignal): LiveView | undefined {
  const { live, quiet = false, json = false } = options;
  if (live === undefined) return undefined;
  const port = live === true ? 0 : live;
  return new LiveView({ port, json, reporter: createReporter(quiet), signal, folder: path });
}

function loadData({ config, resumed }: Plan, options: TrainOptions): DataSource {
  const offline = options.offline ?? false;
  const source =
    resumed === undefined ? loadNewData(config, { ...options, offline }) : loadRunData(config, { offline });
  if (resumed !== undefined) checkSameData(resumed.config, source.sha256, resumed.file);
  const [, height, width] = source.train.shape;
  if (height < lenet5Side || width < lenet5Side) {
    throw new UsageError(
      `train: --resize: expected pictures of at least ${lenet5Side}x${lenet5Side}, the smallest that LeNet-5 takes, ` +
        `but received ${height}x${width}. Hint: leave --resize out, or choose --resize pad or --resize fit`,
    );
  }
  const { batchSize } = config.recipe;
  if (batchSize === 'auto' || batchSize <= source.train.count) return source;
  throw new UsageError(
    `train: --batch-size: expected at most ${source.train.count} (the training images) but received ${batchSize}. ` +
      'Hint: choose a smaller one',
  );
}

/** Builds net and trainer, and writes the run folder's first state: from here on it can be resumed. */
function openSession({ options, plan, source, folder, live }: SessionParts): Session {
  const { resumed } = plan;
  const { name, classNames, shape } = source.train;
  const config: RunConfig = {
    ...plan.config,
    recipe: recipeForRun(plan.config.recipe, source.train),
    isa: resumed?.config.isa ?? runtimeInfo().isa,
    data: {
      ...plan.config.data,
      set: name,
      sha256: source.sha256,
      preparation: source.preparation,
      background: backgroundLevel(source.train.images, shape[1], shape[2]),
      ...(classNames === undefined ? {} : { classNames }),
    },
  };
  const { recipe, seed, engine } = config;
  const net = new LeNet5({
    seed,
    init: recipe.init,
    classes: source.train.classes,
    inputSize: [shape[1], shape[2]],
  });
  if (resumed !== undefined) restoreParams(net, resumed.checkpoint, resumed.file);
  const resume = resumed === undefined ? {} : { resume: { ...resumed.checkpoint, seed, recipe } };
  const trainer = new Trainer(net, { recipe, seed, engine, live: live?.page ?? false, ...resume });
  const metrics = resumed === undefined ? [] : earlierMetrics(resumed);
  const reporter = createReporter(options.quiet ?? false);
  folder.writeMetrics(metrics);
  const checkpoints = new RunCheckpoints({
    folder,
    net,
    trainer,
    config,
    every: options.checkpointEvery ?? { epochs: 1 },
    generation: resumed?.checkpoint.generation ?? 0,
    keep: resumed !== undefined && resolve(resumed.file) === resolve(folder.checkpoint),
    onDurable: (durable) => tellDurable(options, reporter, durable),
  });
  folder.writeConfig(config);
  folder.writeMachine(describeMachine());
  const losses = new LossSamples(recipe.epochs);
  return { options, config, source, folder, net, trainer, checkpoints, metrics, reporter, losses };
}

/** A line only where checkpoints were asked for: most runs end before anyone wonders. */
function tellDurable(options: TrainOptions, reporter: Reporter, durable: Durable): void {
  if (options.json) printJson(durableEvent(durable));
  if (options.checkpointEvery !== undefined) {
    reporter.log(`durable ${durable.generation}: ${describePosition(durable)}, ${printable(durable.file)}`);
  }
}

/** Those of the run that is continued, which may stand in another folder; a kill may have left one epoch too many. */
function earlierMetrics({ file, checkpoint }: ResumedRun): EpochMetrics[] {
  return new RunFolder(dirname(file)).readMetrics(checkpoint.epoch);
}

function announce(session: Session, { resumed }: Plan): void {
  const { options, config, source, net, trainer, checkpoints, folder, reporter } = session;
  const runtime = runtimeInfo();
  const { isa, threads } = runtime;
  const facts = {
    config,
    isa,
    threads,
    engine: trainer.engine.name,
    images: source.train.count,
    testImages: source.test.count,
    source,
    parameters: net.arena.length,
    out: folder.path,
    ...(resumed === undefined ? {} : { resumed: resumed.checkpoint }),
  };
  if (options.json) printJson(startEvent(facts));
  for (const line of describeStart(facts, lineWidth(process.stderr))) reporter.log(line);
  for (const note of source.notes) reporter.log(`note: ${printable(note)}`);
  if (isVerbose()) for (const line of describePlan(net, trainer.engine.name, runtime)) reporter.log(line);
  if (resumed !== undefined) for (const line of resumeNotes(session, resumed)) reporter.log(line);
  tellDurable(options, reporter, checkpoints.last);
}

/** What makes a continued run end with other metrics or other bits than a straight one. */
function resumeNotes(session: Session, { config: stored, checkpoint }: ResumedRun): string[] {
  const { config, net, trainer, metrics, folder } = session;
  const { recipe } = config;
  const notes: string[] = [];
  if (metrics.length < checkpoint.epoch) {
    notes.push(
      `The metrics of ${checkpoint.epoch - metrics.length} of the ${checkpoint.epoch} epochs before are missing or ` +
        `damaged: ${folder.metricsPath} and the curves go on without them`,
    );
  }
  if (stored.recipe.epochs !== recipe.epochs && recipe.schedule !== 'constant') {
    notes.push(
      `The learning rate now follows its schedule over ${recipe.epochs} epochs instead of ` +
        `${stored.recipe.epochs}: the result is not that of one run of as many`,
    );
  }
  const { name } = createEngine(stored.engine, net, { normalization: recipe.normalization });
  if (name !== trainer.engine.name) {
    notes.push(
      `The engine is now ${trainer.engine.name} instead of ${name}: the result differs from that of a straight run by rounding`,
    );
  }
  const { isa } = runtimeInfo();
  if (stored.isa !== undefined && stored.isa !== isa) {
    notes.push(
      `The run was started at ${stored.isa}, this is ${isa}: the result differs from that of a straight run by rounding`,
    );
  }
  return notes;
}

/** Trains to the last epoch or a stop, and writes each completed epoch. Returns the seconds of the epochs. */
async function trainEpochs(session: Session, signal: AbortSignal): Promise<number[]> {
  const { options, config, source, folder, trainer, checkpoints, metrics, reporter, losses } = session;
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
        checkpoints.afterStep();
        const { epoch, step, steps, imagesPerSecond } = progress;
        losses.add(progress);
        const stepsLeft = (epochs - epoch) * steps + steps - step;
        reporter.update({ ...progress, epochs, secondsLeft: (stepsLeft * batchSize) / imagesPerSecond });
      },
    });
    for await (const record of records) {
      if (record.interrupted) break;
      const line = epochMetrics(record);
      metrics.push(line);
      folder.appendMetrics(line);
      checkpoints.afterEpoch(line.epoch, epochs);
      folder.writeCurves(curvesTitle(config), metrics);
      board?.onEpoch(line);
      seconds.push(line.seconds);
      reporter.log(describeEpoch(line, epochs, source.train.count, lineWidth(process.stderr)));
      if (options.json) printJson({ event: 'epoch', ...line });
    }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const kept = `The checkpoint of ${describePosition(checkpoints.last)} is kept: ${folder.checkpoint}`;
    throw new DivergedError(`${error.message}. ${kept}`, { cause: error });
  } finally {
    reporter.clear();
  }
  return seconds;
}

/** Loaded only where it is asked for. */
async function openBoard({ options, config, source, folder }: Session): Promise<TensorBoard | undefined> {
  if (options.tensorboard === undefined) return undefined;
  const { openTensorBoard } = await import('./train/tensorboard.js');
  return openTensorBoard({
    folder: options.tensorboard === true ? folder.path : options.tensorboard,
    batchSize: config.recipe.batchSize,
    images: source.train.count,
  });
}

function finish(session: Session, seconds: readonly number[], total: TotalTime): void {
  const { options, config, source, folder, net, trainer, metrics, reporter } = session;
  const last = metrics.at(-1);
  const { epoch } = trainer.state();
  const tested =
    last?.epoch === epoch && last.testLoss !== undefined && last.testAccuracy !== undefined
      ? { loss: last.testLoss, accuracy: last.testAccuracy }
      : measure('train', net, source.test, {
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
    warning: last?.warning ?? null,
  };
  const columns = lineWidth(options.json ? process.stderr : process.stdout);
  const ending = describeEnd(facts, folder.path, source.train.count, total, columns);
  if (options.json) {
    printJson(doneEvent(facts));
    for (const line of ending) reporter.log(line);
  } else {
    for (const line of plotLines(metrics, session.losses)) reporter.log(line);
    // The result, unlike all before it: to stdout, also under --quiet.
    for (const line of ending) print(line);
  }
  if (facts.warning !== null) reporter.log(`warning: ${printable(facts.warning)}`);
  const required = options.requireAccuracy;
  if (required !== undefined && tested.accuracy < required) {
    throw new AccuracyError(
      `train: --require-accuracy: expected a test accuracy of at least ${percent(required)} but received ` +
        `${percent(tested.accuracy)}. The checkpoint is kept: ${folder.checkpoint}`,
    );
  }
}

function reportStop({ options, folder, checkpoints, reporter }: Session, cause: StopCause): void {
  const { epoch, step } = checkpoints.last;
  if (options.json) {
    printJson({ event: 'interrupted', cause, epoch, step, checkpoint: folder.checkpoint });
  }
  const reason =
    cause === 'stdout' ? 'Stopped, since nothing can be written to stdout' : `Stopped by ${cause}`;
  reporter.log(
    `${reason}; the checkpoint of ${describePosition(checkpoints.last)} is in ${printable(folder.checkpoint)}`,
  );
  reporter.log(`To continue: rownet train --resume ${printable(shellWord(folder.path))}`);
  const code = stopExitCode(cause);
  if (code !== undefined) process.exitCode = code;
}
