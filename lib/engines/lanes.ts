/** The engine that runs a net as fused native steps in a batch-innermost layout; see docs/engines.md. */
import { ArgumentRangeError, StateError } from '../errors.js';
import { checkArray, checkInteger, checkTensor } from '../kernels/checks.js';
import type { LayerParameter } from '../layers/layer.js';
import type { Net } from '../nets/net.js';
import { type Plan, type PlannedStep, planNet } from '../nets/plan.js';
import { type NativeLanePlan, native } from '../native.js';
import { Tensor } from '../tensor.js';
import type { Engine, EngineOptions, Evaluation, ImageSet, StepResult } from './engine.js';
import { checkEngineOptions, checkImages } from './image-set.js';

const EVALUATION_BATCH = 256;
const KINDS = { conv: 0, pool: 1, relu: 2, linear: 3 } as const;

/** Whether, and how, this engine runs the net. */
export function planLanes(net: Net): Plan {
  return planNet(net.layer, net.inputShape);
}

export class LanesEngine implements Engine {
  readonly name = 'lanes';
  readonly reason: string;
  readonly #net: Net;
  readonly #steps: readonly PlannedStep[];
  readonly #plan: NativeLanePlan;
  readonly #options: EngineOptions;

  /** @throws {ArgumentRangeError} for a net that `planLanes` gives a reason against. */
  constructor(net: Net, options: EngineOptions) {
    checkEngineOptions(net, options);
    const plan = planLanes(net);
    if ('reason' in plan) {
      throw new ArgumentRangeError(
        `engine: the lanes engine cannot run this net: ${plan.reason}. Use engine 'auto' or 'rows'`,
      );
    }
    this.#net = net;
    this.#options = options;
    this.#steps = plan.steps;
    const [channels, height, width] = net.inputShape;
    const { LanePlan } = native();
    this.#plan = new LanePlan(
      channels,
      height,
      width,
      plan.steps.map((step) => encode(net, step)),
    );
    this.reason = `${plan.steps.length} fused steps: ${plan.steps.map(({ layers }) => layers.join('+')).join(', ')}`;
  }

  trainStep(indices: Uint32Array): StepResult {
    const { train, normalization, reduction = 'mean' } = this.#options;
    if (train === undefined) {
      throw new StateError(
        'engine: expected a training set but there is none. Pass one to createEngine as "train"',
      );
    }
    checkArray('engine', 'indices', indices, Uint32Array, 0);
    if (indices.length === 0) {
      throw new ArgumentRangeError('engine: expected at least one index but received none');
    }
    const { scale, shift } = normalization;
    const { arena, gradArena } = this.#net;
    const gradScale = reduction === 'mean' ? 1 / indices.length : 1;
    const result = this.#plan.trainStep(
      train.images,
      train.labels,
      indices,
      scale,
      shift,
      arena,
      gradScale,
      gradArena,
    );
    for (const { owner, pixels } of this.#steps) {
      for (const parameter of owner?.parameters() ?? []) parameter.rows = indices.length * pixels;
    }
    return result;
  }

  evaluate(dataset: ImageSet, batchSize = EVALUATION_BATCH): Evaluation {
    checkInteger('evaluate', 'batchSize', batchSize, 1, 2 ** 31 - 1);
    checkImages(this.#net, dataset);
    const classes = this.#net.outputShape[0];
    const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
    const { scale, shift } = this.#options.normalization;
    let loss = 0;
    let correct = 0;
    for (let start = 0; start < dataset.count; start += batchSize) {
      const count = Math.min(batchSize, dataset.count - start);
      const indices = Uint32Array.from({ length: count }, (_, index) => start + index);
      const predictions = new Int32Array(count);
      const part = this.#plan.evaluate(
        dataset.images,
        dataset.labels,
        indices,
        scale,
        shift,
        this.#net.arena,
        predictions,
      );
      loss += part.loss;
      correct += part.correct;
      for (let row = 0; row < count; row += 1) {
        confusion[dataset.labels[start + row]][predictions[row]] += 1;
      }
    }
    return { images: dataset.count, loss, correct, confusion };
  }

  predict(x: Tensor): Tensor {
    checkTensor('predict', 'x', x);
    const scores = new Tensor(this.#net.layer.outputShape(x.shape));
    this.#plan.predict(x.shape[0], x.data, this.#net.arena, scores.data);
    return scores;
  }
}

/** The numbers of a step in the order of native/core/lanes/plan.h. */
function encode(net: Net, step: PlannedStep): number[] {
  const { kind, outChannels, kernel, stride, padding, inFeatures, outFeatures, relu, pool, owner } = step;
  const offset = (parameter: LayerParameter | undefined) =>
    parameter === undefined
      ? 0
      : (parameter.value.data.byteOffset - net.arena.byteOffset) / Float32Array.BYTES_PER_ELEMENT;
  return [
    KINDS[kind],
    outChannels,
    ...kernel,
    ...stride,
    ...padding,
    inFeatures,
    outFeatures,
    Number(relu),
    Number(pool),
    offset(owner?.weight),
    offset(owner?.bias),
  ];
}
