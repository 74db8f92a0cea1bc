/** The article's matrices: windows as rows, their adjoints, and the product that they are for. */
import { ArgumentRangeError, ShapeError } from '../errors.js';
import { native } from '../native.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape, sizeOf, type Tensor } from '../tensor.js';
import { checkBoolean, checkNumber, checkShape, checkTensor, output } from './checks.js';
import {
  checkImages,
  convolutionWindow,
  nativeWindow,
  type PoolOptions,
  poolWindow,
  type SlidingWindow,
  slide,
  type WindowOptions,
} from './window.js';

/** Where a function writes its result; a new tensor if it is left out. */
export interface OutOption {
  /** Written to and returned; it must have the shape of the result and share no memory with the inputs. */
  readonly out?: Tensor;
}

/** Options of `row2im` and `row2pool` besides the window. */
export interface FoldOptions extends OutOption {
  /** Divide each pixel by the number of windows over it (pixels under none stay 0), so that folding undoes unfolding. */
  readonly average?: boolean;
}

/**
 * Every window of x as a row: `[N, C, H, W]` -> `[N*outH*outW, C*kernelH*kernelW]`, images, then rows, then columns.
 * @throws {ShapeError} if x has not four axes or is smaller than the kernel.
 */
export function im2row(x: Tensor, options: WindowOptions & OutOption): Tensor {
  const names = { kernel: true, stride: true, padding: true, dilation: true, out: true } as const;
  checkOptions('im2row', options, names, '{ kernel: 5 }');
  checkTensor('im2row', 'x', x);
  const window = convolutionWindow('im2row', options.kernel, options);
  const rows = output('im2row', 'out', options.out, im2rowShape('im2row', x.shape, window));
  native().im2row(nativeWindow(window, x.shape), x.data, rows.data);
  return rows;
}

/**
 * The adjoint of `im2row`: each row added to the pixels under its window, `[N*outH*outW, C*kernelH*kernelW]` ->
 * `inputShape`. What was added in the padding is dropped.
 * @throws {ShapeError} if `rows` is not what `im2row` makes of `inputShape`.
 */
export function row2im(rows: Tensor, inputShape: Shape, options: WindowOptions & FoldOptions): Tensor {
  const names: OptionNames<WindowOptions & FoldOptions> = {
    kernel: true,
    stride: true,
    padding: true,
    dilation: true,
    average: true,
    out: true,
  };
  checkOptions('row2im', options, names, '{ kernel: 5 }');
  sizeOf(inputShape);
  const window = convolutionWindow('row2im', options.kernel, options);
  const expected = im2rowShape('row2im', inputShape, window);
  checkShape('row2im', 'rows', rows, expected, `the windows of ${formatShape(inputShape)}`);
  const x = output('row2im', 'out', options.out, inputShape);
  const { average = false } = options;
  checkBoolean('row2im', 'average', average);
  native().row2im(nativeWindow(window, inputShape), rows.data, x.data, average);
  return x;
}

/**
 * Every window of every channel as a row: `[N, C, H, W]` -> `[N*C*outH*outW, kernelH*kernelW]`.
 * @throws {ShapeError} if x has not four axes or is smaller than the kernel.
 */
export function pool2row(x: Tensor, options: PoolOptions & OutOption): Tensor {
  checkOptions('pool2row', options, { kernel: true, stride: true, out: true }, '{ kernel: 2 }');
  checkTensor('pool2row', 'x', x);
  const window = poolWindow('pool2row', options);
  const rows = output('pool2row', 'out', options.out, pool2rowShape('pool2row', x.shape, window));
  native().pool2row(nativeWindow(window, x.shape), x.data, rows.data);
  return rows;
}

/**
 * The adjoint of `pool2row`: each row added to the pixels under its window.
 * @throws {ShapeError} if `rows` is not what `pool2row` makes of `inputShape`.
 */
export function row2pool(rows: Tensor, inputShape: Shape, options: PoolOptions & FoldOptions): Tensor {
  const names = { kernel: true, stride: true, average: true, out: true } as const;
  checkOptions('row2pool', options, names, '{ kernel: 2 }');
  sizeOf(inputShape);
  const window = poolWindow('row2pool', options);
  const expected = pool2rowShape('row2pool', inputShape, window);
  checkShape('row2pool', 'rows', rows, expected, `the windows of ${formatShape(inputShape)}`);
  const x = output('row2pool', 'out', options.out, inputShape);
  const { average = false } = options;
  checkBoolean('row2pool', 'average', average);
  native().row2pool(nativeWindow(window, inputShape), rows.data, x.data, average);
  return x;
}

function im2rowShape(where: string, shape: Shape, window: SlidingWindow): Shape {
  checkImages(where, shape);
  const [height, width] = slide(where, window, shape);
  return [shape[0] * height * width, shape[1] * window.kernel[0] * window.kernel[1]];
}

function pool2rowShape(where: string, shape: Shape, window: SlidingWindow): Shape {
  checkImages(where, shape);
  const [height, width] = slide(where, window, shape);
  return [shape[0] * shape[1] * height * width, window.kernel[0] * window.kernel[1]];
}

/** Options of `matmul`. */
export interface MatmulOptions extends OutOption {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor of the product. Default 1. */
  readonly alpha?: number;
  /** Factor of what `out` holds; at 0 (the default) `out` is not read. */
  readonly beta?: number;
}

/**
 * `alpha * op(a) * op(b) + beta * out`, `[m, k]` times `[k, n]` -> `[m, n]`; op transposes where the option says so.
 * @throws {ShapeError} if an operand has not two axes or the inner sizes differ.
 * @throws {ArgumentRangeError} if `beta` is not 0 and there is no `out`.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const where = 'matmul';
  const names = { transposeA: true, transposeB: true, alpha: true, beta: true, out: true } as const;
  checkOptions(where, options, names, '{ transposeA: true }');
  const { transposeA = false, transposeB = false, alpha = 1, beta = 0 } = options;
  checkBoolean(where, 'transposeA', transposeA);
  checkBoolean(where, 'transposeB', transposeB);
  const [m, k] = matrixShape('a', a, transposeA);
  const [inner, n] = matrixShape('b', b, transposeB);
  if (inner !== k) {
    throw new ShapeError(
      `${where}: expected op(b) with ${k} rows (the columns of op(a)) but received ${inner} ` +
        `(a ${describe(a, transposeA)}, b ${describe(b, transposeB)})`,
    );
  }
  checkNumber(where, 'alpha', alpha);
  checkNumber(where, 'beta', beta);
  if (beta !== 0 && options.out === undefined) {
    throw new ArgumentRangeError(`${where}: expected out, which beta ${beta} scales, but received none`);
  }
  const c = output(where, 'out', options.out, [m, n]);
  const [lda, ldb, ldc] = [a.shape[1], b.shape[1], n].map((length) => Math.max(1, length));
  native().sgemm(transposeA, transposeB, m, n, k, alpha, a.data, lda, b.data, ldb, beta, c.data, ldc);
  return c;
}

function matrixShape(name: string, value: Tensor, transposed: boolean): [number, number] {
  checkTensor('matmul', name, value);
  if (value.shape.length !== 2) {
    throw new ShapeError(
      `matmul: expected ${name} to have two axes but received ${value.shape.length} (${formatShape(value.shape)})`,
    );
  }
  const [rows, columns] = value.shape;
  return transposed ? [columns, rows] : [rows, columns];
}

function describe(value: Tensor, transposed: boolean): string {
  return formatShape(value.shape) + (transposed ? ' transposed' : '');
}
