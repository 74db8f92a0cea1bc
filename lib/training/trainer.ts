/** The training loop: epochs of steps, each one `engine.trainStep` with the update of the optimizer. */
import { Batches } from '../data/batches.js';
import type { Dataset } from '../data/datasets.js';
import type { Normalization } from '../data/normalize.js';
import { createEngine } from '../engines/create.js';
import type { Engine, EngineName, StepResult } from '../engines/engine.js';
import { checkParameterMemory } from '../engines/image-set.js';
import { ArgumentRangeError, DivergedError, StateError } from '../errors.js';
import type { PartialEpoch } from '../formats/checkpoint.js';
import type { Loss } from '../losses/loss.js';
import type { Net } from '../nets/net.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { checkParameters, diverged, findOrigin } from './divergence.js';
import type { EpochRecord } from './epoch-record.js';
import { type Accuracy, computeAccuracyInSlices } from './evaluate.js';
import { EventLoopBreaks } from './event-loop.js';
import { checkFitOptions, type FitOptions } from './fit-options.js';
import { guessingWarning } from './guessing.js';
import { type Recipe, type RunRecipe, recipeLoss, recipeOptimizer, resolveRecipe } from './recipes.js';
import { recipeForRun } from './run-recipe.js';
import { observerOf, type TrainingObserver } from './observer.js';
import { learningRate, ownRate } from './schedule.js';
import { checkFunctionGiven, type RateFunction } from './schedules.js';
import { checkResumed, noSums, type TrainingState } from './state.js';
import { Stopwatch } from './stopwatch.js';
import { type CheckedOptions, type TrainerOptions, withDefaults } from './trainer-options.js';

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
  readonly observer: TrainingObserver | undefined;
}

/** Where `fit` takes up an epoch: what a divergence is put back to. */
interface PassStart {
  readonly params: Float32Array;
  readonly buffers: Float32Array;
  readonly optimizerState: TrainingState['optimizerState'];
  readonly sums: PartialEpoch;
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
  readonly #live: CheckedOptions['live'];
  readonly #schedule: RateFunction | undefined;
  readonly #optimizer: Optimizer;
  readonly #loss: Loss;
  #recipe: Recipe;
  #engine: Engine | undefined;
  /** Completed epochs. */
  #epoch = 0;
  /** Of the completed epochs. */
  #epochSteps = 0;
  /** Of the epoch under way; a new object after each step. */
  #sums = noSums;
  #fitting = false;
  #observer: TrainingObserver | undefined;

  /**
   * @throws {ArgumentRangeError} for values out of range, and for a `resume` of another seed.
   * @throws {ShapeError} if the optimizer's state of `resume` does not fit the net.
   */
  constructor(net: Net, options: TrainerOptions = {}) {
    const { resume, engine, lr, batchSize, schedule, live, recipe, seed } = withDefaults(options);
    this.net = net;
    this.seed = seed;
    const resolved = resolveRecipe(recipe, { lr, batchSize });
    if (schedule === undefined) checkFunctionGiven(resolved.schedule);
    this.#recipe = schedule === undefined ? resolved : { ...resolved, schedule: 'function' };
    this.#schedule = schedule;
    this.engineName = engine;
    this.#live = live;
    this.#loss = recipeLoss(this.#recipe);
    const { normalization } = this.#recipe;
    // Here for its checks too: what is wrong with the net is told now, not by fit.
    if (normalization === 'measured') this.#newEngine({ scale: 1, shift: 0 });
    else this.#engine = this.#newEngine(normalization);
    this.#optimizer = recipeOptimizer(net, this.#recipe);
    if (resume !== undefined) this.#resume(resume);
  }

  #resume(state: TrainingState): void {
    checkResumed(state, this.seed);
    const { epoch, step, partialEpoch = noSums, optimizerState } = state;
    // Parameters alone, without an optimizer's state, start a run of their own.
    if (step > 0 || optimizerState.size > 0) this.#optimizer.setState(optimizerState);
    this.#epoch = epoch;
    this.#epochSteps = step - partialEpoch.steps;
    this.#sums = partialEpoch;
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
    const options = { normalization, loss: this.#loss, ...(train === undefined ? {} : { train }) };
    return createEngine(this.engineName, this.net, options);
  }

