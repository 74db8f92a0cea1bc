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
  itRefuses([
    [
      'a detached tensor',
      () => kernels.im2row(detached, { kernel: 1 }),
      TYPE,
      'im2row: expected x to hold 4 values but its memory has 0 (the buffer was transferred or detached)',
    ],
    [
      'a detached out',
      () => kernels.relu(x, { out: detached }),
      TYPE,
      /relu: expected out to hold 4 values but its memory has 0/,
    ],
    [
      'shared memory put into a tensor afterwards',
      () => kernels.relu(grown),
      TYPE,
      /relu: expected x to own its memory/,
    ],
    [
      'shared labels',
      () => kernels.softmaxCrossEntropy(t(2, 3), shared),
      TYPE,
      /expected labels to own its memory/,
    ],
    [
      'resizable images',
      () => kernels.gatherImages(resizable, [2, 2], new Uint32Array(1)),
      TYPE,
      /expected images to have memory of a fixed length/,
    ],
    [
      'an output that is an input',
      () => kernels.im2row(x, { kernel: 1, out: x.reshape([4, 1]) }),
      RANGE,
      /share no memory/,
    ],
    [
      'an output that overlaps an input',
      () => {
        const memory = new Float32Array(6);
        const a = new Tensor([2, 2], memory.subarray(0, 4));
        kernels.matmul(a, t(2, 2), { out: new Tensor([2, 2], memory.subarray(2, 6)) });
      },
      RANGE,
      /share no memory/,
    ],
  ]);
});

describe('windows', () => {
  const x = t(2, 3, 6, 7);
  const options = (value: unknown) => wrong<kernels.WindowOptions>(value);
  itRefuses([
    [
      'a plain array for a tensor',
      () => kernels.im2row(wrong([1]), { kernel: 1 }),
      TYPE,
      'im2row: expected x to be a Tensor but received Array. Hint: new Tensor(shape, data) or Tensor.from(values, shape)',
    ],
    [
      'no options',
      () => kernels.im2row(x, options(undefined)),
      TYPE,
      'im2row: expected an options object such as { kernel: 5 } but received undefined',
    ],
    ['options null', () => kernels.pool2row(x, options(null)), TYPE, /but received null/],
    [
      'no kernel',
      () => kernels.im2row(x, options({})),
      TYPE,
      /expected kernel to be an integer but received undefined/,
    ],
    [
      'a kernel of text',
      () => kernels.im2row(x, options({ kernel: '3' })),
      TYPE,
      /integer but received string/,
    ],
    [
      'a kernel of three',
      () => kernels.im2row(x, options({ kernel: [1, 2, 3] })),
      TYPE,
      'im2row: expected kernel to be a number or [height, width] but received 3 numbers',
    ],
    [
      'kernel 0',
      () => kernels.im2row(x, { kernel: 0 }),
      RANGE,
      'im2row: expected kernel to be an integer from 1 to 2147483647 but received 0',
    ],
    ['kernel 2.5', () => kernels.im2row(x, { kernel: [2, 2.5] }), RANGE, /kernel .* but received 2.5/],
    ['kernel NaN', () => kernels.im2row(x, { kernel: Number.NaN }), RANGE, /kernel .* but received NaN/],
    [
      'stride 0',
      () => kernels.im2row(x, { kernel: 1, stride: [1, 0] }),
      RANGE,
      /stride .* from 1 .* received 0/,
    ],
    [
      'padding -1',
      () => kernels.im2row(x, { kernel: 1, padding: -1 }),
      RANGE,
      /padding .* from 0 .* received -1/,
    ],
    ['padding 2^31', () => kernels.im2row(x, { kernel: 1, padding: 2 ** 31 }), RANGE, /padding/],
    [
      'three axes',
      () => kernels.im2row(t(3, 6, 7), { kernel: 1 }),
      SHAPE,
      'im2row: expected an input [N, C, H, W] but received 3 axes (input 3x6x7). Hint: add the batch axis, reshape([1, 3, 6, 7])',
    ],
    [
      'two axes',
      () => kernels.pool2row(t(6, 7), { kernel: 1 }),
      SHAPE,
      'pool2row: expected an input [N, C, H, W] but received 2 axes (input 6x7)',
    ],
    [
      'a kernel larger than the input',
      () => kernels.im2row(x, { kernel: [9, 1], padding: [1, 0] }),
      SHAPE,
      'im2row: expected an input of at least 9x1 (the kernel), padding 1x0 included, but received 6x7 (input 2x3x6x7)',
    ],
    ['an image without pixels', () => kernels.im2row(t(1, 1, 0, 3), { kernel: 1, padding: 1 }), SHAPE, /0x3/],
    ['huge padding', () => kernels.im2row(x, { kernel: 1, padding: 2 ** 30 }), SHAPE, /tensor: expected/],
    [
      'rows of another shape for row2im',
      () => kernels.row2im(t(4, 12), [1, 3, 4, 4], { kernel: 2 }),
      SHAPE,
      'row2im: expected rows 9x12 (the windows of 1x3x4x4) but received 4x12',
    ],
    [
      'rows of another shape for row2pool',
      () => kernels.row2pool(t(4, 12), [1, 3, 4, 4], { kernel: 2 }),
      SHAPE,
      'row2pool: expected rows 12x4 (the windows of 1x3x4x4) but received 4x12',
    ],
    [
      'an average of 1',
      () => kernels.row2im(t(1, 1), [1, 1, 1, 1], { kernel: 1, average: wrong(1) }),
      TYPE,
      'row2im: expected average to be a boolean but received number',
    ],
    [
      'an average of text',
      () => kernels.row2pool(t(1, 1), [1, 1, 1, 1], { kernel: 1, average: wrong('no') }),
      TYPE,
      'row2pool: expected average to be a boolean but received string',
    ],
    [
      'an out of another shape',
      () => kernels.im2row(x, { kernel: 6, out: t(4, 109) }),
      SHAPE,
      'im2row: expected out 4x108 (the shape of the result) but received 4x109',
    ],
    [
      'an out that is an array',
      () => kernels.im2row(x, { kernel: 6, out: wrong(new Float32Array(432)) }),
      TYPE,
      /out/,
    ],
    [
      'a pool of more than 65536 values',
      () => kernels.maxPool2d(t(1, 1, 300, 300), { kernel: 257 }),
      RANGE,
      'maxPool2d: expected the kernel area to be an integer from 1 to 65536 but received 66049',
    ],
  ]);
});

