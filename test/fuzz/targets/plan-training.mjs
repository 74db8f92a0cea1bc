// Several updated steps of a plan, on threads that change in between, against the layers one by one.
import { gatherImages, runtimeInfo, setThreads } from '../../../dist/kernels.js';
import { Conv2d } from '../../../dist/layers/conv2d.js';
import { Flatten } from '../../../dist/layers/flatten.js';
import { Linear } from '../../../dist/layers/linear.js';
import { MaxPool2d } from '../../../dist/layers/max-pool2d.js';
import { ReLU } from '../../../dist/layers/relu.js';
import { BCEWithLogitsLoss } from '../../../dist/losses/bce-with-logits.js';
import { CrossEntropyLoss } from '../../../dist/losses/cross-entropy.js';
import { MSELoss } from '../../../dist/losses/mse.js';
import { Tensor } from '../../../dist/tensor.js';
import { addon, maybe } from '../calls.mjs';
import { promise } from '../oracle.mjs';

/** @typedef {import('../operands.mjs').Operands} Operands */
/** @typedef {{ input: number[], steps: any[], classes: number, arena: number }} Plan */
/** @typedef {{ images: Uint8Array, labels: Uint8Array, values: Float32Array, indices: Uint32Array, loss: any }} Batch */

const [SCALE, SHIFT] = [1 / 64, -2];
/** Of the largest gradient. Float differs by a few units of 6e-8 a layer, and more behind Winograd's transforms. */
const TOLERANCE = 1e-3;
/** A few roundings: by as much parameters are moved to see whether a gradient jumps. */
const NUDGE = 2e-6;

/** @typedef {{ layer: any, weight?: number, bias?: number }} Placed */

/**
 * The layers of each step, with their places in the arena, and the tensors that it reads: 0 is the input, n the output of
 * the nth step.
 * @param {Plan} plan
 */
function layersOf({ input, steps }) {
  /** @type {number[][]} */
  const shapes = [[1, ...input]];
  return steps.map((step, index) => {
    const { op, weight, bias, activation, pool, kernel, stride, padding, from = index, ...counts } = step;
    const { outChannels, outFeatures } = counts;
    /** @type {Placed[]} */
    const layers = [];
    let shape = shapes[from];
    const add = (/** @type {any} */ layer, /** @type {number[]} */ ...[weightAt, biasAt]) => {
      layers.push({ layer, weight: weightAt, bias: biasAt });
      shape = layer.outputShape(shape);
    };
    const ofImages = op === 'conv2d' || op === 'maxPool2d';
    if (op === 'linear' ? shape.length === 4 : ofImages && shape.length === 2) {
      add(op === 'linear' ? new Flatten() : new Unflatten());
    }
    if (op === 'conv2d') {
      const options = { inChannels: shape[1], outChannels, kernel, stride, padding };
      add(new Conv2d(/** @type {any} */ (options)), weight, bias);
    }
    if (op === 'linear') add(new Linear({ inFeatures: shape[1], outFeatures }), weight, bias);
    if (activation === 'relu') add(new ReLU());
    if (op === 'maxPool2d') add(new MaxPool2d({ kernel, stride }));
    if (pool) add(new MaxPool2d({ kernel: 2 }));
    shapes.push(shape);
    return { layers, from, other: op === 'add' ? step.with : undefined };
  });
}

/** Of values that may have two shapes, rows of features and their pixels. @param {Tensor} a @param {Tensor} b */
function sum(a, b) {
  return new Tensor(
    [...a.shape],
    a.data.map((value, i) => value + b.data[i]),
  );
}

/** Features as an image of one pixel: a convolution may stand behind a linear layer. */
class Unflatten {
  /** @param {number[]} shape */
  outputShape([n, features]) {
    return [n, features, 1, 1];
  }
  /** @param {Tensor} x */
  forward({ shape, data }) {
    return new Tensor(this.outputShape(/** @type {number[]} */ (shape)), data);
  }
  /** @param {Tensor} gradOut */
  backward({ shape, data }) {
    return new Tensor(shape.slice(0, 2), data);
  }
  parameters() {
    return [];
  }
}

/**
 * Loss, and gradients at their places in an arena; NaN in the gaps between them.
 * @param {Plan} plan @param {Batch} batch @param {Float32Array} params @param {number} gradScale
 */
function gradientsByLayers(plan, { images, labels, values, indices, loss: of }, params, gradScale) {
  const steps = layersOf(plan);
  const layers = steps.flatMap((step) => step.layers);
  for (const { layer, weight, bias } of layers) {
    for (const [i, { value }] of layer.parameters().entries()) {
      const offset = /** @type {number} */ (i === 0 ? weight : bias);
      value.data.set(params.subarray(offset, offset + value.size));
    }
  }
  const x = gatherImages(images, plan.input, indices, { scale: SCALE, shift: SHIFT });
  const tensors = [x];
  for (const { layers: own, from, other } of steps) {
    const start = other === undefined ? tensors[from] : sum(tensors[from], tensors[other]);
    tensors.push(own.reduce((tensor, { layer }) => layer.forward(tensor), start));
  }
  const last = tensors[steps.length];
  const scores = new Tensor([indices.length, plan.classes], last.data);
  const grad = new Tensor(scores.shape);
  const { classes } = plan;
  const wanted =
    of.targets === 'labels'
      ? Int32Array.from(indices, (index) => labels[index])
      : scores.data.map((_, i) => values[indices[Math.floor(i / classes)] * classes + (i % classes)]);
  const { loss } = of.measure(scores, wanted, { grad, gradScale });
  /** @type {(Tensor | undefined)[]} */
  const slopes = tensors.map(() => undefined);
  slopes[steps.length] = new Tensor([...last.shape], grad.data);
  for (const [index, { layers: own, from, other }] of [...steps.entries()].reverse()) {
    const slope = /** @type {Tensor} */ (slopes[index + 1]);
    const gradient = own.reduceRight((tensor, { layer }) => layer.backward(tensor), slope);
    for (const tensor of other === undefined ? [from] : [from, other]) {
      const before = slopes[tensor];
      const { shape } = tensors[tensor];
      slopes[tensor] = before === undefined ? new Tensor([...shape], gradient.data) : sum(before, gradient);
    }
  }
  const gradients = new Float64Array(plan.arena).fill(Number.NaN);
  for (const { layer, weight, bias } of layers) {
    for (const [i, parameter] of layer.parameters().entries()) {
      gradients.set(parameter.grad.data, i === 0 ? weight : bias);
    }
  }
  return { loss, gradients };
}

