/** The training loop: epochs of steps, each one `engine.trainStep` with the update of the optimizer. */
import { Batches } from '../data/batches.js';
import type { Dataset } from '../data/datasets.js';
import { createEngine, type Engine, type EngineName } from '../engines/engine.js';
import { ArgumentRangeError, DivergedError, ShapeError, StateError } from '../errors.js';
import type { Net } from '../nets/net.js';
import type { LiveOptions, LivePage } from '../web/live-page.js';
import { SGD } from '../optimizers/sgd.js';
import { formatShape, type Shape, sameShape, type Tensor } from '../tensor.js';
import { type Accuracy, computeAccuracyInSlices } from './evaluate.js';
import { EventLoopBreaks } from './event-loop.js';
import { type Recipe, resolveRecipe } from './recipes.js';
import { learningRate } from './schedule.js';

/** How a `Trainer` trains. */
export interface TrainerOptions {
  /** Default `fast`, or that of `resume`. */
  readonly recipe?: 'fast' | 'article' | Recipe;
  /** Default `auto`. */
  readonly engine?: EngineName;
  /** Decides the order of the images. Default 1, or that of `resume`. */
  readonly seed?: number;
  /** Replaces the recipe's learning rate. */
  readonly lr?: number;
  /** Replaces the recipe's batch size. */
  readonly batchSize?: number;
  /** Continues a run: `state()` of its trainer. The net must hold the parameters of that moment. */
  readonly resume?: TrainingState;
  /**
   * Serves a page on loopback that shows the training while it runs. True writes its address to stderr. It costs nothing
   * while nobody looks at it, and ends with the process.
   */
  readonly live?: boolean | LiveOptions | LivePage;
}

/** With the net's parameters, all that a run needs to go on, at the end of an epoch. */
export interface TrainingState {
  /** Completed epochs. */
  readonly epoch: number;
  /** Completed steps, over all epochs. */
  readonly step: number;
  /** By parameter name; empty without momentum. */
  readonly velocity: Map<string, Tensor>;
  readonly seed: number;
  readonly recipe: Recipe;
}

/** Options of `trainer.fit`. */
export interface FitOptions {
  /** The last epoch, counted from the start of the run. Default: the recipe's. */
  readonly epochs?: number;
  /** Evaluated after each epoch; makes `testLoss` and `testAccuracy`. */
  readonly validation?: Dataset;
  /** Ends the training after the step under way. */
  readonly signal?: AbortSignal;
  /** Called after each step. */
  onProgress?(progress: Progress): void;
}

/** What `onProgress` is told after each step. */
export interface Progress {
  /** From 1. */
  readonly epoch: number;
  /** From 1, within the epoch. */
  readonly step: number;
  /** Steps in an epoch. */
  readonly steps: number;
  /** Images of the epoch so far. */
  readonly images: number;
  /** Mean per image, over the epoch so far. */
  readonly loss: number;
  /** Share from 0 to 1, over the epoch so far. */
  readonly accuracy: number;
  /** Of this step. */
  readonly lr: number;
  readonly imagesPerSecond: number;
}

/** What `trainer.fit` yields after each epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Of the training pass alone, without the evaluation. */
  readonly seconds: number;
  /** Mean per image during the pass, while the parameters changed. NaN if an abort left no step. */
  readonly loss: number;
  /** Share from 0 to 1, during the pass. */
  readonly trainAccuracy: number;
  /** Mean per image of the validation set, after the pass. */
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** Of the last step. */
  readonly lr: number;
  readonly imagesPerSecond: number;
  /** The figures are those of an epoch that an abort cut short; its steps have been taken back. */
  readonly interrupted?: true;
}

/** What one `fit` works with. */
interface Run extends FitOptions {
  readonly batches: Batches;
  readonly engine: Engine;
  readonly totalSteps: number;
  readonly live: LivePage | undefined;
}

/**
 * Trains a net. Whatever ends an epoch early (an abort, a loss that is no number, an exception from `onProgress`), net
 * and trainer then stand where the last completed epoch left them, and `fit` or `resume` continues from there, to the
 * same bits as a run without the interruption.
 */
export class Trainer {
  readonly net: Net;
  readonly seed: number;
  /** Evaluates and predicts with the recipe's normalization. */
  readonly engine: Engine;
  readonly #engineName: EngineName;
  readonly #live: boolean | LiveOptions | LivePage;
  readonly #optimizer: SGD;
  #recipe: Recipe;
  #epoch = 0;
  #step = 0;
  #fitting = false;
  #page: LivePage | undefined;
  /** While an epoch is under way: what it started from. */
  #start: { readonly params: Float32Array; readonly velocity: Map<string, Tensor> } | undefined;

