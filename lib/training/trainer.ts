/** The training loop: epochs of steps, each one `engine.trainStep` with the update of the optimizer. */
import { Batches } from '../data/batches.js';
import type { Dataset } from '../data/datasets.js';
import type { Normalization } from '../data/normalize.js';
import { createEngine } from '../engines/create.js';
import type { Engine, EngineName, StepResult } from '../engines/engine.js';
import { checkParameterMemory } from '../engines/image-set.js';
import { isCounted } from '../engines/targets.js';
import { ArgumentRangeError, DivergedError, StateError } from '../errors.js';
import type { Loss } from '../losses/loss.js';
import type { Net } from '../nets/net.js';
import { checkParameters, diverged, findOrigin } from './divergence.js';
import { figures } from './epoch-figures.js';
import type { EpochRecord } from './epoch-record.js';
import { EventLoopBreaks } from './event-loop.js';
import { checkFitOptions, type FitOptions } from './fit-options.js';
import { type Recipe, type RunRecipe, recipeLoss, recipeOptimizer, resolveRecipe } from './recipes.js';
import { recipeForRun } from './run-recipe.js';
import { observerOf, type TrainingObserver } from './observer.js';
import { learningRate, ownRate } from './schedule.js';
import { checkFunctionGiven, type RateFunction } from './schedules.js';
import { Stopwatch } from './stopwatch.js';
import { type CheckedOptions, type TrainerOptions, withDefaults } from './trainer-options.js';
import type { Tensor } from '../tensor.js';
import type { BestEpoch } from './best.js';
import type { Accuracy } from './evaluate.js';
import { endWarning } from './guessing.js';
import type { TrainingSettings } from './settings.js';
import { type Snapshot, Standing } from './standing.js';
import { checkPosition, checkResumed, type TrainingState } from './state.js';
import { validate } from './validation.js';

/** What one `fit` works with. */
interface Run {
  readonly validation: Dataset | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: FitOptions['onProgress'];
  readonly train: Dataset;
  readonly batches: Batches;
  readonly engine: Engine;
  readonly recipe: RunRecipe;
  readonly totalSteps: number;
  /** Whether there is an accuracy of the training images. */
  readonly counted: boolean;
  readonly observer: TrainingObserver | undefined;
}

/**
 * Trains a net. Whatever ends an epoch early (an abort, an exception from `onProgress`), net and trainer then stand
 * after the last step, and `fit` or `resume` continues from there, to the same bits and metrics as a run without the
 * interruption. A divergence alone is taken back, to where `fit` took up the epoch.
 */
export class Trainer {
  readonly net: Net;
  readonly seed: number;
  /** As it was asked for. */
  readonly engineName: EngineName;
  /** What it was made with, or what it goes on with: checkpoints hold it. */
  readonly settings: TrainingSettings;
  readonly #live: CheckedOptions['live'];
  readonly #schedule: RateFunction | undefined;
  readonly #loss: Loss;
  #recipe: Recipe;
  #engine: Engine | undefined;
  readonly #standing: Standing;
  #fitting = false;
  #observer: TrainingObserver | undefined;

  /**
   * @throws {ArgumentRangeError} for values out of range, and for a `resume` of another seed.
   * @throws {ShapeError} if the optimizer's state of `resume` does not fit the net.
   */
  constructor(net: Net, options: TrainerOptions = {}) {
    const { resume, engine, lr, batchSize, schedule, live, recipe, seed, settings } = withDefaults(options);
    this.net = net;
    this.seed = seed;
    const resolved = resolveRecipe(recipe, { lr, batchSize });
    if (schedule === undefined) checkFunctionGiven(resolved.schedule);
    this.#recipe = schedule === undefined ? resolved : { ...resolved, schedule: 'function' };
    this.#schedule = schedule;
    this.settings = settings;
    this.engineName = engine;
    this.#live = live;
    this.#loss = recipeLoss(this.#recipe);
    const { normalization } = this.#recipe;
    // Here for its checks too: what is wrong with the net is told now, not by fit.
    if (normalization === 'measured') this.#newEngine({ scale: 1, shift: 0 });
    else this.#engine = this.#newEngine(normalization);
    this.#standing = new Standing(net, recipeOptimizer(net, this.#recipe, settings.freeze), settings);
    if (resume === undefined) return;
    checkResumed(resume, seed);
    this.#standing.resume(resume);
  }

