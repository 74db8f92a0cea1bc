/** Calls of the kernels, of tensors and of random numbers. */
import * as rownet from '../../../../lib/index.js';
import { all, type Calls, type Options, t } from './call.js';

const window = { kernel: 2, stride: 1, padding: 0 };
const pool = { kernel: 2, stride: 2 };

export const kernelCalls: Calls = {
  conv2d: {
    args: () => [
      t(1, 1, 3, 3),
      t(2, 1, 2, 2),
      t(2),
      all<Options<typeof rownet.conv2d, 3>>({
        stride: 1,
        padding: 0,
        dilation: 1,
        groups: 1,
        out: t(1, 2, 2, 2),
      }),
    ],
    call: rownet.conv2d,
    options: [3],
  },
  conv2dBackward: {
    args: () => [
      t(1, 1, 3, 3),
      t(2, 1, 2, 2),
      t(1, 2, 2, 2),
      all<Options<typeof rownet.conv2dBackward, 3>>({
        stride: 1,
        padding: 0,
        dilation: 1,
        groups: 1,
        dx: t(1, 1, 3, 3),
        dw: t(2, 1, 2, 2),
        db: t(2),
      }),
    ],
    call: rownet.conv2dBackward,
    options: [3],
  },
  maxPool2d: {
    args: () => [
      t(1, 1, 4, 4),
      all<Options<typeof rownet.maxPool2d, 1>>({
        ...pool,
        padding: 0,
        out: t(1, 1, 2, 2),
        argmax: new Uint16Array(4),
      }),
    ],
    call: rownet.maxPool2d,
    options: [1, 'kernel'],
  },
  maxPool2dBackward: {
    args: () => [
      t(1, 1, 2, 2),
      new Uint16Array(4),
      [1, 1, 4, 4],
      all<Options<typeof rownet.maxPool2dBackward, 3>>({ ...pool, padding: 0, out: t(1, 1, 4, 4) }),
    ],
    call: rownet.maxPool2dBackward,
    options: [3, 'kernel'],
  },
  relu: {
    args: () => [t(2), all<Options<typeof rownet.relu, 1>>({ out: t(2) })],
    call: rownet.relu,
    options: [1],
  },
  reluBackward: {
    args: () => [t(2), t(2), all<Options<typeof rownet.reluBackward, 2>>({ out: t(2) })],
    call: rownet.reluBackward,
    options: [2],
  },
  linear: {
    args: () => [t(2, 4), t(3, 4), t(3), all<Options<typeof rownet.linear, 3>>({ out: t(2, 3) })],
    call: rownet.linear,
    options: [3],
  },
  linearBackward: {
    args: () => [
      t(2, 4),
      t(3, 4),
      t(2, 3),
      all<Options<typeof rownet.linearBackward, 3>>({ dx: t(2, 4), dw: t(3, 4), db: t(3) }),
    ],
    call: rownet.linearBackward,
    options: [3],
  },
  im2row: {
    args: () => [
      t(1, 1, 3, 3),
      all<Options<typeof rownet.im2row, 1>>({ ...window, dilation: 1, out: t(4, 4) }),
    ],
    call: rownet.im2row,
    options: [1, 'kernel'],
  },
  row2im: {
    args: () => [
      t(4, 4),
      [1, 1, 3, 3],
      all<Options<typeof rownet.row2im, 2>>({ ...window, dilation: 1, out: t(1, 1, 3, 3), average: true }),
    ],
    call: rownet.row2im,
    options: [2, 'kernel'],
  },
  pool2row: {
    args: () => [t(1, 1, 4, 4), all<Options<typeof rownet.pool2row, 1>>({ ...pool, out: t(4, 4) })],
    call: rownet.pool2row,
    options: [1, 'kernel'],
  },
  row2pool: {
    args: () => [
      t(4, 4),
      [1, 1, 4, 4],
      all<Options<typeof rownet.row2pool, 2>>({ ...pool, out: t(1, 1, 4, 4), average: true }),
    ],
    call: rownet.row2pool,
    options: [2, 'kernel'],
  },
  matmul: {
    args: () => [
      t(2, 2),
      t(2, 2),
      all<Options<typeof rownet.matmul, 2>>({
        transposeA: true,
        transposeB: false,
        alpha: 2,
        beta: 0,
        out: t(2, 2),
      }),
    ],
    call: rownet.matmul,
    options: [2],
  },
  softmaxCrossEntropy: {
    args: () => [
      t(2, 3),
      Int32Array.of(0, 2),
      all<rownet.CrossEntropyOptions>({ grad: t(2, 3), gradScale: 0.5 }),
    ],
    call: rownet.softmaxCrossEntropy,
    options: [2],
  },
  sgdUpdate: {
    args: () => [
      t(2),
      t(2),
      all<rownet.SgdUpdateOptions>({
        lr: 0.1,
        velocity: t(2),
        momentum: 0.9,
        nesterov: true,
        weightDecay: 0.1,
        gradScale: 1,
      }),
    ],
    call: rownet.sgdUpdate,
    options: [2, 'lr'],
  },
  gatherImages: {
    args: () => [
      new Uint8Array(8),
      [1, 2, 2],
      Uint32Array.of(1, 0),
      all<rownet.GatherOptions>({ scale: 1 / 255, shift: 0, out: t(2, 1, 2, 2) }),
    ],
    call: rownet.gatherImages,
    options: [3],
  },
  fmaBurst: { args: () => [1, 0.001], call: rownet.fmaBurst },
  runtimeInfo: { args: () => [], call: rownet.runtimeInfo },
  setThreads: { args: () => [rownet.runtimeInfo().threads], call: rownet.setThreads },

  // Tensors and random numbers
  'new Tensor': { args: () => [[2, 3], new Float32Array(6)], call: (...a) => new rownet.Tensor(a[0], a[1]) },
  'Tensor.from': { args: () => [[1, 2], [2]], call: (values, shape) => rownet.Tensor.from(values, shape) },
  'Tensor.size': { args: () => [], call: () => t(2).size },
  'Tensor.reshape': { args: () => [[3, -1]], call: (shape) => t(2, 3).reshape(shape) },
  'Tensor.toString': { args: () => [], call: () => String(t(2)) },
  formatShape: { args: () => [[2, 3]], call: rownet.formatShape },
  sizeOf: { args: () => [[2, 3]], call: rownet.sizeOf },
  'new Random': { args: () => [1], call: (seed) => new rownet.Random(seed) },
  'Random.derive': { args: () => [1, 2], call: (seed, stream) => rownet.Random.derive(seed, stream) },
  'Random.uint32': { args: () => [], call: () => new rownet.Random(1).uint32() },
  'Random.uniform': { args: () => [], call: () => new rownet.Random(1).uniform() },
  'Random.integer': { args: () => [6], call: (bound) => new rownet.Random(1).integer(bound) },
  'Random.normal': { args: () => [], call: () => new rownet.Random(1).normal() },
  'Random.shuffle': {
    args: () => [Uint32Array.of(1, 2)],
    call: (list) => new rownet.Random(1).shuffle(list),
  },
};