/** But for gaps. @param {Float64Array} values */
const largestOf = (values) =>
  values.reduce((most, value) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value))), 0);
/** NaN where one of `actual` is. @param {Float64Array} actual @param {Float64Array} expected */
const distance = (actual, expected) =>
  expected.reduce(
    (most, value, i) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(actual[i] - value))),
    0,
  );

/**
 * Whether the gradients jump by about `apart` where the parameters move by a few roundings: a ReLU or a maximum is at
 * its kink, where either side is right.
 * @param {(params: Float32Array) => Float64Array} gradients @param {Float32Array} params @param {number} apart
 * @param {Operands} o
 */
function jumps(gradients, params, apart, o) {
  const middle = gradients(params);
  let most = 0;
  for (let tries = 0; tries < 32 && 2 * most < apart; tries += 1) {
    const moved = params.map((value) => value * (1 + (o.random.chance(0.5) ? NUDGE : -NUDGE)));
    most = Math.max(most, distance(gradients(moved), middle));
  }
  return 2 * most >= apart;
}

/** Trains a plan that fits, and compares each step. @param {Operands} o @param {Plan} plan */
export function trainPlan(o, plan) {
  const { input, steps, classes, arena } = plan;
  const criterion = o.random.pick([
    new CrossEntropyLoss(),
    new CrossEntropyLoss({ labelSmoothing: 0.25 }),
    new MSELoss(),
    new BCEWithLogitsLoss(),
  ]);
  const made = new addon.LanePlan(input, steps, criterion.kind, criterion.labelSmoothing);
  const size = input.reduce((product, axis) => product * axis, 1);
  const images = o.array(Uint8Array, 40 * size, 256);
  const labels = o.array(Uint8Array, 40, classes);
  const values = o.array(Float32Array, 40 * classes, 2);
  const params = o.floats(arena);
  for (let i = 0; i < arena; i += 1) params[i] = (o.random.next() / 2 ** 32 - 0.5) / 2;
  const velocities = maybe(o, () => o.array(Float32Array, arena, 1), null);
  const [momentum, nesterov, lr] = [velocities === null ? 0 : 0.75, o.random.chance(0.5), 1 / 64];
  const decay = o.random.pick([0, 0.125]);
  const segments = Object.assign(o.array(Float64Array, 5), [0, arena, decay, 1, 1]);
  const gradients = o.floats(arena);
  const { threads } = runtimeInfo();
  try {
    for (let step = o.integer(3, 6); step > 0; step -= 1) {
      const indices = o.array(Uint32Array, o.integer(1, 40), 40);
      setThreads(o.random.pick([1, 2, 3, 7]));
      const buffers = new Float32Array(0);
      const parameters = { parameters: params, buffers };
      const batch = { images, labels, values, indices, scale: SCALE, shift: SHIFT, ...parameters };
      const predictions = o.array(Int32Array, indices.length);
      if (o.random.chance(0.2)) made.evaluate({ ...batch, predictions });
      const gradScale = 1 / indices.length;
      const before = params.slice();
      const velocity = velocities?.slice();
      const numbers = [lr, momentum, Number(nesterov)];
      const update = { rule: 'sgd', params, grads: gradients, state: [velocities], segments, numbers };
      const { loss } = made.trainStep({ ...batch, gradScale, update, seed: 0, step });
      const layers = (/** @type {Float32Array} */ at) =>
        gradientsByLayers(plan, { images, labels, values, indices, loss: criterion }, at, gradScale);
      const wanted = layers(before);
      promise(
        Math.abs(loss - wanted.loss) <= 1e-3 * (1 + wanted.loss),
        `a loss of ${loss}, by layers ${wanted.loss}`,
      );
      // The gradient that the update was made of, where the layers have one: in gaps there is none.
      const taken = wanted.gradients.map((gradient, i) => {
        if (Number.isNaN(gradient)) return gradient;
        const v = momentum * (velocity?.[i] ?? 0);
        const move = (before[i] - params[i]) / lr;
        const g = nesterov && velocities !== null ? (move - momentum * v) / (1 + momentum) : move - v;
        return g - decay * before[i];
      });
      const apart = distance(taken, wanted.gradients);
      const rounding = (largestOf(Float64Array.from(before)) * 2 ** -23) / lr;
      const bound = TOLERANCE * largestOf(wanted.gradients) + rounding;
      promise(
        apart <= bound || jumps((at) => layers(at).gradients, before, apart, o),
        `step of ${indices.length} images on ${runtimeInfo().threads} threads: ` +
          `gradients ${apart} from those of the layers, bound ${bound}`,
      );
    }
  } finally {
    setThreads(threads);
  }
  return { name: 'trainStep', args: [params, velocities] };
}
