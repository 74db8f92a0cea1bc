/** `rownet train`: trains a net and keeps its run folder. */
import { dirname, resolve } from 'node:path';
import type { DataSource } from '../../data/datasets.js';
import { createEngine } from '../../engines/create.js';
import { DivergedError } from '../../errors.js';
import { runtimeInfo, setThreads } from '../../kernels.js';
import { shellWord } from '../../files.js';
import { recipeLoss } from '../../training/recipes.js';
import { recipeForRun } from '../../training/run-recipe.js';
import { followsLength } from '../../training/schedules.js';
import { Trainer } from '../../training/trainer.js';
import { AccuracyError, UsageError } from '../exit.js';
import { LiveView } from './train/live.js';
import { lockFolder } from '../../runs/lock.js';
import { LossSamples, plotLines } from '../terminal/loss-plot.js';
import { measure } from './measure.js';
import type { OptionsOf } from '../options/commands.js';
import { isVerbose, percent, print, printJson } from '../terminal/output.js';
import { describePlan } from './train/plan-report.js';
import { printable } from '../terminal/printable.js';
import { createReporter, type Reporter } from '../terminal/progress.js';
import { type Durable, SavedRun } from '../../runs/save-run.js';
import type { RunConfig, RunDraft } from '../../runs/config.js';
import { createRunFolder, RunFolder } from '../../runs/folder.js';
import { epochMetrics } from '../../runs/metrics.js';
import { describeData } from '../../runs/data.js';
import { listenForStop, type StopCause, stopExitCode } from '../terminal/signals.js';
import { median } from '../../runs/statistics.js';
import type { TensorBoard } from './train/tensorboard.js';
import { resolveThreads } from '../options/threads.js';
import { type Material, prepareMaterial } from './train/material.js';
import { checkNewRun, createDefaultRunFolder } from './train/out-folder.js';
import { fallbackLine, findTarget, type Plan, planTraining, type ResumedRun } from './train/plan.js';
import {
  type DoneFacts,
  describeEnd,
  describeEpoch,
  describePosition,
  describeStart,
  doneEvent,
  durableEvent,
  startEvent,
  type TotalTime,
} from './train/report.js';
import { lineWidth } from '../terminal/width.js';
import type { TrainingState } from '../../training/state.js';

type TrainOptions = OptionsOf<'train'>;

/** A training under way, and what its parts share. */
interface Session {
  readonly options: TrainOptions;
  readonly source: DataSource;
  /** Of the net. */
  readonly notes: readonly string[];
  readonly folder: RunFolder;
  readonly trainer: Trainer;
  readonly run: SavedRun;
  readonly reporter: Reporter;
  readonly losses: LossSamples;
}

interface SessionParts {
  readonly options: TrainOptions;
  readonly plan: Plan;
  readonly material: Material;
  readonly folder: RunFolder;
  readonly live: LiveView | undefined;
}

/** Runs the command. A stop by a signal sets `process.exitCode`; every other failure is thrown. */
export async function train(options: TrainOptions): Promise<void> {
  const target = findTarget(options);
  let folder = target.inPlace ? await hold(new RunFolder(target.path)) : undefined;
  try {
    const plan = planTraining(options, target);
    setThreads(resolveThreads(options.threads));
    const material = await prepareMaterial(plan, options);
    folder ??= await newFolder(plan, options);
    await trainIn(folder, plan, material, options);
  } finally {
    folder?.release();
  }
}

/** The folder of a new run. Nothing is left behind where the options or the data are wrong. */
async function newFolder({ path, config }: Plan, { out, resume }: TrainOptions): Promise<RunFolder> {
  const isDefault = out === undefined && resume === undefined;
  const folder = await hold(
    isDefault ? createDefaultRunFolder(config.recipe.name) : createRunFolder('train: --out', path),
  );
  try {
    // Another process may have trained here until now: what counts is what is there once the folder is locked.
    checkNewRun(folder.path);
    return folder;
  } catch (error) {
    folder.release();
    throw error;
  }
}

/** @throws {UsageError} when another process trains in the folder. */
async function hold(folder: RunFolder): Promise<RunFolder> {
  const lock = await lockFolder(folder.path);
  if (lock === undefined) {
    throw new UsageError(`train: expected ${folder.path} to be free but another process trains in it`);
  }
  folder.take(lock);
  return folder;
}

