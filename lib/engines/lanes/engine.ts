/** The engine that runs a net as fused native steps in a batch-innermost layout; see docs/engines.md. */
import { ArgumentRangeError, StateError } from '../../errors.js';
import { checkBatch } from '../../kernels/checks.js';
import type { LanePlan } from './native-plan.js';
import { checkImageArray, type Scaling } from '../../kernels/training.js';
import { applyUpdate, type ParameterUpdate } from '../../kernels/updates.js';
import { compileNet } from './compile.js';
import type { Net } from '../../nets/net.js';
import { type Plan, type PlannedStep, planNet, stepNames } from './plan.js';
import type { Loss } from '../../losses/loss.js';
import { Tensor } from '../../tensor.js';
import type { Augmenter } from '../augment.js';
import type { Engine, EngineOptions, Evaluation, ImageSet, StepOptions, StepResult } from '../engine.js';
import { evaluateBatches } from '../evaluate.js';
import { checkEngineOptions, checkStep, gradScaleOf } from '../image-set.js';
import { TargetSource } from '../targets.js';

/** Whether, and how, this engine runs the net, and goes down the gradient of the loss. */
export function planLanes(net: Net, loss?: Loss): Plan {
  return planNet(net.layer, net.inputShape, loss);
}

/** In seconds, each added up over the threads: divided by their number they are shares of the step's duration. */
export interface StepTimes {
  readonly gather: number;
  readonly loss: number;
  /** Of the parameters; 0 where the update is not fused. */
  readonly update: number;
  /** Each fused step. `backward` includes the sums over the batch. */
  readonly steps: readonly {
    readonly layers: readonly string[];
    readonly forward: number;
    readonly backward: number;
  }[];
}

export class LanesEngine implements Engine {
  readonly name = 'lanes';
  readonly reason: string;
  readonly #net: Net;
  readonly #steps: readonly PlannedStep[];
  readonly #plan: LanePlan;
  readonly #scaling: Scaling;
  readonly #loss: Loss;
  readonly #augmenter: Augmenter | undefined;
  readonly #train: ImageSet | undefined;
  readonly #targets: TargetSource;
  /** 0, 1, 2 ...: the order of images that were gathered before the step. */
  #order = new Uint32Array(0);

  /** @throws {ArgumentRangeError} for a net that `planLanes` gives a reason against. */
  constructor(net: Net, options: EngineOptions) {
    const { loss, scaling, augmenter } = checkEngineOptions(net, options);
    this.#augmenter = augmenter;
    this.#loss = loss;
    this.#scaling = scaling;
    const compiled = compileNet(net, this.#loss);
    if ('reason' in compiled) {
      throw new ArgumentRangeError(
        `engine: the lanes engine cannot run this net: ${compiled.reason}. Use engine 'auto' or 'rows'`,
      );
    }
    const { steps, plan } = compiled;
    this.#net = net;
    this.#targets = new TargetSource(loss, net.outputShape[0]);
    this.#train = options.train;
    this.#steps = steps;
    this.#plan = plan;
    this.reason = `${steps.length} fused steps: ${stepNames(steps)}`;
  }

  trainStep(indices: Uint32Array, options: StepOptions = {}): StepResult {
    return this.#step(indices, options, undefined);
  }

  /** `trainStep`, to the same bits, and where its time went. */
  timeStep(indices: Uint32Array, options: StepOptions = {}): StepResult & { readonly times: StepTimes } {
    const seconds = new Float64Array(3 + 2 * this.#steps.length);
    const result = this.#step(indices, options, seconds);
    const steps = this.#steps.map(({ layers }, index) => ({
      layers,
      forward: seconds[3 + 2 * index],
      backward: seconds[4 + 2 * index],
    }));
    return { ...result, times: { gather: seconds[0], loss: seconds[1], update: seconds[2], steps } };
  }

  #step(indices: Uint32Array, options: StepOptions, seconds: Float64Array | undefined): StepResult {
    const train = this.#train;
    if (train === undefined) {
      throw new StateError(
        'engine: expected a training set but there is none. Pass one to createEngine as "train"',
      );
    }
    checkStep(indices, options);
    for (const step of this.#steps) step.checkTraining(indices.length);
    const { update, seed = 0, step = 0 } = options;
    const { arena, gradArena, bufferArena } = this.#net;
    const gradScale = gradScaleOf(this.#loss, this.#net, indices.length);
    const fused = update !== undefined && updates(update, this.#net);
    const result = this.#plan.trainStep({
      ...this.#batch(train, indices, options),
      parameters: arena,
      buffers: bufferArena,
      gradScale,
      ...(fused ? { update } : { gradients: gradArena }),
      seed,
      step,
      seconds,
    });
    for (const { parameters, pixels } of this.#steps) {
      for (const parameter of parameters) parameter.rows = indices.length * pixels;
    }
    if (update !== undefined && !fused) applyUpdate(update);
    return this.#targets.counts(train) ? result : { loss: result.loss };
  }

  /** What a step gathers; augmented images are gathered before, each with its targets in their order. */
  #batch(train: ImageSet, indices: Uint32Array, { seed = 0, epoch = 0 }: StepOptions) {
    const { images } = train;
    if (this.#augmenter === undefined) {
      return { images, ...this.#targets.of(train), indices, ...this.#scaling };
    }
    checkImageArray('engine', images);
    const moved = this.#augmenter.gather(train, indices, { seed, epoch });
    if (this.#order.length !== indices.length) this.#order = Uint32Array.from(indices.keys());
    const targets = this.#targets.gather(train, indices);
    return { images: moved.data, ...targets, indices: this.#order, scale: 1, shift: 0 };
  }

  evaluate(dataset: ImageSet, batchSize?: number): Evaluation {
    const { scale, shift } = this.#scaling;
    const { arena: parameters, bufferArena: buffers } = this.#net;
    const evaluateBatch = (indices: Uint32Array, predictions: Int32Array) => {
      const { images } = dataset;
      const batch = { images, ...this.#targets.of(dataset), indices, scale, shift, parameters, buffers };
      return this.#plan.evaluate({ ...batch, predictions });
    };
    return evaluateBatches({ net: this.#net, loss: this.#loss }, dataset, evaluateBatch, batchSize);
  }

  predict(x: Tensor): Tensor {
    checkBatch('predict', 'x', x, this.#net.inputShape);
    const scores = new Tensor(this.#net.layer.outputShape(x.shape));
    const { arena: parameters, bufferArena: buffers } = this.#net;
    this.#plan.predict(x.shape[0], x.data, parameters, buffers, scores.data);
    return scores;
  }
}

/** Whether the update is of the net's own arenas, from their first float on. */
function updates({ params, grads }: ParameterUpdate, { arena, gradArena }: Net): boolean {
  const same = (a: Float32Array, b: Float32Array) => a.buffer === b.buffer && a.byteOffset === b.byteOffset;
  return same(params, arena) && same(grads, gradArena);
}
