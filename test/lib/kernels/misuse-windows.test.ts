/** Every way to call a kernel on windows or matrices wrongly, and what it says; memory that kernels refuse. */
import { describe } from 'vitest';
import * as kernels from '../../../lib/kernels.js';
import { Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, resizableBuffer, SHAPE, TYPE, wrong } from '../../support/misuse.js';

const t = (...shape: number[]) => new Tensor(shape);

describe('memory', () => {
  const detached = t(1, 1, 2, 2);
  structuredClone(detached.data.buffer, { transfer: [detached.data.buffer as ArrayBuffer] });
  const grown = t(2, 2);
  Object.assign(grown, { data: new Float32Array(new SharedArrayBuffer(16)) });
  const resizable = new Uint8Array(resizableBuffer(8), 0, 8);
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const x = t(1, 1, 2, 2);
  itRefuses(TYPE, {
    'im2row: expected x to hold 4 values but its memory has 0 (the buffer was transferred or detached)': () =>
      kernels.im2row(detached, { kernel: 1 }),
    '...relu: expected out to hold 4 values but its memory has 0...': () =>
      kernels.relu(x, { out: detached }),
    '...relu: expected x to own its memory...': () => kernels.relu(grown),
    '...expected labels to own its memory...': () => kernels.softmaxCrossEntropy(t(2, 3), shared),
    '...expected images to have memory of a fixed length...': () =>
      kernels.gatherImages(resizable, [2, 2], new Uint32Array(1)),
  });
  itRefuses(RANGE, {
    "im2row: expected rows to share no memory with the call's other arrays. Pass a separate output": () =>
      kernels.im2row(x, { kernel: 1, out: x.reshape([4, 1]) }),
    "sgemm: expected c to share no memory with the call's other arrays. Pass a separate output": () => {
      const memory = new Float32Array(6);
      const a = new Tensor([2, 2], memory.subarray(0, 4));
      kernels.matmul(a, t(2, 2), { out: new Tensor([2, 2], memory.subarray(2, 6)) });
    },
  });
});