async function trainIn(
  folder: RunFolder,
  plan: Plan,
  material: Material,
  options: TrainOptions,
): Promise<void> {
  const stop = listenForStop();
  try {
    const fallback = plan.resumed === undefined ? undefined : fallbackLine(plan.resumed);
    // Also under --quiet: a checkpoint that is damaged or missing is an error, if one that is mended.
    if (fallback !== undefined) process.stderr.write(`${fallback}\n`);
    const live = liveView(options, folder, stop.signal);
    // A port that is taken is told before the run has begun.
    await live?.listen();
    const session = openSession({ options, plan, material, folder, live });
    announce(session, plan);
    await live?.open();
    const started = performance.now();
    const trained = await trainEpochs(session, stop.signal);
    const cause = stop.cause();
    // Of exactly the step at which the training was stopped.
    session.run.checkpoint();
    const total = { seconds: (performance.now() - started) / 1000, held: live?.page.secondsHeld ?? 0 };
    if (cause === undefined) finish(session, trained, total);
    else reportStop(session, cause);
    await live?.stay();
  } finally {
    stop.dispose();
  }
}

function liveView(options: TrainOptions, { path }: RunFolder, signal: AbortSignal): LiveView | undefined {
  const { live, quiet = false, json = false } = options;
  if (live === undefined) return undefined;
  const port = live === true ? 0 : live;
  return new LiveView({ port, json, reporter: createReporter(quiet), signal, folder: path });
}

/** Builds the trainer, and writes the run folder's first state: from here on it can be resumed. */
function openSession({ options, plan, material, folder, live }: SessionParts): Session {
  const { resumed } = plan;
  const { source, net, notes } = material;
  const config: RunConfig = {
    ...plan.config,
    ...netOptions(plan.config, source),
    recipe: recipeForRun(plan.config.recipe, source.train),
    isa: resumed?.config.isa ?? runtimeInfo().isa,
    data: { ...plan.config.data, ...describeData(source) },
  };
  const { recipe, seed, engine, settings = {} } = config;
  const resume =
    resumed === undefined
      ? {}
      : { resume: { ...resumed.checkpoint, seed, recipe, settings } as TrainingState };
  const made = { recipe, seed, engine, ...settings, live: live?.page ?? false };
  const trainer = new Trainer(net, { ...made, ...resume });
  const reporter = createReporter(options.quiet ?? false);
  const run = new SavedRun({
    folder,
    trainer,
    config,
    every: options.checkpointEvery ?? { epochs: 1 },
    ...(resumed === undefined ? {} : { earlier: earlierOf(resumed) }),
    keep: resumed !== undefined && resolve(resumed.file) === resolve(folder.checkpoint),
    onDurable: (durable) => tellDurable(options, reporter, durable),
  });
  return { options, source, notes, folder, trainer, run, reporter, losses: new LossSamples(recipe.epochs) };
}

/** A module is asked for as many classes when the run is opened again. */
function netOptions({ netFile, netOptions = {} }: RunDraft, { train }: DataSource): Partial<RunDraft> {
  return netFile === undefined ? {} : { netOptions: { ...netOptions, classes: train.classes } };
}

/** A line only where checkpoints were asked for: most runs end before anyone wonders. */
function tellDurable(options: TrainOptions, reporter: Reporter, durable: Durable): void {
  if (options.json) printJson(durableEvent(durable));
  if (options.checkpointEvery !== undefined) {
    reporter.log(`durable ${durable.generation}: ${describePosition(durable)}, ${printable(durable.file)}`);
  }
}

/** Metrics of the run that is continued, which may stand in another folder; a kill may have left one epoch too many. */
function earlierOf({ file, checkpoint: { epoch, generation } }: ResumedRun) {
  return { metrics: new RunFolder(dirname(file)).readMetrics(epoch), generation };
}

function announce(session: Session, { resumed }: Plan): void {
  const { options, source, trainer, run, folder, reporter } = session;
  const { net } = trainer;
  const { config } = run;
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
  for (const note of [...source.notes, ...session.notes]) reporter.log(`note: ${printable(note)}`);
  if (isVerbose()) for (const line of describePlan(net, trainer.engine.name, runtime)) reporter.log(line);
  if (resumed !== undefined) for (const line of resumeNotes(session, resumed)) reporter.log(line);
  tellDurable(options, reporter, run.last);
}

