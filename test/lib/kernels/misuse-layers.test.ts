/** Every way to call a layer's kernel, the loss, the update or the runtime wrongly, and what it says. */
import { describe } from 'vitest';
import * as kernels from '../../../lib/kernels.js';
import { type Shape, Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';

const t = (...shape: number[]) => new Tensor(shape);

describe('conv2d', () => {
  const [x, weight, bias] = [t(32, 3, 28, 28), t(4, 3, 5, 5), t(4)];
  itRefuses([
    [
      'channels',
      () => kernels.conv2d(x, t(4, 6, 5, 5), bias),
      SHAPE,
      'conv2d: expected 6 input channels (axis 1) but received 3 (input 32x3x28x28)',
    ],
    [
      'a weight of two axes',
      () => kernels.conv2d(x, t(75, 4), bias),
      SHAPE,
      'conv2d: expected a weight [outChannels, inChannels, kernelH, kernelW] but received 2 axes (weight 75x4)',
    ],
    [
      'a weight without channels',
      () => kernels.conv2d(x, t(0, 3, 5, 5), bias),
      SHAPE,
      /a weight with channels/,
    ],
    ['a weight without size', () => kernels.conv2d(x, t(4, 3, 0, 5), bias), RANGE, /kernel/],
    ['no weight', () => kernels.conv2d(x, wrong(undefined), bias), TYPE, /expected weight to be a Tensor/],
    [
      'bias',
      () => kernels.conv2d(x, weight, t(3)),
      SHAPE,
      'conv2d: expected bias 4 (one number an output channel) but received 3',
    ],
    ['stride', () => kernels.conv2d(x, weight, bias, { stride: 0 }), RANGE, /conv2d: expected stride/],
    [
      'out',
      () => kernels.conv2d(x, weight, bias, { out: t(32, 4, 28, 28) }),
      SHAPE,
      /expected out 32x4x24x24/,
    ],
    [
      'dy',
      () => kernels.conv2dBackward(x, weight, t(32, 4, 28, 28)),
      SHAPE,
      /expected dy 32x4x24x24 \(the output's shape\)/,
    ],
    [
      'channels backward',
      () => kernels.conv2dBackward(x, t(4, 2, 5, 5), bias),
      SHAPE,
      /conv2dBackward: expected 2 input channels/,
    ],
    [
      'dx',
      () => kernels.conv2dBackward(x, weight, t(32, 4, 24, 24), { dx: t(1) }),
      SHAPE,
      /expected dx 32x3x28x28/,
    ],
    [
      'dw',
      () => kernels.conv2dBackward(x, weight, t(32, 4, 24, 24), { dw: t(3) }),
      SHAPE,
      /expected dw 4x3x5x5/,
    ],
    ['db', () => kernels.conv2dBackward(x, weight, t(32, 4, 24, 24), { db: t(3) }), SHAPE, /expected db 4 /],
  ]);
});

describe('maxPool2d, relu, linear', () => {
  const [x, weight, bias] = [t(5, 3), t(2, 3), t(2)];
  const pool = { kernel: 2 };
  const shape: Shape = [1, 1, 4, 4];
  itRefuses([
    [
      'a short argmax',
      () => kernels.maxPool2d(t(...shape), { kernel: 2, argmax: new Uint16Array(3) }),
      RANGE,
      /argmax to hold at least 4 elements but received 3/,
    ],
    [
      'an argmax of another kind',
      () => kernels.maxPool2d(t(...shape), { kernel: 2, argmax: wrong(new Int32Array(4)) }),
      TYPE,
      /argmax to be a Uint16Array but received Int32Array/,
    ],
    ['no image', () => kernels.maxPool2d(x, pool), SHAPE, /maxPool2d: expected an input \[N, C, H, W\]/],
    [
      'dy',
      () => kernels.maxPool2dBackward(t(1, 1, 2, 3), new Uint16Array(6), shape, pool),
      SHAPE,
      /expected dy 1x1x2x2/,
    ],
    [
      'a short argmax backward',
      () => kernels.maxPool2dBackward(t(1, 1, 2, 2), new Uint16Array(3), shape, pool),
      RANGE,
      /argmax/,
    ],
    [
      'out',
      () => kernels.maxPool2dBackward(t(1, 1, 2, 2), new Uint16Array(4), shape, { kernel: 2, out: t(4, 4) }),
      SHAPE,
      /out 1x1x4x4/,
    ],
    ['relu of a number', () => kernels.relu(wrong(3)), TYPE, /expected x to be a Tensor but received number/],
    ['relu out', () => kernels.relu(x, { out: t(3, 5) }), SHAPE, /relu: expected out 5x3/],
    ['reluBackward dy', () => kernels.reluBackward(x, t(3, 5)), SHAPE, /reluBackward: expected dy 5x3/],
    [
      'reluBackward y',
      () => kernels.reluBackward(wrong({}), x),
      TYPE,
      /expected y to be a Tensor but received Object/,
    ],
    [
      'features',
      () => kernels.linear(t(5, 4), weight, bias),
      SHAPE,
      'linear: expected 3 input features (axis 1) but received 4 (input 5x4)',
    ],
    [
      'images',
      () => kernels.linear(t(5, 3, 1, 1), weight, bias),
      SHAPE,
      'linear: expected an input [N, 3] but received 4 axes (input 5x3x1x1). Hint: put a Flatten before it',
    ],
    [
      'a weight of one axis',
      () => kernels.linear(x, bias, bias),
      SHAPE,
      /expected a weight \[outFeatures, inFeatures\] but received 2/,
    ],
    [
      'an empty weight',
      () => kernels.linear(x, t(0, 3), t(0)),
      SHAPE,
      /expected a weight .* but received 0x3/,
    ],
    ['bias', () => kernels.linear(x, weight, t(3)), SHAPE, /expected bias 2/],
    ['out', () => kernels.linear(x, weight, bias, { out: t(2, 5) }), SHAPE, /expected out 5x2/],
    ['dy', () => kernels.linearBackward(x, weight, t(2, 5)), SHAPE, /expected dy 5x2/],
    ['dw', () => kernels.linearBackward(x, weight, t(5, 2), { dw: t(3, 2) }), SHAPE, /expected dw 2x3/],
  ]);
});

describe('softmaxCrossEntropy, sgdUpdate, gatherImages, runtime', () => {
  const [logits, labels] = [t(2, 3), Int32Array.of(0, 2)];
  const images = new Uint8Array(12);
  itRefuses([
    [
      'logits of one axis',
      () => kernels.softmaxCrossEntropy(t(3), labels),
      SHAPE,
      'softmaxCrossEntropy: expected logits [N, classes] but received 3',
    ],
    ['no classes', () => kernels.softmaxCrossEntropy(t(2, 0), labels), SHAPE, /logits/],
    [
      'labels of another kind',
      () => kernels.softmaxCrossEntropy(logits, wrong([0, 2])),
      TYPE,
      /labels to be an Int32Array but received Array/,
    ],
    [
      'too few labels',
      () => kernels.softmaxCrossEntropy(logits, Int32Array.of(0)),
      SHAPE,
      'softmaxCrossEntropy: expected 2 labels (one a row) but received 1',
    ],
    [
      'too many labels',
      () => kernels.softmaxCrossEntropy(logits, Int32Array.of(0, 1, 2)),
      SHAPE,
      /but received 3/,
    ],
    [
      'a label of 3',
      () => kernels.softmaxCrossEntropy(logits, Int32Array.of(0, 3)),
      RANGE,
      /expected labels from 0 to 2 but label 1 is 3/,
    ],
    [
      'a label of -1',
      () => kernels.softmaxCrossEntropy(logits, Int32Array.of(-1, 0)),
      RANGE,
      /label 0 is -1/,
    ],
    [
      'grad',
      () => kernels.softmaxCrossEntropy(logits, labels, { grad: t(3, 2) }),
      SHAPE,
      /expected grad 2x3/,
    ],
    [
      'gradScale',
      () => kernels.softmaxCrossEntropy(logits, labels, { gradScale: Number.NaN }),
      RANGE,
      /gradScale/,
    ],
    [
      'grad of another shape',
      () => kernels.sgdUpdate(t(3), t(2), { lr: 1 }),
      SHAPE,
      'sgdUpdate: expected grad 3 (the shape of param) but received 2',
    ],
    [
      'velocity of another shape',
      () => kernels.sgdUpdate(t(3), t(3), { lr: 1, velocity: t(2) }),
      SHAPE,
      /expected velocity 3/,
    ],
    [
      'no lr',
      () => kernels.sgdUpdate(t(3), t(3), wrong({})),
      TYPE,
      /expected lr to be a number but received undefined/,
    ],
    ['lr infinite', () => kernels.sgdUpdate(t(3), t(3), { lr: Number.POSITIVE_INFINITY }), RANGE, /lr/],
    ['momentum NaN', () => kernels.sgdUpdate(t(3), t(3), { lr: 1, momentum: Number.NaN }), RANGE, /momentum/],
    [
      'weightDecay NaN',
      () => kernels.sgdUpdate(t(3), t(3), { lr: 1, weightDecay: Number.NaN }),
      RANGE,
      /weightDecay/,
    ],
    [
      'nesterov 1',
      () => kernels.sgdUpdate(t(3), t(3), { lr: 1, nesterov: wrong(1) }),
      TYPE,
      'sgdUpdate: expected nesterov to be a boolean but received number',
    ],
    [
      'the gradient in the memory of the parameter',
      () => {
        const p = t(3);
        kernels.sgdUpdate(p, p, { lr: 1 });
      },
      RANGE,
      /share no memory/,
    ],
    [
      'images of another kind',
      () => kernels.gatherImages(wrong(new Float32Array(12)), [4], new Uint32Array(1)),
      TYPE,
      /images to be a Uint8Array but received Float32Array/,
    ],
    [
      'indices of another kind',
      () => kernels.gatherImages(images, [4], wrong([0])),
      TYPE,
      /indices to be a Uint32Array but received Array/,
    ],
    [
      'an index too high',
      () => kernels.gatherImages(images, [4], Uint32Array.of(2, 3)),
      RANGE,
      /expected indices below 3 but index 1 is 3/,
    ],
    [
      'images without pixels',
      () => kernels.gatherImages(images, [0, 4], new Uint32Array(1)),
      SHAPE,
      /images with pixels but received 0x4/,
    ],
    [
      'scale',
      () => kernels.gatherImages(images, [4], new Uint32Array(1), { scale: Number.NaN }),
      RANGE,
      /scale/,
    ],
    [
      'shift',
      () => kernels.gatherImages(images, [4], new Uint32Array(1), { shift: wrong('0') }),
      TYPE,
      /shift/,
    ],
    [
      'gather out',
      () => kernels.gatherImages(images, [4], new Uint32Array(2), { out: t(2, 2, 2) }),
      SHAPE,
      /expected out 2x4/,
    ],
    [
      'no threads',
      () => kernels.setThreads(0),
      RANGE,
      'setThreads: expected count to be an integer from 1 to 1024 but received 0',
    ],
    ['1025 threads', () => kernels.setThreads(1025), RANGE, /received 1025/],
    ['1.5 threads', () => kernels.setThreads(1.5), RANGE, /received 1.5/],
    [
      'threads of text',
      () => kernels.setThreads(wrong('2')),
      TYPE,
      /count to be an integer but received string/,
    ],
    ['a burst on no thread', () => kernels.fmaBurst(0, 0.1), RANGE, /threads/],
    [
      'a burst of negative length',
      () => kernels.fmaBurst(1, -1),
      RANGE,
      /expected seconds to be a number of at least 0/,
    ],
  ]);
});
