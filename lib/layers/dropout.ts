import { ArgumentRangeError } from '../errors.js';
import { checkNumber } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { type Shape, sizeOf } from '../tensor.js';
import type { LaneStep, LayerKind } from './kind.js';
import type { Layer, LayerDescription } from './layer.js';
import { lowerAlone, NativeLayer } from './native-layer.js';

/** Options of a dropout. */
export interface DropoutOptions {
  /** Share of the values that are dropped, from 0 up to below 1. Default 0.5. */
  readonly p?: number;
}

/** What dropouts have in common; dropout2d.ts has the other one. */
export abstract class DropoutBase extends NativeLayer {
  readonly p: number;
  place = 0;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(where: string, options: DropoutOptions) {
    super();
    checkOptions(where, options, { p: true }, '{ p: 0.25 }');
    const { p = 0.5 } = options;
    checkNumber(where, 'p', p, 0);
    if (p >= 1) throw new ArgumentRangeError(`${where}: expected p below 1 but received ${p}`);
    this.p = p;
  }

  laneStep(): LaneStep {
    return { op: this.kind, p: this.p, place: this.place };
  }

  describe(): LayerDescription {
    return { kind: this.kind, p: this.p };
  }

  /** `Dropout(0.5)`. */
  override toString(): string {
    return `${this.constructor.name}(${this.p})`;
  }
}

/**
 * In training, each value is 0 with probability p, and the others are multiplied by 1 / (1 - p); in evaluation nothing
 * happens. What is dropped follows from seed and step of the context, the layer's place in its net, the image and the
 * value's place in it.
 * Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting (2014), scaled in
 * training.
 */
export class Dropout extends DropoutBase implements Layer {
  readonly kind = 'dropout';

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: DropoutOptions = {}) {
    super('dropout', options);
  }

  outputShape(inputShape: Shape): Shape {
    sizeOf(inputShape);
    return inputShape;
  }
}

export function dropoutKindOf<L extends DropoutBase>(
  type: new (options?: DropoutOptions) => L,
): LayerKind<L> {
  return {
    type,
    lower: lowerAlone,
    onnx: () => ({ operator: 'Dropout' }),
    flop: () => 0,
    reference: (_, x) => x,
    picture: 'none',
    explain: null,
  };
}

export const dropoutKind = dropoutKindOf(Dropout);
