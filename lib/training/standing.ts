/** Where a training stands: its position, its optimizer, its averages and the best so far. */
import type { PartialEpoch } from '../formats/checkpoint.js';
import type { Net } from '../nets/net.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Tensor } from '../tensor.js';
import { AveragedWeights } from './averaging.js';
import { type BestEpoch, betterValue, earlyStop } from './best.js';
import type { EpochRecord } from './epoch-record.js';
import type { TrainingSettings } from './settings.js';
import { noSums, type TrainingState } from './state.js';

/** Of net and training at a moment, to be put back to. */
export interface Snapshot {
  readonly params: Float32Array;
  readonly buffers: Float32Array;
  readonly optimizerState: TrainingState['optimizerState'];
  readonly averaged: TrainingState['averaged'];
  readonly sums: PartialEpoch;
}

export class Standing {
  readonly #net: Net;
  readonly optimizer: Optimizer;
  readonly averages: AveragedWeights | undefined;
  readonly #settings: TrainingSettings;
  /** Completed epochs. */
  epoch = 0;
  /** Of the completed epochs. */
  epochSteps = 0;
  /** Of the epoch under way; a new object after each step. */
  sums = noSums;
  #best: BestEpoch | undefined;

  constructor(net: Net, optimizer: Optimizer, settings: TrainingSettings) {
    const { averaging } = settings;
    this.#net = net;
    this.#settings = settings;
    this.optimizer = optimizer;
    this.averages = averaging === undefined ? undefined : new AveragedWeights(net, averaging);
  }

  /** @throws {ShapeError} unless the state is of the net and the optimizer. */
  resume(state: TrainingState): void {
    const { epoch, step, partialEpoch = noSums, optimizerState, averaged, best } = state;
    // Parameters alone, without an optimizer's state, start a run of their own.
    if (step > 0 || optimizerState.size > 0) this.optimizer.setState(optimizerState);
    this.epoch = epoch;
    this.epochSteps = step - partialEpoch.steps;
    this.sums = partialEpoch;
    this.averages?.setState(averaged);
    // The best by another figure says nothing of this one.
    if (best?.measure === this.#settings.keepBest) this.#best = best;
  }

  /** Steps that were made, over all epochs. */
  get step(): number {
    return this.epochSteps + this.sums.steps;
  }

  get best(): BestEpoch | undefined {
    return this.#best;
  }

  /** The averages of the parameters, with the buffers of the net. */
  get averaged(): Map<string, Tensor> | undefined {
    const averaged = this.averages?.state();
    return averaged === undefined ? undefined : new Map([...this.#net.getParams(), ...averaged]);
  }

  get earlyStop(): string | undefined {
    return earlyStop(this.#best, this.epoch, this.#settings.patience);
  }

  state(): Omit<TrainingState, 'seed' | 'recipe'> {
    const averaged = this.averages?.state();
    return {
      epoch: this.epoch,
      step: this.step,
      ...(this.sums.steps === 0 ? {} : { partialEpoch: this.sums }),
      optimizerState: this.optimizer.state(),
      ...(Object.keys(this.#settings).length === 0 ? {} : { settings: this.#settings }),
      ...(this.#best === undefined ? {} : { best: this.#best }),
      ...(averaged === undefined ? {} : { averaged }),
    };
  }

  /** The epoch under way is complete; `record` has the figures of its evaluation. */
  completeEpoch(record: EpochRecord): void {
    const { keepBest: measure } = this.#settings;
    const value = measure === undefined ? undefined : betterValue(measure, record, this.#best);
    this.epochSteps += this.sums.steps;
    this.epoch += 1;
    this.sums = noSums;
    if (measure === undefined || value === undefined) return;
    const { epoch, step } = this;
    this.#best = { measure, epoch, step, value, params: this.#net.getParams() };
  }

  snapshot(): Snapshot {
    return {
      params: this.#net.arena.slice(),
      buffers: this.#net.bufferArena.slice(),
      optimizerState: this.optimizer.state(),
      averaged: this.averages?.state(),
      sums: this.sums,
    };
  }

  putBack({ params, buffers, optimizerState, averaged, sums }: Snapshot): void {
    this.#net.arena.set(params);
    this.#net.bufferArena.set(buffers);
    this.optimizer.setState(optimizerState);
    this.averages?.setState(averaged);
    this.sums = sums;
  }
}
