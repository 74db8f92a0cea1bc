import { ArgumentTypeError, StateError } from '../errors.js';
import { checkBatch, checkBoolean, checkInteger, checkNumber } from '../kernels/checks.js';
import { applyUpdate } from '../kernels/updates.js';
import {
  evaluation,
  type ForwardContext,
  type Layer,
  type LayerBuffer,
  type Parameter,
} from '../layers/layer.js';
import { copyIn, copyOut } from '../layers/named-tensors.js';
import { layersWithin } from '../layers/residual.js';
import { checkGradients, checkSegmentOptions, segmentLength, setSegments } from '../layers/segments.js';
import { type Leaf, leaves, Sequential } from '../layers/sequential.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, newFloats, type Shape, Tensor, typeName } from '../tensor.js';
import { type Init, initParameters } from './init.js';
import { type RunInputs, runner } from './runner.js';
import { summarize } from './summary.js';

/** Input and initial parameters of a `Net`. */
export interface NetOptions {
  /** Of one input, without the batch axis: `[C, H, W]` for images. */
  readonly inputShape: Shape;
  /** Seed of the initial parameters, an integer from 0 to 2^53 - 1. Default 0. */
  readonly seed?: number;
  /** Default `he`. */
  readonly init?: Init;
}

/** How `net.update` goes down the gradient. */
export interface UpdateOptions {
  /** Learning rate. */
  readonly lr: number;
  /** Factor of the weights in their gradients (L2 regularisation). Default 0. */
  readonly reg?: number;
  /** `mean` divides a bias's gradient by the rows that were summed into it. Default `sum`. */
  readonly biasGradient?: 'sum' | 'mean';
}

/** Images at a time in `predict`. */
const PREDICT_BATCH = 256;

/**
 * Layers with their parameters in one contiguous arena, and the gradients in a second one, so that whoever saves,
 * updates or exchanges parameters needs to know nothing of layers.
 */
export class Net {
  readonly layer: Sequential;
  readonly inputShape: Shape;
  /** Of one output, without the batch axis: `[classes]` for a classifier. */
  readonly outputShape: Shape;
  /** All parameters, in the order of `parameters()`. */
  readonly arena: Float32Array;
  /** All gradients, in the same order. */
  readonly gradArena: Float32Array;
  /** What is saved but not trained, such as running means. */
  readonly bufferArena: Float32Array;
  /** What the parameters began with. */
  readonly seed: number;
  readonly init: Init;
  /** Input shape and layers as JSON, stored in checkpoints: equal strings mean interchangeable parameters. */
  readonly architecture: string;
  readonly #parameters: readonly Parameter[];
  readonly #segments: Float64Array;
  readonly #buffers: readonly LayerBuffer[];
  #training = true;
  /** Forwards in training that named no context. */
  #forwards = 0;
  /** Null where layers are run one by one. */
  #run: RunInputs | null | undefined;
  /** Whether the layers hold a whole forward for `backward` to refer to. */
  #ready = false;

