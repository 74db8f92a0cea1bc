/** A whole sequential net of the double-precision oracle, built from the description of a net of lib/. */
import type { LayerDescription } from '../../lib/layers/layer.js';
import type { Net } from '../../lib/nets/net.js';
import * as oracle from './oracle.js';

type Params = ReadonlyMap<string, Float64Array>;
type Backward = (gradOut: Float64Array) => Float64Array;

interface Described extends LayerDescription {
  readonly name: string;
}

interface WindowDescription extends oracle.Geometry {
  readonly outChannels: number;
}

/** Parameters, inputs and gradients in double precision, whatever the net under test holds. */
export class OracleNet {
  readonly gradients = new Map<string, Float64Array>();
  /**
   * How near the last forward pass came to where a gradient jumps: the least distance of a ReLU's input from 0, or of two
   * values under a pool from each other, over the largest of their layer. Equal numbers are none: single precision finds
   * them equal too, as long as they are zeros or one and the same number.
   */
  kink = Number.POSITIVE_INFINITY;
  /** Products that the longest sums of the last forward pass add up, of a layer and of the gradient of a parameter. */
  terms = 0;
  readonly #layers: readonly Described[];
  readonly #inputShape: readonly number[];
  #tape: Backward[] = [];

  constructor(net: Net) {
    this.#layers = flatten(net.layer.describe(), '');
    this.#inputShape = net.inputShape;
  }

  forward(params: Params, x: ArrayLike<number>, n: number): Float64Array {
    this.#tape = [];
    this.kink = Number.POSITIVE_INFINITY;
    this.terms = 0;
    let shape: readonly number[] = [n, ...this.#inputShape];
    let values: Float64Array = Float64Array.from(x);
    for (const layer of this.#layers) [values, shape] = this.#forwardLayer(layer, params, values, shape);
    return values;
  }

  /** Fills `gradients` and returns the gradient of the input. */
  backward(gradOut: Float64Array): Float64Array {
    return this.#tape.reduceRight((gradient, step) => step(gradient), gradOut);
  }

  #forwardLayer(
    layer: Described,
    params: Params,
    x: Float64Array,
    shape: readonly number[],
  ): [Float64Array, readonly number[]] {
    const n = shape[0];
    const get = (part: string) => params.get(`${layer.name}.${part}`) as Float64Array;
    const keep = ({ dx, dw, db }: oracle.Gradients): Float64Array => {
      this.gradients.set(`${layer.name}.weight`, dw.values);
      this.gradients.set(`${layer.name}.bias`, db.values);
      return dx.values;
    };
    switch (layer.kind) {
      case 'conv2d': {
        const geometry = layer as unknown as WindowDescription;
        const problem = { shape: shape as oracle.Shape4, outChannels: geometry.outChannels, geometry };
        this.#tape.push((dy) => keep(oracle.conv2dBackward(x, get('weight'), dy, problem)));
        const y = oracle.conv2d(x, get('weight'), get('bias'), problem).values;
        this.#addTerms(get('weight').length / geometry.outChannels, y.length / geometry.outChannels);
        return [y, [n, geometry.outChannels, ...oracle.outputSize(geometry, problem.shape)]];
      }
      case 'maxPool2d': {
        const geometry = { ...(layer as unknown as WindowDescription), padding: [0, 0] as const };
        const { y, from } = oracle.maxPool2d(x, shape as oracle.Shape4, geometry);
        this.#tape.push((dy) => oracle.maxPool2dBackward(dy, from, x.length).values);
        const rows = oracle.pool2row(x, shape as oracle.Shape4, geometry);
        const area = rows.length / y.length;
        this.#nearKink(
          rows.map((value, index) => y[Math.floor(index / area)] - value),
          x,
        );
        return [y, [n, shape[1], ...oracle.outputSize(geometry, shape as oracle.Shape4)]];
      }
      case 'linear': {
        this.#tape.push((dy) => keep(oracle.linearBackward(x, get('weight'), dy, n)));
        const y = oracle.linear(x, get('weight'), get('bias'), n).values;
        this.#addTerms(x.length / n, n);
        return [y, [n, y.length / n]];
      }
      case 'relu':
        this.#nearKink(x, x);
        this.#tape.push((dy) => dy.map((gradient, index) => (x[index] > 0 ? gradient : 0)));
        return [x.map((value) => Math.max(value, 0)), shape];
      default:
        // Flatten: the same values under another shape.
        return [x, [n, x.length / n]];
    }
  }

  #nearKink(distances: Float64Array, values: Float64Array): void {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const distance of distances) {
      if (distance !== 0) this.kink = Math.min(this.kink, Math.abs(distance) / largest);
    }
  }

  #addTerms(ofOutput: number, ofGradient: number): void {
    this.terms = Math.max(this.terms, ofOutput + ofGradient);
  }
}

function flatten({ layers }: LayerDescription, prefix: string): Described[] {
  return (layers as Described[]).flatMap((layer) =>
    layer.kind === 'sequential'
      ? flatten(layer, `${prefix}${layer.name}.`)
      : [{ ...layer, name: prefix + layer.name }],
  );
}

/** The parameters of a net in double precision. */
export function paramsOf(net: Net): Map<string, Float64Array> {
  return new Map(net.parameters().map(({ name, value }) => [name, Float64Array.from(value.data)]));
}