describe('windows', () => {
  const x = t(2, 3, 6, 7);
  const options = (value: unknown) => wrong<kernels.WindowOptions>(value);
  itRefuses(TYPE, {
    'im2row: expected x to be a Tensor but received Array. Hint: new Tensor(shape, data) or Tensor.from(values, shape)':
      () => kernels.im2row(wrong([1]), { kernel: 1 }),
    'im2row: expected an options object such as { kernel: 5 } but received undefined': () =>
      kernels.im2row(x, options(undefined)),
    'pool2row: expected an options object such as { kernel: 2 } but received null': () =>
      kernels.pool2row(x, options(null)),
    '...expected kernel to be an integer but received undefined...': () => kernels.im2row(x, options({})),
    'im2row: expected kernel to be an integer but received string': () =>
      kernels.im2row(x, options({ kernel: '3' })),
    'im2row: expected kernel to be a number or [height, width] but received 3 numbers': () =>
      kernels.im2row(x, options({ kernel: [1, 2, 3] })),
    'row2im: expected average to be a boolean but received number': () =>
      kernels.row2im(t(1, 1), [1, 1, 1, 1], { kernel: 1, average: wrong(1) }),
    'row2pool: expected average to be a boolean but received string': () =>
      kernels.row2pool(t(1, 1), [1, 1, 1, 1], { kernel: 1, average: wrong('no') }),
    'im2row: expected out to be a Tensor but received Float32Array. Hint: ...': () =>
      kernels.im2row(x, { kernel: 6, out: wrong(new Float32Array(432)) }),
  });
  itRefuses(RANGE, {
    'im2row: expected kernel to be an integer from 1 to 2147483647 but received 0': () =>
      kernels.im2row(x, { kernel: 0 }),
    'im2row: expected kernel to be an integer from 1 to 2147483647 but received 2.5': () =>
      kernels.im2row(x, { kernel: [2, 2.5] }),
    'im2row: expected kernel to be an integer from 1 to 2147483647 but received NaN': () =>
      kernels.im2row(x, { kernel: Number.NaN }),
    'im2row: expected stride to be an integer from 1 to 2147483647 but received 0': () =>
      kernels.im2row(x, { kernel: 1, stride: [1, 0] }),
    '...padding ... from 0 ... received -1...': () => kernels.im2row(x, { kernel: 1, padding: -1 }),
    'im2row: expected padding to be an integer from 0 to 2147483647 but received 2147483648': () =>
      kernels.im2row(x, { kernel: 1, padding: 2 ** 31 }),
    'maxPool2d: expected the kernel area to be an integer from 1 to 65536 but received 66049': () =>
      kernels.maxPool2d(t(1, 1, 300, 300), { kernel: 257 }),
  });
  itRefuses(SHAPE, {
    'im2row: expected an input [N, C, H, W] but received 3 axes (input 3x6x7). Hint: add the batch axis, reshape([1, 3, 6, 7])':
      () => kernels.im2row(t(3, 6, 7), { kernel: 1 }),
    'pool2row: expected an input [N, C, H, W] but received 2 axes (input 6x7)': () =>
      kernels.pool2row(t(6, 7), { kernel: 1 }),
    'im2row: expected an input of at least 9x1 (the kernel), padding 1x0 included, but received 6x7 (input 2x3x6x7)':
      () => kernels.im2row(x, { kernel: [9, 1], padding: [1, 0] }),
    'im2row: expected an input of at least 1x1 (the kernel), padding 1x1 included, but received 0x3 (inpu...':
      () => kernels.im2row(t(1, 1, 0, 3), { kernel: 1, padding: 1 }),
    '...tensor: expected...': () => kernels.im2row(x, { kernel: 1, padding: 2 ** 30 }),
    'row2im: expected rows 9x12 (the windows of 1x3x4x4) but received 4x12': () =>
      kernels.row2im(t(4, 12), [1, 3, 4, 4], { kernel: 2 }),
    'row2pool: expected rows 12x4 (the windows of 1x3x4x4) but received 4x12': () =>
      kernels.row2pool(t(4, 12), [1, 3, 4, 4], { kernel: 2 }),
    'im2row: expected out 4x108 (the shape of the result) but received 4x109': () =>
      kernels.im2row(x, { kernel: 6, out: t(4, 109) }),
  });
});

describe('matmul', () => {
  const [a, b] = [t(2, 3), t(3, 4)];
  itRefuses(SHAPE, {
    'matmul: expected op(b) with 3 rows (the columns of op(a)) but received 2 (a 2x3, b 2x4)': () =>
      kernels.matmul(a, t(2, 4)),
    'matmul: expected op(b) with 2 rows (the columns of op(a)) but received 3 (a 2x3 transposed, b 3x4)':
      () => kernels.matmul(a, b, { transposeA: true }),
    'matmul: expected a to have two axes but received 4 (1x2x3x4)': () => kernels.matmul(t(1, 2, 3, 4), b),
    '...expected out 2x4 ... but received 4x2...': () => kernels.matmul(a, b, { out: t(4, 2) }),
  });
  itRefuses(TYPE, {
    '...expected b to be a Tensor but received null...': () => kernels.matmul(a, wrong(null)),
    'matmul: expected transposeA to be a boolean but received string': () =>
      kernels.matmul(a, b, { transposeA: wrong('yes') }),
    'matmul: expected transposeB to be a boolean but received number': () =>
      kernels.matmul(a, b, { transposeB: wrong(1) }),
    'matmul: expected beta to be a number but received string': () =>
      kernels.matmul(a, b, { beta: wrong('1') }),
  });
  itRefuses(RANGE, {
    '...alpha to be a number, finite in single precision, but received NaN...': () =>
      kernels.matmul(a, b, { alpha: Number.NaN }),
    'matmul: expected alpha to be a number, finite in single precision, but received 1e+39': () =>
      kernels.matmul(a, b, { alpha: 1e39 }),
    'matmul: expected out, which beta 1 scales, but received none': () => kernels.matmul(a, b, { beta: 1 }),
  });
});
