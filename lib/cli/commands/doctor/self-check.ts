/**
 * Convolution and a training step on small integers, against plain loops. Every sum is exact in float32, and the scores
 * of an image lie so far apart that the softmax is exactly 0 or 1: results must be equal, not close.
 */
import { createEngine } from '../../../engines/create.js';
import { Conv2d, conv2dKind } from '../../../layers/conv2d.js';
import { Flatten } from '../../../layers/flatten.js';
import { Linear } from '../../../layers/linear.js';
import { MaxPool2d } from '../../../layers/max-pool2d.js';
import { ReLU } from '../../../layers/relu.js';
import { Sequential } from '../../../layers/sequential.js';
import { Net } from '../../../nets/net.js';
import { SGD } from '../../../optimizers/sgd.js';
import { type Shape, Tensor } from '../../../tensor.js';

/** Sizes that leave remainders in blocks, tiles and vectors. */
const sizes = { images: 37, height: 10, width: 9, kernel: 3, filters: 5, classes: 3 } as const;
const convH = sizes.height - sizes.kernel + 1;
const convW = sizes.width - sizes.kernel + 1;
const poolH = convH >> 1;
const poolW = convW >> 1;
const features = sizes.filters * poolH * poolW;
/** A power of two, so that the update is exact as well. */
const lr = 2 ** -10;
/** Between the scores of an image; exp(-256) is 0 in float32. */
const gap = 256;

/** What a step leaves: parameters by name, and the loss summed over the images. */
export interface Outcome {
  readonly loss: number;
  readonly correct: number;
  readonly params: Readonly<Record<string, ArrayLike<number>>>;
}

type ParameterName = 'conv.weight' | 'conv.bias' | 'linear.weight' | 'linear.bias';

/** What differs from the plain loops, a line each; none where all is well. */
export function selfCheck(): string[] {
  const expected = referenceStep();
  return [
    ...checkConvolution(),
    ...(['rows', 'lanes'] as const).flatMap((name) => compareSteps(name, engineStep(name), expected)),
  ];
}

/** Integers from 0 to `range - 1` without a short period. */
function integers(length: number, range: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (i * 7 + (i >> 2) * 5 + (i % 11) * seed + seed) % range);
}

function initial(): Record<ParameterName, Float32Array> {
  return {
    'conv.weight': integers(sizes.filters * sizes.kernel ** 2, 5, 3).map((value) => value - 2),
    'conv.bias': integers(sizes.filters, 3, 2).map((value) => value - 1),
    // Multiples of 4 gaps, and biases that differ by less: no two scores of an image are equal.
    'linear.weight': integers(sizes.classes * features, 5, 4).map((value) => 4 * gap * (value - 2)),
    'linear.bias': Float32Array.from({ length: sizes.classes }, (_, i) => gap * i),
  };
}

const pixels = () => integers(sizes.images * sizes.height * sizes.width, 4, 3);
const labels = () => integers(sizes.images, sizes.classes, 1);

export function engineStep(name: 'rows' | 'lanes'): Outcome {
  const { height, width, kernel, filters, classes } = sizes;
  const net = new Net(
    new Sequential({
      conv: new Conv2d({ inChannels: 1, outChannels: filters, kernel }),
      relu: new ReLU(),
      pool: new MaxPool2d({ kernel: 2 }),
      flatten: new Flatten(),
      linear: new Linear({ inFeatures: features, outFeatures: classes }),
    }),
    { inputShape: [1, height, width] },
  );
  const start = initial();
  for (const parameter of net.parameters()) parameter.value.data.set(start[parameter.name as ParameterName]);
  const train = {
    images: Uint8Array.from(pixels()),
    labels: Uint8Array.from(labels()),
    count: sizes.images,
    shape: [1, height, width],
  };
  const engine = createEngine(name, net, {
    normalization: { scale: 1, shift: 0 },
    train,
    reduction: 'sum',
  });
  const optimizer = new SGD(net, { lr });
  const update = optimizer.update(lr);
  const { loss, correct = 0 } = engine.trainStep(
    Uint32Array.from({ length: sizes.images }, (_, i) => i),
    { update },
  );
  if (update === undefined) optimizer.step(lr);
  const params = Object.fromEntries(net.parameters().map(({ name: key, value }) => [key, value.data]));
  return { loss, correct, params };
}

