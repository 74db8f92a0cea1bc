import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { type Shape, type Tensor, typeName } from '../tensor.js';
import {
  type ForwardContext,
  type Layer,
  type LayerBuffer,
  type LayerDescription,
  NamedParameter,
  type Parameter,
} from './layer.js';

/** A layer of a `Sequential` and its name there. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}

/**
 * Layers in a row. Given an object, its keys name them (`conv1.weight`); given an array, their positions do
 * (`0.weight`).
 */
export class Sequential implements Layer {
  readonly kind = 'sequential';
  readonly layers: readonly NamedLayer[];
  readonly #parameters: readonly Parameter[];
  /** No layer before this one has parameters, so `backwardParameters` ends here. */
  readonly #firstTrained: number;

  /**
   * @throws {ArgumentTypeError} if something in it is no layer.
   * @throws {ArgumentRangeError} if there is none, one stands twice, or a name is no identifier.
   */
  constructor(layers: readonly Layer[] | Readonly<Record<string, Layer>>) {
    this.layers = namedLayers(layers);
    this.#parameters = this.layers.flatMap(({ name, layer }) =>
      layer.parameters().map((parameter) => new NamedParameter(name, parameter)),
    );
    const trained = this.layers.findIndex(({ layer }) => layer.parameters().length > 0);
    this.#firstTrained = trained === -1 ? this.layers.length - 1 : trained;
  }

  outputShape(inputShape: Shape): Shape {
    return this.layers.reduce((shape, { layer }) => layer.outputShape(shape), inputShape);
  }

  forward(x: Tensor, context?: ForwardContext): Tensor {
    return this.layers.reduce((value, { layer }) => layer.forward(value, context), x);
  }

  backward(gradOut: Tensor): Tensor {
    return this.layers.reduceRight((gradient, { layer }) => layer.backward(gradient), gradOut);
  }

  backwardParameters(gradOut: Tensor): void {
    let gradient = gradOut;
    for (let index = this.layers.length - 1; index > this.#firstTrained; index -= 1) {
      gradient = this.layers[index].layer.backward(gradient);
    }
    this.layers[this.#firstTrained].layer.backwardParameters(gradient);
  }

  parameters(): readonly Parameter[] {
    return this.#parameters;
  }

  buffers(): readonly LayerBuffer[] {
    return this.layers.flatMap(({ name, layer }) =>
      (layer.buffers?.() ?? []).map((buffer) => ({
        name: `${name}.${buffer.name}`,
        get value() {
          return buffer.value;
        },
        get bound() {
          return buffer.bound;
        },
        bind: (value: Tensor) => buffer.bind(value),
      })),
    );
  }

  describe(): LayerDescription {
    return {
      kind: this.kind,
      layers: this.layers.map(({ name, layer }) => ({ name, ...layer.describe() })),
    };
  }

  /** A line for each layer. */
  toString(): string {
    const lines = this.layers.map(({ name, layer }) =>
      `${name}: ${layer.toString()}`.replaceAll('\n', '\n  '),
    );
    return `Sequential(\n  ${lines.join('\n  ')}\n)`;
  }
}

function namedLayers(layers: readonly Layer[] | Readonly<Record<string, Layer>>): readonly NamedLayer[] {
  if (typeof layers !== 'object' || layers === null) {
    throw new ArgumentTypeError(
      `sequential: expected an array or an object of layers but received ${typeName(layers)}`,
    );
  }
  const named = Object.entries(layers).map(([name, layer]) => ({ name, layer: layer as Layer }));
  if (named.length === 0)
    throw new ArgumentRangeError('sequential: expected at least one layer but received none');
  for (const { name, layer } of named) {
    if (typeof layer?.backwardParameters !== 'function') {
      throw new ArgumentTypeError(
        `sequential: expected ${name} to be a layer but received ${typeName(layer)}`,
      );
    }
    // A dot would blur conv1.weight; a number would be moved to the front by JavaScript.
    if (!Array.isArray(layers) && !/^[A-Za-z_]\w*$/.test(name)) {
      throw new ArgumentRangeError(
        `sequential: expected names of letters, digits and _ but received ${JSON.stringify(name)}`,
      );
    }
  }
  checkDistinct(named);
  return named;
}

/** Of a Sequential, and of another layer that lists what it is made of as `layers`. */
function innerLayers(layer: Layer): readonly NamedLayer[] {
  const inner: unknown = 'layers' in layer ? layer.layers : undefined;
  const areLayers = Array.isArray(inner) && inner.every((one) => typeof one?.layer?.forward === 'function');
  return areLayers ? inner : [];
}

/** A layer keeps what its backward needs, so that it can stand in one place only. */
function checkDistinct(layers: readonly NamedLayer[]): void {
  const places = new Map<Layer, string>();
  const visit = (entries: readonly NamedLayer[], prefix: string): void => {
    for (const { name, layer } of entries) {
      const place = prefix + name;
      const other = places.get(layer);
      if (other !== undefined) {
        throw new ArgumentRangeError(
          `sequential: expected a layer of its own at ${place} but received the one at ${other}. Create one for each place`,
        );
      }
      places.set(layer, place);
      visit(innerLayers(layer), `${place}.`);
    }
  };
  visit(layers, '');
}

/** A layer that is no plain Sequential, and its place: `conv1`, in a nested Sequential `block.conv1`. */
export interface Leaf {
  readonly path: string;
  readonly layer: Layer;
  /** With the batch axis. */
  readonly input: Shape;
  readonly output: Shape;
}

/**
 * The layers that compute, in order, those of a nested Sequential in its place.
 * @throws {ShapeError} from the first layer that does not take what comes.
 */
export function leaves(layer: Layer, input: Shape, path = ''): Leaf[] {
  if (!isPlain(layer)) return [{ path, layer, input, output: layer.outputShape(input) }];
  let shape = input;
  return layer.layers.flatMap(({ name, layer: inner }) => {
    const found = leaves(inner, shape, path === '' ? name : `${path}.${name}`);
    shape = inner.outputShape(shape);
    return found;
  });
}

/** A subclass that computes in another way is a layer of its own. */
function isPlain(layer: Layer): layer is Sequential {
  const methods = ['forward', 'backward', 'backwardParameters'] as const;
  return layer instanceof Sequential && methods.every((name) => layer[name] === Sequential.prototype[name]);
}