  /**
   * @throws {ArgumentRangeError} for values out of range, and for a `resume` of another seed.
   * @throws {ShapeError} if the velocity of `resume` does not fit the net.
   */
  constructor(net: Net, options: TrainerOptions = {}) {
    const { resume, engine = 'auto', lr, batchSize, live = false } = options;
    this.net = net;
    this.seed = options.seed ?? resume?.seed ?? 1;
    if (!Number.isSafeInteger(this.seed) || this.seed < 0) {
      throw new ArgumentRangeError(
        `Trainer: seed: expected an integer from 0 to 2^53 - 1 but received ${String(this.seed)}`,
      );
    }
    this.#recipe = resolveRecipe(options.recipe ?? resume?.recipe ?? 'fast', { lr, batchSize });
    this.#engineName = engine;
    this.#live = live;
    this.engine = createEngine(engine, net, { normalization: this.#recipe.normalization });
    this.#optimizer = new SGD(net, { ...this.#recipe.optimizer, biasGradient: this.#recipe.biasGradient });
    if (resume !== undefined) this.#resume(resume);
  }

  #resume({ epoch, step, velocity, seed }: TrainingState): void {
    if (seed !== this.seed) {
      throw new ArgumentRangeError(
        `Trainer: seed: expected ${seed}, that of the resumed run, but received ${this.seed}. Hint: leave it out`,
      );
    }
    for (const [name, value] of Object.entries({ epoch, step })) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new ArgumentRangeError(
        `Trainer: resume: expected ${name} to be an integer from 0 but received ${String(value)}`,
      );
    }
    // Parameters alone, without an optimizer's state, start a run of their own.
    if (epoch > 0 || velocity.size > 0) this.#optimizer.setVelocity(velocity);
    this.#epoch = epoch;
    this.#step = step;
  }

  /** The recipe as it is run, with what replaced single values of it. */
  get recipe(): Recipe {
    return this.#recipe;
  }

  /**
   * With `net.getParams()` all that a checkpoint needs, whenever no epoch is under way. Within `onProgress` it is still
   * that of the last completed epoch, and the net is ahead of it.
   */
  state(): TrainingState {
    return {
      epoch: this.#epoch,
      step: this.#step,
      velocity: this.#start?.velocity ?? this.#optimizer.getVelocity(),
      seed: this.seed,
      recipe: this.#recipe,
    };
  }

  /**
   * Trains up to epoch `epochs` and yields a record after each. The event loop has a turn every 10 ms or so. After an
   * abort the last record is marked `interrupted`, unless every epoch was complete.
   * @throws {ArgumentRangeError} if nothing is left to train, or the data does not fit the recipe or the resumed run.
   * @throws {ShapeError} for images that are not of the net's input shape.
   * @throws {DivergedError} if loss or parameters are no longer finite.
   * @throws {StateError} while another `fit` of this trainer is under way.
   */
  async *fit(train: Dataset, options: FitOptions = {}): AsyncGenerator<EpochRecord, void, undefined> {
    if (this.#fitting) {
      throw new StateError(
        'Trainer.fit: expected no other fit of this trainer under way. Hint: end its loop (break, or return() of the iterator)',
      );
    }
    this.#fitting = true;
    let live: LivePage | undefined;
    let end: 'finished' | 'stopped' | 'diverged' = 'stopped';
    try {
      const prepared = this.#prepare(train, options);
      live = await this.#openLive(prepared, train);
      const run = { ...prepared, live };
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
      live?.end(end);
      this.#fitting = false;
    }
  }

  /** The page that shows this training, if one is wanted. Its code is loaded only then. */
  async #openLive({ engine, validation }: Omit<Run, 'live'>, train: Dataset): Promise<LivePage | undefined> {
    if (this.#live === false) return undefined;
    const { LivePage } = await import('../web/live-page.js');
    let page = this.#page;
    if (page === undefined) {
      const given = this.#live;
      page = given instanceof LivePage ? given : new LivePage(given === true ? {} : given);
      if (page !== given) await page.listen();
      this.#page = page;
    }
    const { name, epochs, normalization } = this.#recipe;
    const { net } = this;
    const title = `${net.constructor.name}, recipe ${name}, ${train.name}, seed ${this.seed}`;
    const { classNames } = train;
    page.start({ net, title, epochs, engine: engine.name, normalization, validation, classNames });
    return page;
  }