/** The same step: an image at a time, every sum a loop in double precision. */
export function referenceStep(): Outcome {
  const params = initial();
  const grads = {
    'conv.weight': new Float64Array(params['conv.weight'].length),
    'conv.bias': new Float64Array(sizes.filters),
    'linear.weight': new Float64Array(sizes.classes * features),
    'linear.bias': new Float64Array(sizes.classes),
  };
  const [allPixels, allLabels] = [pixels(), labels()];
  const area = sizes.height * sizes.width;
  const convolved = convolution(allPixels, params);
  const maps = convolved.length / sizes.images;
  let loss = 0;
  let correct = 0;
  for (let image = 0; image < sizes.images; image++) {
    const x = allPixels.subarray(image * area, (image + 1) * area);
    const label = allLabels[image];
    const pooled = poolOfMaps(convolved.subarray(image * maps, (image + 1) * maps));
    const scores = Array.from(params['linear.bias'], (bias, o) =>
      pooled.reduce((sum, { value }, i) => sum + params['linear.weight'][o * features + i] * value, bias),
    );
    const predicted = scores.indexOf(Math.max(...scores));
    loss += scores[predicted] - scores[label];
    if (predicted === label) {
      correct += 1;
      continue;
    }
    // softmax - onehot is 1 for the class that was predicted, -1 for the one of the label, 0 elsewhere.
    for (const [o, dy] of [[predicted, 1] as const, [label, -1] as const]) {
      grads['linear.bias'][o] += dy;
      for (const [i, { value, filter, at }] of pooled.entries()) {
        grads['linear.weight'][o * features + i] += dy * value;
        if (value === 0) continue;
        const dx = dy * params['linear.weight'][o * features + i];
        grads['conv.bias'][filter] += dx;
        for (const [k, pixel] of windowAt(x, at).entries())
          grads['conv.weight'][filter * sizes.kernel ** 2 + k] += dx * pixel;
      }
    }
  }
  for (const name of Object.keys(params) as ParameterName[])
    for (let i = 0; i < params[name].length; i++) params[name][i] -= lr * grads[name][i];
  return { loss, correct, params };
}

/** `[images, filters, convH, convW]`, in double precision. */
function convolution(x: Float32Array, params: Record<ParameterName, Float32Array>): Float64Array {
  const { images, height, width, kernel, filters } = sizes;
  const layer = new Conv2d({ inChannels: 1, outChannels: filters, kernel });
  layer.weight.value.data.set(params['conv.weight']);
  layer.bias.value.data.set(params['conv.bias']);
  return reference(layer, x, [images, 1, height, width]);
}

function reference(layer: Conv2d, x: Float32Array, shape: Shape): Float64Array {
  return conv2dKind.reference(layer, Float64Array.from(x), shape, layer.outputShape(shape));
}

/** The maxima of one image's maps after ReLU, each with the place in the image that it comes from. */
function poolOfMaps(maps: Float64Array) {
  return Array.from({ length: features }, (_, i) => {
    const filter = Math.floor(i / (poolH * poolW));
    const [y0, x0] = [2 * (Math.floor(i / poolW) % poolH), 2 * (i % poolW)];
    let best = { value: 0, filter, at: 0 };
    for (const [dy, dx] of [[0, 0] as const, [0, 1] as const, [1, 0] as const, [1, 1] as const]) {
      const value = maps[(filter * convH + y0 + dy) * convW + x0 + dx];
      if (value > best.value) best = { value, filter, at: (y0 + dy) * sizes.width + x0 + dx };
    }
    return best;
  });
}

function windowAt(x: Float32Array, at: number): number[] {
  const { kernel, width } = sizes;
  return Array.from({ length: kernel ** 2 }, (_, k) => x[at + Math.floor(k / kernel) * width + (k % kernel)]);
}

/** What padding and strides add: 2 images of 3 channels, a kernel that is not square. */
function checkConvolution(): string[] {
  const shape = [2, 3, 7, 6];
  const x = integers(2 * 3 * 7 * 6, 7, 2);
  const layer = new Conv2d({ inChannels: 3, outChannels: 4, kernel: [3, 2], stride: [2, 1], padding: 1 });
  layer.weight.value.data.set(integers(4 * 3 * 3 * 2, 5, 1));
  layer.bias.value.data.set(integers(4, 3, 1));
  return firstDifference('conv2d', layer.forward(new Tensor(shape, x)).data, reference(layer, x, shape));
}

/** What of `actual` is not what the plain loops gave. */
export function compareSteps(name: string, actual: Outcome, expected: Outcome): string[] {
  return [
    ...firstDifference(
      `${name}: loss and correct`,
      [actual.loss, actual.correct],
      [expected.loss, expected.correct],
    ),
    ...Object.entries(expected.params).flatMap(([key, values]) =>
      firstDifference(`${name}: ${key}`, actual.params[key], values),
    ),
  ];
}

/** Equal lengths and equal values, where NaN equals nothing. */
export function firstDifference(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): string[] {
  if (actual.length !== expected.length)
    return [`${name}: expected ${expected.length} values but received ${actual.length}`];
  const index = Array.from(expected).findIndex((value, i) => actual[i] !== value);
  if (index < 0) return [];
  return [`${name}[${index}]: expected ${expected[index]} but received ${actual[index]}`];
}
