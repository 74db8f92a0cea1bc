/**
 * A layer that is its operation in native/core/layers: both engines run that, `lanes` among the fused steps of a net and
 * `rows` alone.
 */
import { checkTensor } from '../kernels/checks.js';
import { LayerStep } from '../kernels/layer-step.js';
import { type Shape, sameShape, sizeOf, type Tensor } from '../tensor.js';
import { type LaneStep, type LoweredStep, withPlaces } from './kind.js';
import {
  checkGradOut,
  evaluation,
  type ForwardContext,
  type Layer,
  type LayerBuffer,
  type LayerDescription,
  type LayerParameter,
  TensorBuffer,
} from './layer.js';

export abstract class NativeLayer implements Layer {
  abstract readonly kind: string;
  readonly #output = new TensorBuffer();
  readonly #gradIn = new TensorBuffer();
  #made: { readonly step: LayerStep; readonly shape: Shape; readonly place: number | undefined } | undefined;
  #x: Tensor | undefined;
  #y: Tensor | undefined;

  abstract outputShape(inputShape: Shape): Shape;
  abstract describe(): LayerDescription;
  /** The operation and its fields, for both engines. */
  abstract laneStep(): LaneStep;

  parameters(): readonly LayerParameter[] {
    return [];
  }

  buffers(): readonly LayerBuffer[] {
    return [];
  }

  /** @throws {ArgumentRangeError} for a batch that the layer cannot be trained on. */
  checkTraining(_inputShape: Shape): void {}

  forward(x: Tensor, context: ForwardContext = evaluation): Tensor {
    checkTensor(this.kind, 'x', x);
    const y = this.#output.take(this.outputShape(x.shape));
    if (context.training) this.checkTraining(x.shape);
    // Nothing to refer to, should this fail.
    this.#y = undefined;
    if (x.size > 0) this.#stepFor(x.shape).forward(x, y, this.#arrays(), context);
    this.#x = x;
    this.#y = y;
    return y;
  }

  backward(gradOut: Tensor): Tensor {
    checkGradOut(this.kind, gradOut, this.#y);
    const dx = this.#gradIn.take((this.#x as Tensor).shape);
    this.#backward(gradOut, dx);
    return dx;
  }

  backwardParameters(gradOut: Tensor): void {
    checkGradOut(this.kind, gradOut, this.#y);
    if (this.parameters().length > 0) this.#backward(gradOut, null);
  }

  #backward(gradOut: Tensor, dx: Tensor | null): void {
    const x = this.#x as Tensor;
    const gradients = this.parameters().map(({ grad }) => grad);
    if (x.size > 0) this.#stepFor(x.shape).backward(x, gradOut, dx, { ...this.#arrays(), gradients });
    else for (const { data } of gradients) data.fill(0);
    const [count, , ...pixels] = gradOut.shape;
    for (const parameter of this.parameters()) parameter.rows = count * sizeOf(pixels);
  }

  #arrays(): { parameters: Tensor[]; buffers: Tensor[] } {
    const [parameters, buffers] = [this.parameters(), this.buffers()].map((list) =>
      list.map(({ value }) => value),
    );
    return { parameters, buffers };
  }

  /** That of the last shape is kept. */
  #stepFor([, ...shape]: Shape): LayerStep {
    const { place } = this as Layer;
    const made = this.#made;
    if (made !== undefined && sameShape(made.shape, shape) && made.place === place) return made.step;
    const lists = [this.parameters(), this.buffers()];
    const fields = withPlaces(this.laneStep(), (one) => placeAmong(lists, one));
    const step = new LayerStep(this.kind, shape.length === 3 ? shape : [sizeOf(shape), 1, 1], fields);
    this.#made = { step, shape, place };
    return step;
  }
}

interface Stored {
  readonly value: Tensor;
}

/** In floats, where those of its list stand one behind the other. */
function placeAmong(lists: readonly (readonly Stored[])[], one: Stored): number {
  const list = lists.find((each) => each.includes(one)) as readonly Stored[];
  return list.slice(0, list.indexOf(one)).reduce((sum, { value }) => sum + value.size, 0);
}

/** As a step of its own among those of a net. */
export function lowerAlone(layer: NativeLayer): LoweredStep {
  return { step: layer.laneStep(), taken: 0 };
}
