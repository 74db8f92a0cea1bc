/** Averages of the weights over the steps of a training. */
import { checkNumber } from '../kernels/checks.js';
import { applyUpdate, type ParameterUpdate } from '../kernels/updates.js';
import { copyIn, copyOut, type NamedTensors } from '../layers/named-tensors.js';
import type { Net } from '../nets/net.js';
import { checkOptions } from '../options.js';
import { Tensor } from '../tensor.js';

/** Options of the averages of the weights. */
export interface AveragingOptions {
  /** Share of the average that a step keeps, above 0 and below 1: 0.999 looks back about 1,000 steps. */
  readonly decay: number;
}

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkedAveraging(where: string, averaging: AveragingOptions): AveragingOptions {
  checkOptions(where, averaging, { decay: true }, '{ decay: 0.999 }');
  const { decay } = averaging;
  checkNumber(where, 'decay', decay, Number.MIN_VALUE);
  checkNumber(where, '1 - decay', Math.fround(1 - decay), Number.MIN_VALUE);
  return { decay };
}

/**
 * A running mean of each parameter: after the first step the parameter itself, then decay * mean + (1 - decay) *
 * parameter. Buffers are not averaged: those of the net belong to the means too, as in PyTorch's AveragedModel.
 */
export class AveragedWeights {
  readonly #net: Net;
  readonly #means: Float32Array;
  readonly #named: NamedTensors;
  readonly #update: ParameterUpdate;
  #begun = false;

  constructor(net: Net, { decay }: AveragingOptions) {
    const size = net.arena.length;
    this.#net = net;
    this.#means = new Float32Array(size);
    let end = 0;
    this.#named = net.parameters().map(({ name, value }) => {
      end += value.size;
      return [name, new Tensor(value.shape, this.#means.subarray(end - value.size, end))] as const;
    });
    // A step of plain gradient descent: with mean - parameter as the gradient, 1 - decay is the learning rate.
    this.#update = {
      rule: 'sgd',
      params: this.#means,
      grads: net.arena,
      state: [null],
      segments: Float64Array.of(0, size, 1, -1, 1),
      numbers: [1 - decay, 0, 0],
    };
  }

  /** After a step of the training. */
  step(): void {
    if (this.#begun) applyUpdate(this.#update);
    else this.#means.set(this.#net.arena);
    this.#begun = true;
  }

  /** Copies of the means, by the names of the parameters; undefined before the first step. */
  state(): Map<string, Tensor> | undefined {
    return this.#begun ? copyOut('averaging', this.#named) : undefined;
  }

  /** @param state undefined: of before the first step. */
  setState(state: ReadonlyMap<string, Tensor> | undefined): void {
    if (state !== undefined) copyIn('Trainer: resume: averaged', this.#named, state);
    this.#begun = state !== undefined;
  }

  /** What `body` gives with the means in the net; nothing else must run meanwhile. */
  within<Result>(body: () => Result): Result {
    const { arena } = this.#net;
    const trained = arena.slice();
    arena.set(this.#means);
    try {
      return body();
    } finally {
      arena.set(trained);
    }
  }
}