describe('matmul', () => {
  const [a, b] = [t(2, 3), t(3, 4)];
  itRefuses([
    [
      'inner sizes',
      () => kernels.matmul(a, t(2, 4)),
      SHAPE,
      'matmul: expected op(b) with 3 rows (the columns of op(a)) but received 2 (a 2x3, b 2x4)',
    ],
    [
      'inner sizes, transposed',
      () => kernels.matmul(a, b, { transposeA: true }),
      SHAPE,
      'matmul: expected op(b) with 2 rows (the columns of op(a)) but received 3 (a 2x3 transposed, b 3x4)',
    ],
    [
      'four axes',
      () => kernels.matmul(t(1, 2, 3, 4), b),
      SHAPE,
      'matmul: expected a to have two axes but received 4 (1x2x3x4)',
    ],
    ['no tensor', () => kernels.matmul(a, wrong(null)), TYPE, /expected b to be a Tensor but received null/],
    [
      'a flag of text',
      () => kernels.matmul(a, b, { transposeA: wrong('yes') }),
      TYPE,
      /transposeA to be a boolean/,
    ],
    ['a flag of 1', () => kernels.matmul(a, b, { transposeB: wrong(1) }), TYPE, /transposeB to be a boolean/],
    [
      'alpha NaN',
      () => kernels.matmul(a, b, { alpha: Number.NaN }),
      RANGE,
      /alpha to be a number, finite in single precision, but received NaN/,
    ],
    ['alpha beyond single precision', () => kernels.matmul(a, b, { alpha: 1e39 }), RANGE, /alpha/],
    [
      'beta of text',
      () => kernels.matmul(a, b, { beta: wrong('1') }),
      TYPE,
      'matmul: expected beta to be a number but received string',
    ],
    [
      'beta without out',
      () => kernels.matmul(a, b, { beta: 1 }),
      RANGE,
      'matmul: expected out, which beta 1 scales, but received none',
    ],
    ['out', () => kernels.matmul(a, b, { out: t(4, 2) }), SHAPE, /expected out 2x4 .* but received 4x2/],
  ]);
});