  /**
   * The recipe, with what replaced single values of it. From the first `fit` on that of the run: a number stands where it
   * was `auto` or `measured`.
   */
  get recipe(): Recipe {
    return this.#recipe;
  }

  /**
   * How pixels reach the net: what images need that it is to predict, and what has to be kept with its parameters.
   * @throws {StateError} before `fit` has measured it, where the recipe says `measured`.
   */
  get normalization(): Normalization {
    const { normalization } = this.#recipe;
    if (normalization !== 'measured') return normalization;
    throw new StateError(
      'Trainer: expected a normalization but that of the recipe is measured by fit, which has not begun. ' +
        'Hint: { recipe: { ...recipes.fast, normalization: measureNormalization(train.images) } }',
    );
  }

  /**
   * Evaluates and predicts with the trainer's normalization.
   * @throws {StateError} as `normalization`.
   */
  get engine(): Engine {
    this.#engine ??= this.#newEngine(this.normalization);
    return this.#engine;
  }

  #newEngine(normalization: Normalization, train?: Dataset): Engine {
    const { augment } = this.settings;
    const given = { ...(train && { train }), ...(augment && { augment }) };
    return createEngine(this.engineName, this.net, { normalization, loss: this.#loss, ...given });
  }

  /** With `net.getParams()` all that a checkpoint needs, between any two steps: also in `onProgress` and in timers. */
  state(): TrainingState {
    return { ...this.#standing.state(), seed: this.seed, recipe: this.#recipe };
  }

  /** The best epoch so far, by `keepBest`; undefined without it, and before the first one is complete. */
  get best(): BestEpoch | undefined {
    return this.#standing.best;
  }

  /**
   * Puts parameters and buffers of the best epoch into the net. Position and optimizer stay where they are: it is for the
   * end of a training.
   * @throws {StateError} without a best epoch, and while a `fit` is under way.
   */
  restoreBest(): void {
    const { best } = this;
    if (best === undefined || this.#fitting) {
      throw new StateError(
        this.#fitting
          ? 'Trainer.restoreBest: expected no fit of this trainer under way. Hint: end its loop first'
          : "Trainer.restoreBest: expected a best epoch but there is none yet. Hint: new Trainer(net, { keepBest: 'testAccuracy' })",
      );
    }
    this.net.setParams(best.params);
  }

  /**
   * The averaged parameters, with the buffers of now: for `net.setParams`, `saveParams` and the like. Undefined without
   * `averaging`, and before the first step.
   */
  get averaged(): Map<string, Tensor> | undefined {
    return this.#standing.averaged;
  }

  /** Why the training has stopped before its last epoch, by `patience`; undefined where it has not. */
  get earlyStop(): string | undefined {
    return this.#standing.earlyStop;
  }

  /**
   * Trains up to epoch `epochs` and yields a record after each. The event loop has a turn every 10 ms or so. After an
   * abort the last record is marked `interrupted`, unless every epoch was complete; another `fit` goes on from there.
   * @throws {ArgumentRangeError} if nothing is left to train, or the data does not fit the recipe or the resumed run.
   * @throws {ShapeError} for images that are not of the net's input shape.
   * @throws {DivergedError} if loss or parameters are no longer finite, naming step and layer; net and trainer are put
   * back to where this `fit` took up the epoch.
   * @throws {StateError} while another `fit` of this trainer is under way.
   */
  async *fit(train: Dataset, options: FitOptions = {}): AsyncGenerator<EpochRecord, void, undefined> {
    if (this.#fitting) {
      throw new StateError(
        'Trainer.fit: expected no other fit of this trainer under way. Hint: end its loop (break, or return() of the iterator)',
      );
    }
    this.#fitting = true;
    let observer: TrainingObserver | undefined;
    let end: 'finished' | 'stopped' | 'diverged' = 'stopped';
    try {
      const prepared = this.#prepare(train, options);
      observer = await this.#startObserver(prepared, train);
      const run = { ...prepared, observer };
      while (this.#standing.epoch < this.#recipe.epochs) {
        const record = await this.#trainEpoch(run);
        yield record;
        if (record.interrupted) return;
        if (record.earlyStop !== undefined) break;
      }
      end = 'finished';
    } catch (error) {
      if (error instanceof DivergedError) end = 'diverged';
      throw error;
    } finally {
      observer?.end(end);
      this.#fitting = false;
    }
  }

  /** Tells the observer, if one is wanted, what it will see. */
  async #startObserver(
    { engine, validation, batches }: Omit<Run, 'observer'>,
    train: Dataset,
  ): Promise<TrainingObserver | undefined> {
    if (this.#live === false) return undefined;
    this.#observer ??= await observerOf(this.#live);
    const { name, epochs } = this.#recipe;
    const { net, normalization } = this;
    const title = `${net.constructor.name}, recipe ${name}, ${train.name}, seed ${this.seed}`;
    const { classNames } = train;
    const { steps } = batches;
    const images = Math.min(steps * batches.batchSize, train.count);
    const facts = { net, title, epochs, steps, images, engine: engine.name };
    this.#observer.start({ ...facts, normalization, validation, classNames });
    return this.#observer;
  }

  #prepare(train: Dataset, options: FitOptions): Omit<Run, 'observer'> {
    const { keepBest } = this.settings;
    checkFitOptions({ net: this.net, loss: this.#loss, keepBest }, train, options);
    const { epochs = this.#recipe.epochs } = options;
    const given = resolveRecipe({ ...this.#recipe, epochs });
    if (epochs <= this.#standing.epoch) {
      throw new ArgumentRangeError(
        `Trainer.fit: epochs: expected more than the ${this.#standing.epoch} that are complete but received ${epochs}. ` +
          'Hint: epochs are counted from the start of the run',
      );
    }
    if (this.earlyStop !== undefined) {
      throw new ArgumentRangeError(
        `Trainer.fit: expected a training that goes on but it has stopped early: ${this.earlyStop}. ` +
          'Hint: new Trainer(net, { resume: trainer.state(), patience: 10 }) waits longer',
      );
    }
    const recipe = recipeForRun(given, train);
    const { batchSize, shuffle, dropLast } = recipe;
    if (batchSize > train.count) {
      throw new ArgumentRangeError(
        `Trainer.fit: batchSize: expected at most ${train.count}, the images of ${train.name}, ` +
          `but received ${batchSize}. Hint: new Trainer(net, { batchSize: ${Math.max(1, Math.min(32, train.count))} })`,
      );
    }
    const engine = this.#newEngine(recipe.normalization, train);
    const batches = new Batches({ count: train.count, batchSize, seed: this.seed, shuffle, dropLast });
    checkPosition(this.#standing, batches);
    this.#recipe = recipe;
    const { validation, signal, onProgress } = options;
    const totalSteps = epochs * batches.steps;
    const counted = isCounted(this.#loss, train, this.net.outputShape[0]);
    return { validation, signal, onProgress, batches, engine, train, recipe, totalSteps, counted };
  }

  async #trainEpoch(run: Run): Promise<EpochRecord> {
    const { net } = this;
    checkParameterMemory(net);
    const standing = this.#standing;
    const start = standing.snapshot();
    try {
      const record = await this.#pass(run, start);
      checkParameters(net, record, this.#standing.sums.steps);
      if (record.interrupted) return record;
      const { test, figures: tested } = await this.#validate(run, record);
      standing.completeEpoch(tested);
      const whole = this.#withEnd(run, tested);
      run.observer?.epoch(whole, test);
      return whole;
    } catch (error) {
      if (error instanceof DivergedError) standing.putBack(start);
      throw error;
    }
  }

  /** By the weights, and by their averages. */
  async #validate(
    { engine, validation }: Run,
    record: EpochRecord,
  ): Promise<{ test?: Accuracy; figures: EpochRecord }> {
    if (validation === undefined) return { figures: record };
    const { net, normalization } = this;
    const what = { net, engine, normalization, epoch: record.epoch, lr: record.lr };
    const test = await validate(what, validation);
    const figures: EpochRecord = {
      ...record,
      testLoss: test.loss,
      ...(test.accuracy === undefined ? {} : { testAccuracy: test.accuracy }),
    };
    if (this.#standing.averages === undefined) return { test, figures };
    const { loss, accuracy } = await validate(what, validation, this.#standing.averages);
    const averaged = accuracy === undefined ? {} : { averagedTestAccuracy: accuracy };
    return { test, figures: { ...figures, averagedTestLoss: loss, ...averaged } };
  }

  /** With what is told of a run at its end, early or not. */
  #withEnd({ recipe, train, validation }: Run, record: EpochRecord): EpochRecord {
    const last = record.epoch >= recipe.epochs;
    const { earlyStop: why } = this;
    if (!last && why === undefined) return record;
    const warning =
      this.#loss.kind === 'crossEntropy' ? endWarning(recipe, record, { train, validation }) : undefined;
    return {
      ...record,
      ...(last || why === undefined ? {} : { earlyStop: why }),
      ...(warning === undefined ? {} : { warning }),
    };
  }

  /** The steps of the epoch that are left. */
  async #pass(run: Run, start: Snapshot): Promise<EpochRecord> {
    const { batches, engine, signal, onProgress, observer, counted } = run;
    const watch = new Stopwatch(start.sums.seconds);
    const breaks = new EventLoopBreaks();
    let lr = this.#rate(Math.max(0, start.sums.steps - 1), run);
    const record = () => figures(this.#standing.epoch + 1, this.#standing.sums, { lr, counted });
    const order = batches.epoch(this.#standing.epoch);
    while (this.#standing.sums.steps < batches.steps && !signal?.aborted) {
      const { steps, images, loss, correct } = this.#standing.sums;
      const batch = order[steps];
      lr = this.#rate(steps, run);
      const result = this.#step(engine, batch, lr);
      if (!Number.isFinite(result.loss)) return this.#blame(run, start, result.loss);
      this.#standing.sums = {
        steps: steps + 1,
        images: images + batch.length,
        loss: loss + result.loss,
        correct: correct + (result.correct ?? 0),
        seconds: watch.seconds,
      };
      if (onProgress !== undefined || observer !== undefined) {
        const { epoch, loss: mean, trainAccuracy, imagesPerSecond } = record();
        const { steps: step, images: seen } = this.#standing.sums;
        const place = { epoch, step, steps: batches.steps, images: seen };
        const share = trainAccuracy === undefined ? {} : { accuracy: trainAccuracy };
        const progress = { ...place, loss: mean, ...share, lr, imagesPerSecond };
        onProgress?.(progress);
        observer?.step(progress);
      }
      // The last onProgress counts too.
      this.#standing.sums = { ...this.#standing.sums, seconds: watch.seconds };
      if (observer?.due()) await watch.stand(() => observer.turn(signal));
      else if (breaks.due()) await watch.stand(() => breaks.take());
    }
    return this.#standing.sums.steps < batches.steps ? { ...record(), interrupted: true } : record();
  }

  /** The learning rate of a step of the epoch under way, counted from 0. */
  #rate(step: number, { recipe, totalSteps }: Run): number {
    const at = this.#standing.epochSteps + step;
    return this.#schedule === undefined
      ? learningRate(recipe, at, totalSteps)
      : ownRate(this.#schedule, at, totalSteps);
  }

  /** Forward, backward and update, fused where engine and optimizer can. */
  #step(engine: Engine, batch: Uint32Array, lr: number): StepResult {
    const update = this.#standing.optimizer.update(lr);
    const result = engine.trainStep(batch, {
      update,
      seed: this.seed,
      step: this.#standing.step,
      epoch: this.#standing.epoch,
    });
    if (update === undefined) this.#standing.optimizer.step(lr);
    this.#standing.averages?.step();
    return result;
  }

  /**
   * Finds the layer from which a loss that is not finite comes. The step has changed the parameters since, so that the
   * pass is repeated up to it: that costs nothing as long as all goes well.
   */
  async #blame(run: Run, start: Snapshot, received: number): Promise<never> {
    const { steps } = this.#standing.sums;
    const { batches, engine, train } = run;
    this.#standing.putBack(start);
    const breaks = new EventLoopBreaks();
    const order = batches.epoch(this.#standing.epoch);
    for (let step = start.sums.steps; step < steps; step += 1) {
      this.#step(engine, order[step], this.#rate(step, run));
      if (breaks.due()) await breaks.take();
    }
    throw diverged({
      what: `loss in epoch ${this.#standing.epoch + 1}, step ${steps + 1} of ${batches.steps}`,
      received,
      lr: this.#rate(steps, run),
      origin: findOrigin(this.net, train, this.normalization, order[steps]),
    });
  }
}