  /** With `net.getParams()` all that a checkpoint needs, between any two steps: also in `onProgress` and in timers. */
  state(): TrainingState {
    return {
      epoch: this.#epoch,
      step: this.#epochSteps + this.#sums.steps,
      ...(this.#sums.steps === 0 ? {} : { partialEpoch: this.#sums }),
      optimizerState: this.#optimizer.state(),
      seed: this.seed,
      recipe: this.#recipe,
    };
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
      while (this.#epoch < this.#recipe.epochs) {
        const record = await this.#trainEpoch(run);
        yield record;
        if (record.interrupted) return;
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
    checkFitOptions(this.net, this.#loss, train, options);
    const { epochs = this.#recipe.epochs } = options;
    const given = resolveRecipe({ ...this.#recipe, epochs });
    if (epochs <= this.#epoch) {
      throw new ArgumentRangeError(
        `Trainer.fit: epochs: expected more than the ${this.#epoch} that are complete but received ${epochs}. ` +
          'Hint: epochs are counted from the start of the run',
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
    this.#checkPosition(batches);
    this.#recipe = recipe;
    const { validation, signal, onProgress } = options;
    const totalSteps = epochs * batches.steps;
    return { validation, signal, onProgress, batches, engine, train, recipe, totalSteps };
  }

  #checkPosition({ steps, count, batchSize }: Batches): void {
    const sums = this.#sums;
    const images = Math.min(sums.steps * batchSize, count);
    const complete = this.#epochSteps === this.#epoch * steps;
    if (complete && sums.steps <= steps && sums.images === images) return;
    const partial = sums.steps === 0 ? '' : ` and ${sums.images} images in ${sums.steps} steps`;
    throw new ArgumentRangeError(
      `Trainer.fit: expected data of the resumed run (${this.#epochSteps} steps in ${this.#epoch} epochs${partial}) ` +
        `but received ${count} images in ${steps} steps. Hint: use its data set, limit and batch size`,
    );
  }

  async #trainEpoch(run: Run): Promise<EpochRecord> {
    const { net } = this;
    checkParameterMemory(net);
    const start = {
      params: net.arena.slice(),
      buffers: net.bufferArena.slice(),
      optimizerState: this.#optimizer.state(),
      sums: this.#sums,
    };
    try {
      const record = await this.#pass(run, start);
      checkParameters(net, record, this.#sums.steps);
      if (record.interrupted) return record;
      const test = await this.#evaluate(run, record);
      this.#epoch += 1;
      this.#epochSteps += run.batches.steps;
      this.#sums = noSums;
      const tested =
        test === undefined ? record : { ...record, testLoss: test.loss, testAccuracy: test.accuracy };
      const warning = this.#warning(run, tested);
      const whole = warning === undefined ? tested : { ...tested, warning };
      run.observer?.epoch(whole, test);
      return whole;
    } catch (error) {
      if (error instanceof DivergedError) this.#putBack(start);
      throw error;
    }
  }

  /** Of the run, at its end. */
  #warning({ recipe, train, validation }: Run, record: EpochRecord): string | undefined {
    const { epoch, loss, trainAccuracy, testLoss, testAccuracy } = record;
    // What guessing comes to is known of cross entropy alone.
    if (epoch < recipe.epochs || this.#loss.kind !== 'crossEntropy') return undefined;
    return validation === undefined || testLoss === undefined || testAccuracy === undefined
      ? guessingWarning(recipe, { on: 'training', labels: train.labels, loss, accuracy: trainAccuracy })
      : guessingWarning(recipe, {
          on: 'test',
          labels: validation.labels,
          loss: testLoss,
          accuracy: testAccuracy,
        });
  }

  #putBack({ params, buffers, optimizerState, sums }: PassStart): void {
    this.net.arena.set(params);
    this.net.bufferArena.set(buffers);
    this.#optimizer.setState(optimizerState);
    this.#sums = sums;
  }

  /** The steps of the epoch that are left. */
  async #pass(run: Run, start: PassStart): Promise<EpochRecord> {
    const { batches, engine, signal, onProgress, observer } = run;
    const watch = new Stopwatch(start.sums.seconds);
    const breaks = new EventLoopBreaks();
    let lr = this.#rate(Math.max(0, start.sums.steps - 1), run);
    const record = () => figures(this.#epoch + 1, this.#sums, lr);
    const order = batches.epoch(this.#epoch);
    while (this.#sums.steps < batches.steps && !signal?.aborted) {
      const { steps, images, loss, correct } = this.#sums;
      const batch = order[steps];
      lr = this.#rate(steps, run);
      const result = this.#step(engine, batch, lr);
      if (!Number.isFinite(result.loss)) return this.#blame(run, start, result.loss);
      this.#sums = {
        steps: steps + 1,
        images: images + batch.length,
        loss: loss + result.loss,
        correct: correct + result.correct,
        seconds: watch.seconds,
      };
      if (onProgress !== undefined || observer !== undefined) {
        const { epoch, loss: mean, trainAccuracy: accuracy, imagesPerSecond } = record();
        const { steps: step, images: seen } = this.#sums;
        const place = { epoch, step, steps: batches.steps, images: seen };
        const progress = { ...place, loss: mean, accuracy, lr, imagesPerSecond };
        onProgress?.(progress);
        observer?.step(progress);
      }
      // The last onProgress counts too.
      this.#sums = { ...this.#sums, seconds: watch.seconds };
      if (observer?.due()) await watch.stand(() => observer.turn(signal));
      else if (breaks.due()) await watch.stand(() => breaks.take());
    }
    return this.#sums.steps < batches.steps ? { ...record(), interrupted: true } : record();
  }

  /** The learning rate of a step of the epoch under way, counted from 0. */
  #rate(step: number, { recipe, totalSteps }: Run): number {
    const at = this.#epochSteps + step;
    return this.#schedule === undefined
      ? learningRate(recipe, at, totalSteps)
      : ownRate(this.#schedule, at, totalSteps);
  }

  /** Forward, backward and update, fused where engine and optimizer can. */
  #step(engine: Engine, batch: Uint32Array, lr: number): StepResult {
    const update = this.#optimizer.update(lr);
    const result = engine.trainStep(batch, {
      update,
      seed: this.seed,
      step: this.#epochSteps + this.#sums.steps,
    });
    if (update === undefined) this.#optimizer.step(lr);
    return result;
  }

  /**
   * Finds the layer from which a loss that is not finite comes. The step has changed the parameters since, so that the
   * pass is repeated up to it: that costs nothing as long as all goes well.
   */
  async #blame(run: Run, start: PassStart, received: number): Promise<never> {
    const { steps } = this.#sums;
    const { batches, engine, train } = run;
    this.#putBack(start);
    const breaks = new EventLoopBreaks();
    const order = batches.epoch(this.#epoch);
    for (let step = start.sums.steps; step < steps; step += 1) {
      this.#step(engine, order[step], this.#rate(step, run));
      if (breaks.due()) await breaks.take();
    }
    throw diverged({
      what: `loss in epoch ${this.#epoch + 1}, step ${steps + 1} of ${batches.steps}`,
      received,
      lr: this.#rate(steps, run),
      origin: findOrigin(this.net, train, this.normalization, order[steps]),
    });
  }

  /** Shows what the last update made, which no training loss has shown yet. */
  async #evaluate({ engine, validation }: Run, { epoch, lr }: EpochRecord): Promise<Accuracy | undefined> {
    if (validation === undefined) return undefined;
    const test = await computeAccuracyInSlices(engine, validation);
    if (Number.isFinite(test.loss)) return test;
    const origin = findOrigin(this.net, validation, this.normalization);
    throw diverged({ what: `validation loss after epoch ${epoch}`, received: test.loss, lr, origin });
  }
}

/** The figures of an epoch from its sums. */
function figures(epoch: number, { images, loss, correct, seconds }: PartialEpoch, lr: number): EpochRecord {
  return {
    epoch,
    seconds,
    loss: loss / images,
    trainAccuracy: correct / images,
    lr,
    imagesPerSecond: images === 0 ? 0 : images / seconds,
  };
}