/** What makes a continued run end with other metrics or other bits than a straight one. */
function resumeNotes(session: Session, { config: stored, checkpoint }: ResumedRun): string[] {
  const { trainer, run, folder } = session;
  const { metrics, config } = run;
  const { recipe } = config;
  const notes: string[] = [];
  if (metrics.length < checkpoint.epoch) {
    notes.push(
      `The metrics of ${checkpoint.epoch - metrics.length} of the ${checkpoint.epoch} epochs before are missing or ` +
        `damaged: ${folder.metricsPath} and the curves go on without them`,
    );
  }
  if (stored.recipe.epochs !== recipe.epochs && followsLength(recipe.schedule, recipe.warmup)) {
    notes.push(
      `The learning rate now follows its schedule over ${recipe.epochs} epochs instead of ` +
        `${stored.recipe.epochs}: the result is not that of one run of as many`,
    );
  }
  const { name } = createEngine(stored.engine, trainer.net, { normalization: recipe.normalization });
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
  const { options, source, trainer, run, folder, reporter, losses } = session;
  const { epochs, batchSize } = run.config.recipe;
  const seconds: number[] = [];
  if (trainer.state().epoch >= epochs || trainer.earlyStop !== undefined) return seconds;
  const board = await openBoard(session);
  try {
    const records = trainer.fit(source.train, {
      epochs,
      validation: source.test,
      signal,
      onProgress(progress) {
        board?.onStep(progress);
        run.afterStep();
        const { epoch, step, steps, imagesPerSecond } = progress;
        losses.add(progress);
        const stepsLeft = (epochs - epoch) * steps + steps - step;
        reporter.update({ ...progress, epochs, secondsLeft: (stepsLeft * batchSize) / imagesPerSecond });
      },
    });
    for await (const record of records) {
      if (record.interrupted) break;
      run.record(record);
      const line = epochMetrics(record);
      board?.onEpoch(line);
      seconds.push(line.seconds);
      reporter.log(describeEpoch(line, epochs, comparableImages(session), lineWidth(process.stderr)));
      if (line.earlyStop !== undefined) reporter.log(`stopped early: ${line.earlyStop}`);
      if (options.json) printJson({ event: 'epoch', ...line });
    }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const kept = `The checkpoint of ${describePosition(run.last)} is kept: ${folder.checkpoint}`;
    throw new DivergedError(`${error.message}. ${kept}`, { cause: error });
  } finally {
    reporter.clear();
  }
  return seconds;
}

/** Loaded only where it is asked for. */
async function openBoard({ options, run, source, folder }: Session): Promise<TensorBoard | undefined> {
  if (options.tensorboard === undefined) return undefined;
  const { openTensorBoard } = await import('./train/tensorboard.js');
  return openTensorBoard({
    folder: options.tensorboard === true ? folder.path : options.tensorboard,
    batchSize: run.config.recipe.batchSize,
    images: source.train.count,
  });
}

function finish(session: Session, seconds: readonly number[], total: TotalTime): void {
  const { options, source, folder, trainer, run, reporter } = session;
  const { metrics, config } = run;
  const last = metrics.at(-1);
  const { epoch } = trainer.state();
  const tested =
    last?.epoch === epoch && last.testLoss !== undefined && last.testAccuracy !== undefined
      ? { loss: last.testLoss, accuracy: last.testAccuracy }
      : measure('train', trainer.net, source.test, {
          normalization: config.recipe.normalization,
          loss: recipeLoss(config.recipe),
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
  const ending = describeEnd(facts, folder.path, comparableImages(session), total, columns);
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

/** The images of an epoch, where its time may stand beside the article's: of LeNet-5. */
function comparableImages({ run, source }: Session): number {
  return run.config.net === 'lenet5' ? source.train.count : 0;
}

function reportStop({ options, folder, run, reporter }: Session, cause: StopCause): void {
  const { epoch, step } = run.last;
  if (options.json) {
    printJson({ event: 'interrupted', cause, epoch, step, checkpoint: folder.checkpoint });
  }
  const reason =
    cause === 'stdout' ? 'Stopped, since nothing can be written to stdout' : `Stopped by ${cause}`;
  reporter.log(
    `${reason}; the checkpoint of ${describePosition(run.last)} is in ${printable(folder.checkpoint)}`,
  );
  reporter.log(`To continue: rownet train --resume ${printable(shellWord(folder.path))}`);
  const code = stopExitCode(cause);
  if (code !== undefined) process.exitCode = code;
}