  /**
   * Takes over the parameters of `layer` and initialises them.
   * @throws {ShapeError} if the layers do not fit each other and the input shape.
   * @throws {StateError} if a layer belongs to another net.
   * @throws {ResourceError} if there is no memory for the parameters.
   */
  constructor(layer: Sequential, options: NetOptions) {
    if (!(layer instanceof Sequential)) {
      throw new ArgumentTypeError(`net: expected a Sequential but received ${typeName(layer)}`);
    }
    const names = { inputShape: true, seed: true, init: true } as const;
    checkOptions('net', options, names, '{ inputShape: [1, 32, 32] }');
    const { inputShape, seed = 0, init = 'he' } = options;
    checkInputShape(inputShape);
    this.outputShape = Object.freeze(layer.outputShape([1, ...inputShape]).slice(1));
    this.inputShape = Object.freeze([...inputShape]);
    this.layer = layer;
    this.#parameters = layer.parameters();
    this.#segments = new Float64Array(segmentLength * this.#parameters.length);
    this.#buffers = layer.buffers();
    const taken = [...this.#parameters, ...this.#buffers].find(({ bound }) => bound);
    if (taken !== undefined) {
      throw new StateError(
        `net: expected layers without a net but ${taken.name} belongs to one. Create new layers for each net`,
      );
    }
    this.arena = newArena(this.#parameters);
    this.gradArena = newArena(this.#parameters);
    this.bufferArena = newArena(this.#buffers);
    const [values, grads] = [this.arena, this.gradArena].map((arena) => parts(this.#parameters, arena));
    for (const [index, parameter] of this.#parameters.entries()) parameter.bind(values[index], grads[index]);
    for (const [index, part] of parts(this.#buffers, this.bufferArena).entries())
      this.#buffers[index].bind(part);
    initParameters(this.#parameters, init, seed);
    this.seed = seed;
    this.init = init;
    const drawing = this.#leaves()
      .flatMap((one) => layersWithin(one.layer))
      .filter((one) => 'place' in one);
    for (const [place, one] of drawing.entries()) one.place = place;
    this.architecture = JSON.stringify({ inputShape: this.inputShape, ...layer.describe() });
  }

  /** Parameters and gradients are views of the arenas; names are as in `getParams`. */
  parameters(): readonly Parameter[] {
    return this.#parameters;
  }

  /** Whether `forward` is that of a training; at first it is. `predict` is not. */
  get training(): boolean {
    return this.#training;
  }

  /** From now on `forward` is that of a training: dropout drops, and statistics are those of the batch. */
  train(): this {
    this.#training = true;
    return this;
  }

  /** From now on `forward` is that of an evaluation. */
  eval(): this {
    this.#training = false;
    return this;
  }

  /**
   * @param x `[N, ...inputShape]`, unchanged until the backward.
   * @param context by default as `train()` and `eval()` have set it, with the net's seed, and each forward of a training
   * as a further step.
   * @returns a tensor of the last layer: valid until the next forward.
   * @throws {TypeError | RangeError} for a context that lacks something.
   * @throws {ShapeError} from the first layer that x does not fit.
   */
  forward(x: Tensor, context: ForwardContext = this.#nextContext()): Tensor {
    checkContext(context);
    this.#ready = false;
    const y = this.layer.forward(x, context);
    this.#ready = true;
    return y;
  }

  #nextContext(): ForwardContext {
    if (!this.#training) return evaluation;
    this.#forwards += 1;
    return { training: true, seed: this.seed, step: this.#forwards - 1 };
  }

  #leaves(): Leaf[] {
    return leaves(this.layer, [1, ...this.inputShape]);
  }

  /**
   * `forward` of an evaluation, layer by layer: each one with its path, such as `conv1`, and its output, which is valid until the next
   * forward. `backward` may follow when all have been taken.
   * @throws {ShapeError} from the first layer that x does not fit.
   */
  *forwardByLayers(x: Tensor): Generator<{ path: string; layer: Layer; output: Tensor }, void, undefined> {
    this.#ready = false;
    let value = x;
    for (const { path, layer } of this.#leaves()) {
      value = layer.forward(value);
      yield { path, layer, output: value };
    }
    this.#ready = true;
  }

  /**
   * Overwrites the gradients of all parameters.
   * @param gradOut gradient of the last forward's result.
   * @returns the gradient of the input if `inputGradient` is true (it costs a part of the first layer), else null.
   * @throws {StateError} before the first forward, and after `predict`, which takes the layers' memory.
   */
  backward(gradOut: Tensor, options: { readonly inputGradient?: boolean } = {}): Tensor | null {
    checkOptions('net', options, { inputGradient: true }, '{ inputGradient: true }');
    const { inputGradient = false } = options;
    checkBoolean('net', 'inputGradient', inputGradient);
    if (!this.#ready) {
      throw new StateError(
        'net: expected a forward before backward but there was none since the start, a predict or an error. ' +
          'Call forward(x) first',
      );
    }
    if (inputGradient) return this.layer.backward(gradOut);
    this.layer.backwardParameters(gradOut);
    return null;
  }

  /**
   * Plain gradient descent: `W -= lr * (dW + reg * W)`, `b -= lr * db`.
   * @throws {StateError} before the first backward.
   * @throws {RangeError} for a learning rate or regularisation below 0 or not finite.
   */
  update(options: UpdateOptions): void {
    checkOptions('update', options, { lr: true, reg: true, biasGradient: true }, '{ lr: 0.1 }');
    const { lr, reg = 0, biasGradient = 'sum' } = options;
    checkNumber('update', 'lr', lr, 0);
    const each = { weightDecay: reg, biasGradient };
    checkSegmentOptions('update', each, 'reg');
    checkGradients('update', this.#parameters);
    applyUpdate({
      rule: 'sgd',
      params: this.arena,
      grads: this.gradArena,
      state: [null],
      segments: setSegments(this.#segments, this.#parameters, each),
      numbers: [lr, 0, 0],
    });
  }

  /** Copies of all parameters and buffers under names such as `conv1.weight` and `norm1.running_mean`. */
  getParams(): Map<string, Tensor> {
    return copyOut('getParams', this.#named());
  }

  /**
   * Copies parameters and buffers in; all or none.
   * @throws {ShapeError} listing every name that is missing, unexpected or of another shape.
   * @throws {ArgumentRangeError} for a value that is not finite.
   */
  setParams(params: ReadonlyMap<string, Tensor>): void {
    copyIn('setParams', this.#named(), params);
  }

  #named(): (readonly [string, Tensor])[] {
    return [...this.#parameters, ...this.#buffers].map(({ name, value }) => [name, value] as const);
  }

  /**
   * The result for any number of inputs; a copy. By the fused steps of the lanes engine where they express the net, else
   * layer by layer.
   * @param x `[N, ...inputShape]`.
   * @param batchSize inputs at a time, layer by layer. Default 256.
   * @throws {ShapeError} for inputs of another shape.
   */
  predict(x: Tensor, batchSize = PREDICT_BATCH): Tensor {
    if (this.#run === undefined) this.#run = runner()?.compile(this) ?? null;
    if (this.#run === null) return this.predictByLayers(x, batchSize);
    checkBatch('predict', 'x', x, this.inputShape);
    checkInteger('predict', 'batchSize', batchSize, 1, 2 ** 31 - 1);
    const result = new Tensor(this.layer.outputShape(x.shape));
    this.#run(x.shape[0], x.data, this.arena, result.data);
    this.#ready = false;
    return result;
  }

  /** As `predict`, always layer by layer. */
  predictByLayers(x: Tensor, batchSize = PREDICT_BATCH): Tensor {
    checkBatch('predict', 'x', x, this.inputShape);
    checkInteger('predict', 'batchSize', batchSize, 1, 2 ** 31 - 1);
    const result = new Tensor(this.layer.outputShape(x.shape));
    const [count, ...rest] = x.shape;
    const inputSize = x.size / Math.max(1, count);
    const outputSize = result.size / Math.max(1, count);
    for (let start = 0; start < count; start += batchSize) {
      const end = Math.min(count, start + batchSize);
      const batch = new Tensor([end - start, ...rest], x.data.subarray(start * inputSize, end * inputSize));
      result.data.set(this.forward(batch, evaluation).data, start * outputSize);
    }
    this.#ready = false;
    return result;
  }

  /**
   * What each layer makes of `x`, layer by layer: copies, under names such as `conv1`; a layer within a Sequential is
   * `block.conv1`. The last one is what `forward` returns.
   * @param x `[N, ...inputShape]`.
   */
  activations(x: Tensor): Map<string, Tensor> {
    const outputs = new Map<string, Tensor>();
    for (const { path, output } of this.forwardByLayers(x)) {
      outputs.set(path, new Tensor(output.shape, output.data.slice()));
    }
    return outputs;
  }

  /** A table: layer, output shape, parameters, engine. */
  summary(): string {
    return summarize(this.constructor.name, this.layer, this.inputShape);
  }

  /** `LeNet5(1x32x32 -> 10, 61706 parameters)`. */
  toString(): string {
    const shapes = `${formatShape(this.inputShape)} -> ${formatShape(this.outputShape)}`;
    return `${this.constructor.name}(${shapes}, ${this.arena.length} parameters)`;
  }
}

type Values = readonly { readonly value: Tensor }[];

function newArena(values: Values): Float32Array {
  return newFloats(
    'net',
    values.reduce((sum, { value }) => sum + value.size, 0),
  );
}

/** The places of values in their arena, one after the other. */
function parts(values: Values, arena: Float32Array): Tensor[] {
  let offset = 0;
  return values.map(({ value: { shape, size } }) => {
    offset += size;
    return new Tensor(shape, arena.subarray(offset - size, offset));
  });
}

function checkInputShape(shape: unknown): void {
  if (!Array.isArray(shape)) {
    throw new ArgumentTypeError(
      `net: expected inputShape to be a shape such as [1, 32, 32] but received ${typeName(shape)}`,
    );
  }
  for (const [axis, length] of shape.entries()) {
    checkInteger('net', `inputShape[${axis}]`, length, 1, 2 ** 31 - 1);
  }
}

function checkContext(context: ForwardContext): void {
  const names: OptionNames<ForwardContext> = { training: true, seed: true, step: true };
  checkOptions('forward', context, names, '{ training: true, seed: 1, step: 0 }');
  checkBoolean('forward', 'training', context.training);
  checkInteger('forward', 'seed', context.seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('forward', 'step', context.step, 0, Number.MAX_SAFE_INTEGER);
}
