/** When a run writes a checkpoint, and what stands in it. */
import type { Net } from '../nets/net.js';
import type { Trainer } from '../training/trainer.js';
import type { RunConfig } from './run-config.js';
import type { RunFolder } from './run-folder.js';
import type { Position } from './commands/train/report.js';
import type { Interval } from './options/values.js';

/** A generation that is on disk. */
export interface Durable extends Position {
  readonly generation: number;
  readonly file: string;
}

export interface CheckpointOptions {
  readonly folder: RunFolder;
  readonly net: Net;
  readonly trainer: Trainer;
  readonly config: RunConfig;
  readonly every: Interval;
  /** Of the checkpoint that is continued; 0 for a new run. */
  readonly generation: number;
  /** Whether the folder's newest is the checkpoint that is continued. */
  readonly keep: boolean;
  /** Called when a generation is on disk. */
  onDurable(durable: Durable): void;
}

export class RunCheckpoints {
  readonly #options: CheckpointOptions;
  #keep: boolean;
  #last: Durable;
  #written = performance.now();

  /** Writes the first generation: the run can be continued from here on. */
  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#keep = options.keep;
    this.#last = this.#write(options.generation + 1);
  }

  /** The newest generation. */
  get last(): Durable {
    return this.#last;
  }

  afterStep(): void {
    const { every, net } = this.#options;
    if (!('seconds' in every) || performance.now() - this.#written < 1000 * every.seconds) return;
    // The last good checkpoint stays when the parameters overflow; the training finds out by itself.
    if (net.arena.every(Number.isFinite)) this.write();
  }

  afterEpoch(epoch: number, epochs: number): void {
    const { every } = this.#options;
    const due = 'epochs' in every ? epoch - this.#last.epoch >= every.epochs : false;
    if (due || epoch === epochs) this.write();
    else this.afterStep();
  }

  /** Writes what net and trainer hold, unless it is on disk. */
  write(): void {
    const { epoch, step } = this.#options.trainer.state();
    if (epoch === this.#last.epoch && step === this.#last.step) return;
    this.#last = this.#write(this.#last.generation + 1);
    this.#options.onDurable(this.#last);
  }

  #write(generation: number): Durable {
    const { folder, net, trainer, config } = this.#options;
    const { epoch, step, partialEpoch, optimizerState } = trainer.state();
    const position = { epoch, step, ...(partialEpoch === undefined ? {} : { partialEpoch }) };
    const { architecture } = net;
    const params = net.getParams();
    folder.writeCheckpoint(
      { params, optimizerState, architecture, config, generation, ...position },
      { keep: this.#keep },
    );
    this.#keep = true;
    this.#written = performance.now();
    return { generation, file: folder.checkpoint, ...position };
  }
}