  #prepare(train: Dataset, options: FitOptions): Omit<Run, 'live'> {
    const recipe = resolveRecipe({ ...this.#recipe, epochs: options.epochs ?? this.#recipe.epochs });
    const { batchSize, shuffle, dropLast, epochs } = recipe;
    if (epochs <= this.#epoch) {
      throw new ArgumentRangeError(
        `Trainer.fit: epochs: expected more than the ${this.#epoch} that are complete but received ${epochs}. ` +
          'Hint: epochs are counted from the start of the run',
      );
    }
    if (batchSize > train.count) {
      throw new ArgumentRangeError(
        `Trainer.fit: batchSize: expected at most ${train.count}, the images of ${train.name}, ` +
          `but received ${batchSize}. Hint: new Trainer(net, { batchSize: ${Math.max(1, Math.min(32, train.count))} })`,
      );
    }
    checkValidation(options.validation, this.net.inputShape);
    const { normalization, loss: reduction } = recipe;
    const engine = createEngine(this.#engineName, this.net, { normalization, train, reduction });
    const batches = new Batches({ count: train.count, batchSize, seed: this.seed, shuffle, dropLast });
    if (this.#step !== this.#epoch * batches.steps) {
      throw new ArgumentRangeError(
        `Trainer.fit: expected data of the resumed run (${this.#step} steps in ${this.#epoch} epochs) ` +
          `but received ${train.count} images in ${batches.steps} steps. Hint: use its data set, limit and batch size`,
      );
    }
    this.#recipe = recipe;
    return { ...options, batches, engine, totalSteps: epochs * batches.steps };
  }

  async #trainEpoch(run: Run): Promise<EpochRecord> {
    this.#start = { params: this.net.arena.slice(), velocity: this.#optimizer.getVelocity() };
    let complete = false;
    try {
      const record = await this.#pass(run);
      if (record.interrupted) return record;
      const test = await this.#evaluate(run, record);
      this.#epoch += 1;
      this.#step += run.batches.steps;
      complete = true;
      const whole =
        test === undefined ? record : { ...record, testLoss: test.loss, testAccuracy: test.accuracy };
      run.live?.epoch(whole, test);
      return whole;
    } finally {
      if (!complete) {
        this.net.arena.set(this.#start.params);
        this.#optimizer.setVelocity(this.#start.velocity);
      }
      this.#start = undefined;
    }
  }

  /** One step for each batch. */
  async #pass({ batches, engine, totalSteps, signal, onProgress, live }: Run): Promise<EpochRecord> {
    const started = performance.now();
    const breaks = new EventLoopBreaks();
    const epoch = this.#epoch + 1;
    let [steps, images, loss, correct, lr] = [0, 0, 0, 0, learningRate(this.#recipe, this.#step, totalSteps)];
    const figures = () => {
      const seconds = (performance.now() - started) / 1000;
      return { epoch, seconds, loss: loss / images, lr, imagesPerSecond: images / seconds };
    };
    for (const batch of batches.epoch(this.#epoch)) {
      if (signal?.aborted) return { ...figures(), trainAccuracy: correct / images, interrupted: true };
      lr = learningRate(this.#recipe, this.#step + steps, totalSteps);
      const update = this.#optimizer.update(lr);
      const result = engine.trainStep(batch, update);
      steps += 1;
      if (!Number.isFinite(result.loss)) {
        throw diverged(`loss in epoch ${epoch}, step ${steps} of ${batches.steps}`, result.loss, lr);
      }
      if (update === undefined) this.#optimizer.step(lr);
      images += batch.length;
      loss += result.loss;
      correct += result.correct;
      if (onProgress !== undefined || live !== undefined) {
        const { seconds: _, ...rest } = figures();
        const progress = { ...rest, step: steps, steps: batches.steps, images, accuracy: correct / images };
        onProgress?.(progress);
        live?.step(progress);
      }
      if (live?.due()) await live.turn(signal);
      else if (breaks.due()) await breaks.take();
    }
    return { ...figures(), trainAccuracy: correct / images };
  }

  /** Checks what the last update made, which no loss has shown yet. */
  async #evaluate({ engine, validation }: Run, { epoch, lr }: EpochRecord): Promise<Accuracy | undefined> {
    const wrong = this.net.arena.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) throw diverged(`parameters after the last step of epoch ${epoch}`, wrong, lr);
    if (validation === undefined) return undefined;
    const test = await computeAccuracyInSlices(engine, validation);
    if (!Number.isFinite(test.loss)) throw diverged(`validation loss after epoch ${epoch}`, test.loss, lr);
    return test;
  }
}

/** Before the first epoch, not after it. */
function checkValidation(validation: Dataset | undefined, inputShape: Shape): void {
  if (validation === undefined) return;
  const { count, shape, name } = validation;
  if (count < 1) {
    throw new ArgumentRangeError(
      `Trainer.fit: validation: expected at least one image but ${name} has ${count}`,
    );
  }
  if (!sameShape(shape, inputShape)) {
    throw new ShapeError(
      `Trainer.fit: validation: expected images ${formatShape(inputShape)} (the net's input) ` +
        `but received ${formatShape(shape)}`,
    );
  }
}

/** The last line has no full stop: the command line adds which checkpoint is kept. */
function diverged(what: string, received: number, lr: number): DivergedError {
  return new DivergedError(
    `Trainer.fit: expected a finite ${what}, but received ${received} (learning rate ${lr.toPrecision(3)}). ` +
      'Hint: lower the learning rate, say to a tenth; with new parameters try a longer warm-up',
  );
}
