import { AvgPool2d } from '../../lib/layers/avg-pool2d.js';
import { BatchNorm1d } from '../../lib/layers/batch-norm1d.js';
import { BatchNorm2d } from '../../lib/layers/batch-norm2d.js';
import { Conv2d } from '../../lib/layers/conv2d.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Dropout2d } from '../../lib/layers/dropout2d.js';
import { Flatten } from '../../lib/layers/flatten.js';
import { GlobalAvgPool2d } from '../../lib/layers/global-avg-pool2d.js';
import type { Layer } from '../../lib/layers/layer.js';
import { LeakyReLU } from '../../lib/layers/leaky-relu.js';
import { Linear } from '../../lib/layers/linear.js';
import { MaxPool2d } from '../../lib/layers/max-pool2d.js';
import { ReLU } from '../../lib/layers/relu.js';
import { Sequential } from '../../lib/layers/sequential.js';
import { Sigmoid } from '../../lib/layers/sigmoid.js';
import { Softmax } from '../../lib/layers/softmax.js';
import { Tanh } from '../../lib/layers/tanh.js';
import { Net } from '../../lib/nets/net.js';
import { Random } from '../../lib/random.js';
import { randomResidual } from './random-residual.js';

/** Layers drawn from a seed that fit an input, ending in scores; `all`: every kind, and residuals. */
export function randomNet(seed: number, { all = false } = {}): Net {
  const random = new Random(seed);
  const from = (low: number, high: number) => low + random.integer(high - low + 1);
  const inputShape = [from(1, 3), from(5, 17), from(5, 17)];
  const layers: Layer[] = [];
  let shape: readonly number[] = [1, ...inputShape];
  const add = (layer: Layer) => {
    layers.push(layer);
    shape = layer.outputShape(shape);
  };
  const others = [
    () => new Sigmoid(),
    () => new Tanh(),
    () => new LeakyReLU({ negativeSlope: from(-1, 3) / 10 }),
  ];
  const activation = () => (all && from(0, 1) === 0 ? others[random.integer(others.length)]() : new ReLU());
  const addOther = (make: () => Layer) => {
    if (all && from(0, 2) > 0) add(make());
  };
  const addResiduals = () => {
    for (let count = all ? Math.max(0, from(-2, 2)) : 0; count > 0; count -= 1) {
      add(randomResidual(random, shape));
    }
  };
  addResiduals();
  for (let count = shape.length === 4 ? from(0, 3) : 0; count > 0; count -= 1) {
    const square = from(0, 2) > 0;
    const kernelH = square ? [3, 5][random.integer(2)] : from(1, 6);
    const kernelW = square ? kernelH : from(1, 6);
    const plain = from(0, 1) === 0;
    const padding: [number, number] = plain
      ? [0, 0]
      : [random.integer(Math.min(3, kernelH)), random.integer(Math.min(3, kernelW))];
    const stride: [number, number] = plain ? [1, 1] : [from(1, 3), from(1, 3)];
    if (kernelH > shape[2] + 2 * padding[0] || kernelW > shape[3] + 2 * padding[1]) break;
    const options = { inChannels: shape[1], outChannels: from(1, 9), kernel: [kernelH, kernelW] as const };
    add(new Conv2d({ ...options, stride, padding, ...(all ? furtherOptions(random, options, shape) : {}) }));
    addOther(() => new BatchNorm2d({ features: shape[1], eps: 0.1, affine: from(0, 2) > 0 }));
    if (from(0, 3) > 0) add(activation());
    if (from(0, 2) > 0 && shape[2] >= 2 && shape[3] >= 2) add(new MaxPool2d({ kernel: 2 }));
    else if (from(0, 2) === 0 && shape[2] >= 3 && shape[3] >= 3) {
      add(new MaxPool2d({ kernel: [from(1, 3), from(1, 3)], stride: [from(1, 2), from(1, 2)] }));
    }
    if (from(0, 5) === 0) add(activation());
    addOther(() => new Dropout({ p: from(0, 8) / 10 }));
    addOther(() => new Dropout2d({ p: from(0, 4) / 10 }));
    const padded = {
      kernel: [from(2, 3), from(2, 3)],
      stride: [from(1, 2), from(1, 2)],
      padding: from(0, 1),
    } as const;
    addResiduals();
    // Which may end in rows of features.
    if (shape.length === 2) break;
    const fits = shape[2] >= 3 && shape[3] >= 3;
    if (fits) addOther(() => (from(0, 1) === 0 ? new MaxPool2d(padded) : new AvgPool2d(padded)));
  }
  if (all && shape.length === 4 && from(0, 3) === 0) add(new GlobalAvgPool2d());
  else add(new Flatten());
  if (all && from(0, 3) === 0) add(new BatchNorm1d({ features: shape[1], eps: 0.1, affine: from(0, 2) > 0 }));
  if (all && from(0, 4) === 0) add(new Softmax());
  addResiduals();
  if (from(0, 1) === 0) {
    add(new Linear({ inFeatures: shape[1], outFeatures: from(1, 40), bias: !all || from(0, 2) > 0 }));
    add(activation());
    addOther(() => new Dropout());
  }
  add(new Linear({ inFeatures: shape[1], outFeatures: from(2, 11) }));
  addResiduals();
  return new Net(new Sequential(layers), { inputShape, seed });
}

/** Gaps where they fit, groups where they divide, and mostly a bias. */
function furtherOptions(
  random: Random,
  { inChannels, outChannels, kernel }: { inChannels: number; outChannels: number; kernel: readonly number[] },
  [, , height, width]: readonly number[],
) {
  const fits = 2 * (kernel[0] - 1) < height && 2 * (kernel[1] - 1) < width;
  const groups = [inChannels, 2, 1].filter((count) => inChannels % count === 0 && outChannels % count === 0);
  return {
    dilation: fits && random.integer(3) === 0 ? 2 : 1,
    groups: groups[random.integer(groups.length)],
    bias: random.integer(3) > 0,
  };
}
