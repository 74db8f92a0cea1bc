import { ArgumentRangeError } from '../errors.js';
import { checkNumber, checkTensor } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { type Shape, sizeOf, type Tensor } from '../tensor.js';
import type { LayerKind } from './kind.js';
import {
  checkGradOut,
  evaluation,
  type ForwardContext,
  type Layer,
  type LayerDescription,
  TensorBuffer,
  UntrainedLayer,
} from './layer.js';

/** Options of `Dropout`. */
export interface DropoutOptions {
  /** Share of the values that are dropped, from 0 up to below 1. Default 0.5. */
  readonly p?: number;
}

/**
 * In training, each value is 0 with probability p, and the others are multiplied by 1 / (1 - p); in evaluation nothing
 * happens. What is dropped follows from seed and step of the context, the layer's place in its net, the image and the
 * value's place in it.
 * Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting (2014), scaled in
 * training.
 */
export class Dropout extends UntrainedLayer implements Layer {
  readonly kind = 'dropout';
  readonly p: number;
  place = 0;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #context = evaluation;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: DropoutOptions = {}) {
    super();
    checkOptions('dropout', options, { p: true }, '{ p: 0.25 }');
    const { p = 0.5 } = options;
    checkNumber('dropout', 'p', p, 0);
    if (p >= 1) throw new ArgumentRangeError(`dropout: expected p below 1 but received ${p}`);
    this.p = p;
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    return inputShape;
  }

  /** In evaluation, the result is x itself. */
  forward(x: Tensor, context: ForwardContext = evaluation): Tensor {
    checkTensor('dropout', 'x', x);
    this.#context = context;
    this.y = this.#drop(x, this.#output);
    return this.y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut('dropout', gradOut, this.y);
    return this.#drop(gradOut, this.#gradIn);
  }

  #drop(x: Tensor, buffer: TensorBuffer): Tensor {
    if (!this.#context.training) return x;
    const out = buffer.take(x.shape);
    dropValues(x, out, this.p, dropoutKey(this.#context, this.place));
    return out;
  }

  describe(): LayerDescription {
    return { kind: this.kind, p: this.p };
  }

  /** `Dropout(0.5)`. */
  override toString(): string {
    return `Dropout(${this.p})`;
  }
}

export const dropoutKind: LayerKind<Dropout> = {
  type: Dropout,
  lower: ({ p, place }) => ({ step: { op: 'dropout', p, place }, taken: 0 }),
  onnx: () => ({ operator: 'Dropout' }),
  flop: () => 0,
  reference: (_, x) => x,
  picture: 'none',
  explain: null,
};

/** What the masks of one layer in one step follow from; all numbers are unsigned, of 32 bits. */
export function dropoutKey({ seed, step }: Omit<ForwardContext, 'training'>, place: number): number {
  const [low, high] = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  return mix(
    mix(mix(mix(low ^ 0x9e3779b9) + high) + Math.imul(step, 0x85ebca6b)) + Math.imul(place, 0xc2b2ae35),
  );
}

/** Values whose 24 bits lie below p * 2^24 are dropped, the others scaled. */
function dropValues(x: Tensor, out: Tensor, p: number, key: number): void {
  const size = x.size / Math.max(1, x.shape[0]);
  const threshold = Math.round(p * 2 ** 24);
  const scale = Math.fround(1 / (1 - p));
  for (let at = 0; at < x.size; at += 1) {
    const [image, element] = [Math.floor(at / size), at % size];
    const place = mix(Math.imul(image, 0x27d4eb2f) + Math.imul(element, 0x165667b1) + 1);
    out.data[at] = mix(key ^ place) >>> 8 >= threshold ? x.data[at] * scale : 0;
  }
}

/** A bijection of 32 bits whose every output bit depends on every input bit. Source: hash-prospector, lowbias32. */
function mix(bits: number): number {
  let x = bits ^ (bits >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
