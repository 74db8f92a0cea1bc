/** Every way to call a layer's kernel, the loss, the update or the runtime wrongly, and what it says. */
import { describe } from 'vitest';
import * as kernels from '../../../lib/kernels.js';
import { type Shape, Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';

const t = (...shape: number[]) => new Tensor(shape);

describe('conv2d', () => {
  const [x, weight, bias] = [t(32, 3, 28, 28), t(4, 3, 5, 5), t(4)];
  itRefuses(SHAPE, {
    'conv2d: expected 6 input channels (axis 1) but received 3 (input 32x3x28x28)': () =>
      kernels.conv2d(x, t(4, 6, 5, 5), bias),
    'conv2d: expected a weight [outChannels, inChannels, kernelH, kernelW] but received 2 axes (weight 75x4)':
      () => kernels.conv2d(x, t(75, 4), bias),
    'conv2d: expected a weight with channels but received 0x3x5x5': () =>
      kernels.conv2d(x, t(0, 3, 5, 5), bias),
    'conv2d: expected bias 4 (one number an output channel) but received 3': () =>
      kernels.conv2d(x, weight, t(3)),
    'conv2d: expected out 32x4x24x24 (the shape of the result) but received 32x4x28x28': () =>
      kernels.conv2d(x, weight, bias, { out: t(32, 4, 28, 28) }),
    "...expected dy 32x4x24x24 (the output's shape)...": () =>
      kernels.conv2dBackward(x, weight, t(32, 4, 28, 28)),
    '...conv2dBackward: expected 2 input channels...': () => kernels.conv2dBackward(x, t(4, 2, 5, 5), bias),
    'conv2dBackward: expected dx 32x3x28x28 (the shape of the result) but received 1': () =>
      kernels.conv2dBackward(x, weight, t(32, 4, 24, 24), { dx: t(1) }),
    'conv2dBackward: expected dw 4x3x5x5 (the shape of the result) but received 3': () =>
      kernels.conv2dBackward(x, weight, t(32, 4, 24, 24), { dw: t(3) }),
    'conv2dBackward: expected db 4 (the shape of the result) but received 3': () =>
      kernels.conv2dBackward(x, weight, t(32, 4, 24, 24), { db: t(3) }),
  });
  itRefuses(RANGE, {
    'conv2d: expected kernel to be an integer from 1 to 2147483647 but received 0': () =>
      kernels.conv2d(x, t(4, 3, 0, 5), bias),
    'conv2d: expected stride to be an integer from 1 to 2147483647 but received 0': () =>
      kernels.conv2d(x, weight, bias, { stride: 0 }),
  });
  itRefuses(TYPE, {
    '...expected weight to be a Tensor...': () => kernels.conv2d(x, wrong(undefined), bias),
  });
});

describe('maxPool2d, relu, linear', () => {
  const [x, weight, bias] = [t(5, 3), t(2, 3), t(2)];
  const pool = { kernel: 2 };
  const shape: Shape = [1, 1, 4, 4];
  itRefuses(RANGE, {
    '...argmax to hold at least 4 elements but received 3...': () =>
      kernels.maxPool2d(t(...shape), { kernel: 2, argmax: new Uint16Array(3) }),
    'maxPool2dBackward: expected argmax to hold at least 4 elements but received 3': () =>
      kernels.maxPool2dBackward(t(1, 1, 2, 2), new Uint16Array(3), shape, pool),
  });
  itRefuses(TYPE, {
    '...argmax to be a Uint16Array but received Int32Array...': () =>
      kernels.maxPool2d(t(...shape), { kernel: 2, argmax: wrong(new Int32Array(4)) }),
    '...expected x to be a Tensor but received number...': () => kernels.relu(wrong(3)),
    '...expected y to be a Tensor but received Object...': () => kernels.reluBackward(wrong({}), x),
  });
  itRefuses(SHAPE, {
    '...maxPool2d: expected an input [N, C, H, W]...': () => kernels.maxPool2d(x, pool),
    "maxPool2dBackward: expected dy 1x1x2x2 (the output's shape) but received 1x1x2x3": () =>
      kernels.maxPool2dBackward(t(1, 1, 2, 3), new Uint16Array(6), shape, pool),
    'maxPool2dBackward: expected out 1x1x4x4 (the shape of the result) but received 4x4': () =>
      kernels.maxPool2dBackward(t(1, 1, 2, 2), new Uint16Array(4), shape, { kernel: 2, out: t(4, 4) }),
    'relu: expected out 5x3 (the shape of the result) but received 3x5': () =>
      kernels.relu(x, { out: t(3, 5) }),
    '...reluBackward: expected dy 5x3...': () => kernels.reluBackward(x, t(3, 5)),
    'linear: expected 3 input features (axis 1) but received 4 (input 5x4)': () =>
      kernels.linear(t(5, 4), weight, bias),
    'linear: expected an input [N, 3] but received 4 axes (input 5x3x1x1). Hint: put a Flatten before it':
      () => kernels.linear(t(5, 3, 1, 1), weight, bias),
    '...expected a weight [outFeatures, inFeatures] but received 2...': () => kernels.linear(x, bias, bias),
    '...expected a weight ... but received 0x3...': () => kernels.linear(x, t(0, 3), t(0)),
    'linear: expected bias 2 (one number an output feature) but received 3': () =>
      kernels.linear(x, weight, t(3)),
    'linear: expected out 5x2 (the shape of the result) but received 2x5': () =>
      kernels.linear(x, weight, bias, { out: t(2, 5) }),
    "linearBackward: expected dy 5x2 (the output's shape) but received 2x5": () =>
      kernels.linearBackward(x, weight, t(2, 5)),
    'linearBackward: expected dw 2x3 (the shape of the result) but received 3x2': () =>
      kernels.linearBackward(x, weight, t(5, 2), { dw: t(3, 2) }),
  });
});

describe('softmaxCrossEntropy, sgdUpdate, gatherImages, runtime', () => {
  const [logits, labels] = [t(2, 3), Int32Array.of(0, 2)];
  const images = new Uint8Array(12);
  itRefuses(SHAPE, {
    'softmaxCrossEntropy: expected logits [N, classes] but received 3': () =>
      kernels.softmaxCrossEntropy(t(3), labels),
    'softmaxCrossEntropy: expected logits [N, classes] but received 2x0': () =>
      kernels.softmaxCrossEntropy(t(2, 0), labels),
    'softmaxCrossEntropy: expected 2 labels (one a row) but received 1': () =>
      kernels.softmaxCrossEntropy(logits, Int32Array.of(0)),
    'softmaxCrossEntropy: expected 2 labels (one a row) but received 3': () =>
      kernels.softmaxCrossEntropy(logits, Int32Array.of(0, 1, 2)),
    'softmaxCrossEntropy: expected grad 2x3 (the shape of the logits) but received 3x2': () =>
      kernels.softmaxCrossEntropy(logits, labels, { grad: t(3, 2) }),
    'sgdUpdate: expected grad 3 (the shape of param) but received 2': () =>
      kernels.sgdUpdate(t(3), t(2), { lr: 1 }),
    'sgdUpdate: expected velocity 3 (the shape of param) but received 2': () =>
      kernels.sgdUpdate(t(3), t(3), { lr: 1, velocity: t(2) }),
    '...images with pixels but received 0x4...': () =>
      kernels.gatherImages(images, [0, 4], new Uint32Array(1)),
    'gatherImages: expected scale to be a number or 2 (one a channel) but received 1': () =>
      kernels.gatherImages(images, [2, 2], new Uint32Array(1), { scale: [1] }),
    'gatherImages: expected out 2x4 (the shape of the result) but received 2x2x2': () =>
      kernels.gatherImages(images, [4], new Uint32Array(2), { out: t(2, 2, 2) }),
  });
  itRefuses(TYPE, {
    '...labels to be an Int32Array but received Array...': () =>
      kernels.softmaxCrossEntropy(logits, wrong([0, 2])),
    '...expected lr to be a number but received undefined...': () => kernels.sgdUpdate(t(3), t(3), wrong({})),
    'sgdUpdate: expected nesterov to be a boolean but received number': () =>
      kernels.sgdUpdate(t(3), t(3), { lr: 1, nesterov: wrong(1) }),
    '...images to be a Uint8Array but received Float64Array...': () =>
      kernels.gatherImages(wrong(new Float64Array(12)), [4], new Uint32Array(1)),
    '...indices to be a Uint32Array but received Array...': () =>
      kernels.gatherImages(images, [4], wrong([0])),
    'gatherImages: expected shift to be a number but received string': () =>
      kernels.gatherImages(images, [4], new Uint32Array(1), { shift: wrong('0') }),
    '...count to be an integer but received string...': () => kernels.setThreads(wrong('2')),
  });
  itRefuses(RANGE, {
    '...expected labels from 0 to 2 but label 1 is 3...': () =>
      kernels.softmaxCrossEntropy(logits, Int32Array.of(0, 3)),
    'softmaxCrossEntropy: expected labels from 0 to 2 but label 0 is -1': () =>
      kernels.softmaxCrossEntropy(logits, Int32Array.of(-1, 0)),
    'softmaxCrossEntropy: expected gradScale to be a number, finite in single precision, but received NaN':
      () => kernels.softmaxCrossEntropy(logits, labels, { gradScale: Number.NaN }),
    'sgdUpdate: expected lr to be a number, finite in single precision, but received Infinity': () =>
      kernels.sgdUpdate(t(3), t(3), { lr: Number.POSITIVE_INFINITY }),
    'sgdUpdate: expected momentum to be a number, finite in single precision, but received NaN': () =>
      kernels.sgdUpdate(t(3), t(3), { lr: 1, momentum: Number.NaN }),
    'sgdUpdate: expected weightDecay to be a number, finite in single precision, but received NaN': () =>
      kernels.sgdUpdate(t(3), t(3), { lr: 1, weightDecay: Number.NaN }),
    '...share no memory...': () => {
      const p = t(3);
      kernels.sgdUpdate(p, p, { lr: 1 });
    },
    '...expected indices below 3 but index 1 is 3...': () =>
      kernels.gatherImages(images, [4], Uint32Array.of(2, 3)),
    'gatherImages: expected scale to be a number, finite in single precision, but received NaN': () =>
      kernels.gatherImages(images, [4], new Uint32Array(1), { scale: Number.NaN }),
    'gatherImages: expected shift[1] to be a number, finite in single precision, but received NaN': () =>
      kernels.gatherImages(images, [2, 2], new Uint32Array(1), { shift: [0, Number.NaN] }),
    'setThreads: expected count to be an integer from 1 to 1024 but received 0': () => kernels.setThreads(0),
    'setThreads: expected count to be an integer from 1 to 1024 but received 1025': () =>
      kernels.setThreads(1025),
    'setThreads: expected count to be an integer from 1 to 1024 but received 1.5': () =>
      kernels.setThreads(1.5),
    'fmaBurst: expected threads to be an integer from 1 to 1024 but received 0': () =>
      kernels.fmaBurst(0, 0.1),
    '...expected seconds to be a number of at least 0...': () => kernels.fmaBurst(1, -1),
  });
});
