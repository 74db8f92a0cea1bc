/** What every layer can do, and what its parameters are. */
import { ArgumentRangeError, ShapeError, StateError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import { formatShape, newFloats, type Shape, sameShape, Tensor, valueText } from '../tensor.js';

/**
 * `weight` and `bias` of a sum of products; `scale` and `shift` of a normalisation, which start at 1 and 0 whatever the
 * init. Weight decay is for weights alone.
 */
export type ParameterKind = 'weight' | 'bias' | 'scale' | 'shift';

/** What a normalisation calls its scale and shift is what PyTorch does. */
const names = { weight: 'weight', bias: 'bias', scale: 'weight', shift: 'bias' } as const;

/** A trained tensor of a layer and its gradient. */
export interface Parameter {
  /** `weight` in a layer, `conv1.weight` in a net. */
  readonly name: string;
  readonly kind: ParameterKind;
  readonly value: Tensor;
  /** Overwritten by every backward. */
  readonly grad: Tensor;
  /**
   * Rows summed into grad by the last backward: N*outH*outW for a convolution, N for a linear layer; 0 before. Whoever
   * writes grad sets it.
   */
  rows: number;
  /** Inputs of one output: C*kernelH*kernelW, or inFeatures. Initial values are scaled by it. */
  readonly fanIn: number;
  /** Whether a net owns the memory. */
  readonly bound: boolean;
  /**
   * Moves the parameter into memory of a net; its values are copied, its gradient is zero again.
   * @throws {StateError} if it is in a net already.
   * @throws {ShapeError} if a shape differs.
   * @throws {ArgumentTypeError} for anything but tensors.
   */
  bind(value: Tensor, grad: Tensor): void;
}

/** A description that JSON can hold: the kind, and the options of the constructor. */
export type LayerDescription = { readonly kind: string; readonly [option: string]: unknown };

/** How a forward is meant. A layer that takes no part in it need not look at it. */
export interface ForwardContext {
  /** Whether a backward and an update follow: dropout drops, statistics are those of the batch. */
  readonly training: boolean;
  /** What is drawn follows from seed, step, the layer's place, image and element. */
  readonly seed: number;
  readonly step: number;
}

/** The context of a forward that names none. */
export const evaluation: ForwardContext = { training: false, seed: 0, step: 0 };

/** A tensor that is saved with the parameters and not trained, such as a running mean. */
export interface LayerBuffer {
  /** `running_mean` in a layer, `norm1.running_mean` in a net. */
  readonly name: string;
  readonly value: Tensor;
  /** Whether a net owns the memory. */
  readonly bound: boolean;
  /**
   * Moves it into memory of a net, its values with it.
   * @throws {StateError} if it is in a net already.
   */
  bind(value: Tensor): void;
}

/**
 * What a net is made of; implement it for a layer of your own.
 *
 * Shapes include the batch axis. The tensors that `forward` and `backward` return are the layer's own and are written
 * again by its next call: copy what is to be kept. `backward` refers to the last `forward`, whose input must not have
 * changed meanwhile.
 */
export interface Layer {
  readonly kind: string;
  /** Of a layer that draws random numbers: which one it is of those of its net, which sets it. */
  place?: number;
  /** @throws {ShapeError} for an input that the layer cannot take. */
  outputShape(inputShape: Shape): Shape;
  /** @throws {ArgumentRangeError} for a batch that the layer cannot be trained on; both engines ask. */
  checkTraining?(inputShape: Shape): void;
  /**
   * @param context that of an evaluation unless it is given.
   * @throws {ShapeError} as `outputShape`.
   */
  forward(x: Tensor, context?: ForwardContext): Tensor;
  /**
   * The gradient of the input for the gradient of the output; the gradients of the parameters are overwritten.
   * @throws {StateError} before the first forward.
   * @throws {ShapeError} if `gradOut` has not the shape of the output.
   */
  backward(gradOut: Tensor): Tensor;
  /** `backward` without the gradient of the input: less work where nothing stands before the layer. */
  backwardParameters(gradOut: Tensor): void;
  /** What is trained, in a fixed order; empty for a layer without parameters. */
  parameters(): readonly Parameter[];
  /** What is saved but not trained, in a fixed order. */
  buffers?(): readonly LayerBuffer[];
  /** Kind and options: a net keeps it in its checkpoints, to tell whose parameters they are. */
  describe(): LayerDescription;
  /** As `net.summary()` shows it. */
  toString(): string;
}

/** What layers without parameters have in common. */
export abstract class UntrainedLayer implements Layer {
  abstract readonly kind: string;
  /** Of the last forward. */
  protected y: Tensor | undefined;

  abstract outputShape(inputShape: Shape): Shape;
  abstract forward(x: Tensor, context?: ForwardContext): Tensor;
  abstract backward(gradOut: Tensor): Tensor;
  abstract describe(): LayerDescription;

  /** Checks only: there are no parameters. */
  backwardParameters(gradOut: Tensor): void {
    checkGradOut(this.kind, gradOut, this.y);
  }

  parameters(): readonly [] {
    return [];
  }
}

/** A parameter with memory of its own, zeros (a scale: ones), until a net takes it. */
export class LayerParameter implements Parameter {
  readonly name: 'weight' | 'bias';
  readonly kind: ParameterKind;
  readonly fanIn: number;
  rows = 0;
  #value: Tensor;
  #grad: Tensor;
  #bound = false;

  constructor(kind: ParameterKind, shape: Shape, fanIn: number) {
    if (!Object.keys(names).includes(kind)) {
      const kinds = Object.keys(names).join(', ');
      throw new ArgumentRangeError(`parameter: expected a kind of ${kinds} but received ${valueText(kind)}`);
    }
    this.name = names[kind];
    this.kind = kind;
    this.fanIn = fanIn;
    this.#value = new Tensor(shape);
    if (kind === 'scale') this.#value.data.fill(1);
    this.#grad = new Tensor(shape);
  }

  get value(): Tensor {
    return this.#value;
  }

  get grad(): Tensor {
    return this.#grad;
  }

  get bound(): boolean {
    return this.#bound;
  }

  bind(value: Tensor, grad: Tensor): void {
    checkUnbound(this);
    for (const tensor of [value, grad]) {
      checkTensor(this.name, 'the memory', tensor);
      if (sameShape(tensor.shape, this.#value.shape)) continue;
      throw new ShapeError(
        `${this.name}: expected memory of shape ${formatShape(this.#value.shape)} but received ${formatShape(tensor.shape)}`,
      );
    }
    value.data.set(this.#value.data);
    grad.data.fill(0);
    this.#value = value;
    this.#grad = grad;
    this.#bound = true;
    this.rows = 0;
  }
}

function checkUnbound({ name, bound }: { readonly name: string; readonly bound: boolean }): void {
  if (!bound) return;
  throw new StateError(
    `${name}: expected a parameter without a net but it belongs to one. Create new layers for each net`,
  );
}

/** A buffer with memory of its own, one value all over, until a net takes it. */
export class FilledBuffer implements LayerBuffer {
  readonly name: string;
  #value: Tensor;
  #bound = false;

  constructor(name: string, shape: Shape, value: number) {
    this.name = name;
    this.#value = new Tensor(shape);
    this.#value.data.fill(value);
  }

  get value(): Tensor {
    return this.#value;
  }

  get bound(): boolean {
    return this.#bound;
  }

  bind(value: Tensor): void {
    checkUnbound(this);
    value.data.set(this.#value.data);
    this.#value = value;
    this.#bound = true;
  }
}

/** A parameter as its container names it: `conv1.weight` for the weight of the layer `conv1`. */
export class NamedParameter implements Parameter {
  readonly name: string;
  readonly #inner: Parameter;

  constructor(prefix: string, inner: Parameter) {
    this.name = `${prefix}.${inner.name}`;
    this.#inner = inner;
  }

  get kind(): ParameterKind {
    return this.#inner.kind;
  }

  get value(): Tensor {
    return this.#inner.value;
  }

  get grad(): Tensor {
    return this.#inner.grad;
  }

  get rows(): number {
    return this.#inner.rows;
  }

  set rows(count: number) {
    this.#inner.rows = count;
  }

  get fanIn(): number {
    return this.#inner.fanIn;
  }

  get bound(): boolean {
    return this.#inner.bound;
  }

  bind(value: Tensor, grad: Tensor): void {
    this.#inner.bind(value, grad);
  }
}

/** Memory of the largest batch seen, lent out as a tensor of the shape that is asked for; contents are whatever was. */
export class TensorBuffer {
  #memory = new Float32Array(0);
  #tensor = new Tensor([0], this.#memory);

  take(shape: Shape): Tensor {
    const size = shape.reduce((product, length) => product * length, 1);
    // Whoever was lent the tensor may have transferred its memory to a worker, which leaves a length of 0.
    if (sameShape(this.#tensor.shape, shape) && this.#tensor.size === size) return this.#tensor;
    if (this.#memory.length < size) this.#memory = newFloats('layer', size);
    this.#tensor = new Tensor(shape, this.#memory.subarray(0, size));
    return this.#tensor;
  }
}

/** @throws {StateError} if there was no forward, {ShapeError} if `gradOut` does not fit it. */
export function checkGradOut(
  where: string,
  gradOut: Tensor,
  output: Tensor | undefined,
): asserts output is Tensor {
  if (output === undefined) {
    throw new StateError(
      `${where}: expected a forward before backward but there was none. Call forward(x) first`,
    );
  }
  checkTensor(where, 'gradOut', gradOut);
  if (!sameShape(gradOut.shape, output.shape)) {
    throw new ShapeError(
      `${where}: expected gradOut ${formatShape(output.shape)} (the shape of the last output) ` +
        `but received ${formatShape(gradOut.shape)}`,
    );
  }
}
