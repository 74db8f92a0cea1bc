import { ArgumentTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { formatShape, type Shape, sameShape, type Tensor, typeName } from '../tensor.js';
import {
  checkGradOut,
  type ForwardContext,
  type Layer,
  type LayerBuffer,
  type LayerDescription,
  type Parameter,
  TensorBuffer,
} from './layer.js';
import { type NamedLayer, Sequential } from './sequential.js';

/** Options of `Residual`. */
export interface ResidualOptions {
  readonly body: Sequential;
  /** Default: the input itself. */
  readonly shortcut?: Sequential;
}

/**
 * body(x) + shortcut(x), any shape that both give; without a shortcut, body(x) + x. Parameters are named
 * `body.conv1.weight` and `shortcut.conv.weight`.
 * Source: He et al., Deep Residual Learning for Image Recognition (2016).
 */
export class Residual implements Layer {
  readonly kind = 'residual';
  readonly body: Sequential;
  readonly shortcut: Sequential | undefined;
  readonly #branches: Sequential;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #y: Tensor | undefined;

  /**
   * @throws {ArgumentTypeError} for a branch that is no Sequential.
   * @throws {ArgumentRangeError} for a layer that stands in both.
   */
  constructor(options: ResidualOptions) {
    checkOptions('residual', options, { body: true, shortcut: true }, '{ body: new Sequential([...]) }');
    const { body, shortcut } = options;
    checkBranch('body', body);
    if (shortcut !== undefined) checkBranch('shortcut', shortcut);
    this.body = body;
    this.shortcut = shortcut;
    // Names the parameters, and refuses a layer that stands twice.
    this.#branches = new Sequential(shortcut === undefined ? { body } : { body, shortcut });
  }

  /** The body, and the shortcut where there is one. */
  get layers(): readonly NamedLayer[] {
    return this.#branches.layers;
  }

  /** @throws {ShapeError} where the branches give different shapes. */
  outputShape(inputShape: Shape): Shape {
    const shape = this.body.outputShape(inputShape);
    const other = this.shortcut?.outputShape(inputShape) ?? inputShape;
    if (sameShape(shape, other)) return shape;
    throw new ShapeError(
      `residual: expected body and shortcut of one shape but the body gives ${formatShape(shape)} and the ` +
        `${this.shortcut === undefined ? 'input is' : 'shortcut gives'} ${formatShape(other)}. ` +
        'Hint: a shortcut, such as a convolution 1x1 with the stride of the body',
    );
  }

  forward(x: Tensor, context?: ForwardContext): Tensor {
    checkTensor('residual', 'x', x);
    const y = this.#output.take(this.outputShape(x.shape));
    const ofBody = this.body.forward(x, context);
    const other = this.shortcut?.forward(x, context) ?? x;
    this.#y = add(ofBody, other, y);
    return this.#y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('residual', gradOut, this.#y);
    const ofBody = this.body.backward(gradOut);
    const other = this.shortcut?.backward(gradOut) ?? gradOut;
    return add(ofBody, other, this.#gradIn.take(ofBody.shape));
  }

  backwardParameters(gradOut: Tensor): void {
    checkGradOut('residual', gradOut, this.#y);
    this.body.backwardParameters(gradOut);
    this.shortcut?.backwardParameters(gradOut);
  }

  parameters(): readonly Parameter[] {
    return this.#branches.parameters();
  }

  buffers(): readonly LayerBuffer[] {
    return this.#branches.buffers();
  }

  describe(): LayerDescription {
    const { kind, body, shortcut } = this;
    return {
      kind,
      body: body.describe(),
      ...(shortcut === undefined ? {} : { shortcut: shortcut.describe() }),
    };
  }

  /** `Residual(Conv2d(4 -> 4, kernel 3x3), ReLU(); shortcut Conv2d(4 -> 4, kernel 1x1))`. */
  toString(): string {
    const text = (branch: Sequential) => branch.layers.map(({ layer }) => `${layer}`).join(', ');
    const other = this.shortcut === undefined ? '' : `; shortcut ${text(this.shortcut)}`;
    return `Residual(${text(this.body)}${other})`.replaceAll(/\s+/g, ' ');
  }
}

/** Those that a residual is made of, in their order; else the layer itself. */
export function layersWithin(layer: Layer): readonly Layer[] {
  if (!(layer instanceof Residual)) return [layer];
  const inner = (one: Layer): readonly Layer[] =>
    one instanceof Sequential ? one.layers.flatMap((each) => inner(each.layer)) : layersWithin(one);
  return layer.layers.flatMap((branch) => inner(branch.layer));
}

function checkBranch(name: string, branch: unknown): void {
  if (branch instanceof Sequential) return;
  throw new ArgumentTypeError(
    `residual: expected ${name} to be a Sequential but received ${typeName(branch)}`,
  );
}

function add({ data: a }: Tensor, { data: b }: Tensor, out: Tensor): Tensor {
  const { data } = out;
  for (let at = 0; at < data.length; at += 1) data[at] = a[at] + b[at];
  return out;
}
