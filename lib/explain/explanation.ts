/**
 * One convolution or linear layer on one image, as the article computes it: im2row -> matrix product -> bias -> ReLU ->
 * pool2row -> maximum, and backward by the adjoints. Every intermediate is kept, so that it can be shown with its numbers.
 */
import { ArgumentRangeError } from '../errors.js';
import { im2row, matmul, pool2row, relu, reluBackward, row2im, row2pool } from '../kernels.js';
import { Conv2d } from '../layers/conv2d.js';
import { Linear } from '../layers/linear.js';
import { MaxPool2d } from '../layers/max-pool2d.js';
import type { NamedLayer } from '../layers/sequential.js';
import { CrossEntropyLoss } from '../losses/cross-entropy.js';
import type { Net } from '../nets/net.js';
import { Tensor } from '../tensor.js';

/** P: places of the window, outH * outW; K: values of a window, C * kernelH * kernelW; F: filters. */
export interface Explanation {
  /** `conv1`. */
  readonly name: string;
  /** The layers that are shown: `conv1`, `relu1`, `pool1`. */
  readonly layers: readonly string[];
  readonly kind: 'conv2d' | 'linear';
  /** `[C, H, W]`; of a linear layer `[features, 1, 1]`. */
  readonly inputShape: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  /** `[F, outH, outW]`. */
  readonly outputShape: readonly [number, number, number];
  readonly input: Tensor;
  /** `[P, K]`: im2row of the input. */
  readonly rows: Tensor;
  /** `[F, K]`. */
  readonly weight: Tensor;
  readonly bias: Tensor;
  /** `[P, F]`: rows times the transpose of the weights. */
  readonly product: Tensor;
  /** `[F, outH, outW]`: with the bias, a map for each filter. */
  readonly sum: Tensor;
  readonly relu: Tensor | undefined;
  readonly pool: ExplainedPool | undefined;
  /** No layer follows: the outputs are the scores of the classes. */
  readonly isScores: boolean;
  readonly backward: ExplainedBackward;
}

export interface ExplainedPool {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** `[F, outH, outW]` after pooling. */
  readonly shape: readonly [number, number, number];
  /** `[F * outH * outW, kernelH * kernelW]`: pool2row. */
  readonly rows: Tensor;
  /** The largest of each row. */
  readonly output: Tensor;
}

/** Of the cross entropy of one label. */
export interface ExplainedBackward {
  readonly label: number;
  readonly loss: number;
  /** What comes back from the layers behind. */
  readonly gradOut: Tensor;
  /** Pooling: each gradient in the column of its maximum, else 0. */
  readonly poolRows: Tensor | undefined;
  /** `[F, outH, outW]`: of the convolution's output, after pooling and ReLU. */
  readonly gradSum: Tensor;
  /** `[P, K]`: gradient of the rows, gradSum (as `[P, F]`) times the weights. */
  readonly gradRows: Tensor;
  /** `[C, H, W]`: row2im of it, where windows overlap added up. */
  readonly gradInput: Tensor;
  /** `[F, K]` and `[F]`. */
  readonly gradWeight: Tensor;
  readonly gradBias: Tensor;
}

const isExplained = ({ layer }: NamedLayer) => layer instanceof Conv2d || layer instanceof Linear;

/** Names of the layers that can be explained. */
export function explainableLayers(net: Net): string[] {
  return net.layer.layers.filter(isExplained).map(({ name }) => name);
}

/** The layer with which another one is explained: `conv1` for `relu1` and `pool1`. Undefined where there is none. */
export function explainedWith(net: Net, name: string): string | undefined {
  const { layers } = net.layer;
  const index = layers.findIndex((one) => one.name === name);
  const start = layers.slice(0, index + 1).findLastIndex(isExplained);
  return start >= 0 && index <= lastExplained(layers, start) ? layers[start].name : undefined;
}

/** The last layer that is explained with the one at `index`: its ReLU, and the pooling behind that. */
function lastExplained(layers: readonly NamedLayer[], index: number): number {
  if (layers[index + 1]?.layer.kind !== 'relu') return index;
  return layers[index + 2]?.layer instanceof MaxPool2d ? index + 2 : index + 1;
}

/**
 * @param x `[1, C, H, W]`, normalised.
 * @param label whose loss is differentiated.
 * @throws {ArgumentRangeError} for a name that is no convolution or linear layer of the net.
 */
export function explainLayer(net: Net, name: string, x: Tensor, label: number): Explanation {
  const { layers } = net.layer;
  const index = layers.findIndex((one) => one.name === name);
  const layer = layers[index]?.layer;
  if (!(layer instanceof Conv2d || layer instanceof Linear)) {
    throw new ArgumentRangeError(
      `explain: expected one of the layers ${explainableLayers(net).join(', ')} but received "${name}"`,
    );
  }
  const last = lastExplained(layers, index);
  const hasRelu = last > index;
  const pooling = last === index + 2 ? (layers[last].layer as MaxPool2d) : undefined;

  const outputs = net.activations(x);
  const before = index === 0 ? x : (outputs.get(layers[index - 1].name) as Tensor);
  const geometry = geometryOf(layer, before);
  const { inputShape, outputShape, window } = geometry;
  const [filters, ...places] = outputShape;
  const input = before.reshape([1, ...inputShape]);
  const rows = window === undefined ? input.reshape([1, inputShape[0]]) : im2row(input, window);
  const weight = copy(layer.weight.value, [filters, rows.shape[1]]);
  const bias = copy(layer.bias.value, [filters]);
  const product = matmul(rows, weight, { transposeB: true });
  const sum = addBias(transpose(product), bias).reshape([1, filters, ...places]);
  const rectified = hasRelu ? relu(sum) : undefined;
  const pool = pooling === undefined ? undefined : explainPool(pooling, rectified as Tensor);

  const { loss, gradOut } = lossGradient(net, x, label, layers, last);
  const { poolRows, gradRelu } = poolBackward(pool, gradOut, outputShape);
  const gradSum = rectified === undefined ? gradRelu : reluBackward(rectified, gradRelu);
  const byPlace = transpose(gradSum.reshape([filters, rows.shape[0]]));
  const gradRows = matmul(byPlace, weight);
  return {
    name,
    layers: layers.slice(index, last + 1).map((one) => one.name),
    kind: layer.kind,
    inputShape,
    outputShape,
    kernel: window?.kernel ?? [1, 1],
    stride: window?.stride ?? [1, 1],
    padding: window?.padding ?? [0, 0],
    input,
    rows,
    weight,
    bias,
    product,
    sum,
    relu: rectified,
    pool,
    isScores: last === layers.length - 1,
    backward: {
      label,
      loss,
      gradOut,
      poolRows,
      gradSum,
      gradRows,
      gradInput: window === undefined ? gradRows : row2im(gradRows, input.shape, window),
      gradWeight: matmul(byPlace, rows, { transposeA: true }),
      gradBias: sumRows(byPlace),
    },
  };
}

function geometryOf(layer: Conv2d | Linear, input: Tensor) {
  if (layer instanceof Linear) {
    const { inFeatures, outFeatures } = layer;
    return {
      inputShape: [inFeatures, 1, 1] as const,
      outputShape: [outFeatures, 1, 1] as const,
      window: undefined,
    };
  }
  const [, c, h, w] = input.shape;
  const [, f, oh, ow] = layer.outputShape(input.shape);
  return { inputShape: [c, h, w] as const, outputShape: [f, oh, ow] as const, window: layer.window };
}

function explainPool(layer: MaxPool2d, x: Tensor): ExplainedPool {
  const { kernel, stride } = layer.window;
  const [, f, oh, ow] = layer.outputShape(x.shape);
  const rows = pool2row(x, { kernel, stride });
  const columns = rows.shape[1];
  const output = new Tensor([f, oh, ow]);
  for (let row = 0; row < rows.shape[0]; row += 1) {
    output.data[row] = Math.max(...rows.data.subarray(row * columns, (row + 1) * columns));
  }
  return { kernel, stride, shape: [f, oh, ow], rows, output };
}

/** The loss of one label, and its gradient at the output of layer `last`. */
function lossGradient(net: Net, x: Tensor, label: number, layers: readonly NamedLayer[], last: number) {
  const criterion = new CrossEntropyLoss();
  const loss = criterion.forward(net.layer.forward(x), [label]);
  let gradient = criterion.backward();
  for (let at = layers.length - 1; at > last; at -= 1) gradient = layers[at].layer.backward(gradient);
  return { loss, gradOut: copy(gradient, gradient.shape) };
}

/** Each gradient goes to the first maximum of its window. */
function poolBackward(
  pool: ExplainedPool | undefined,
  gradOut: Tensor,
  [f, oh, ow]: readonly [number, number, number],
): { poolRows: Tensor | undefined; gradRelu: Tensor } {
  if (pool === undefined) return { poolRows: undefined, gradRelu: gradOut.reshape([1, f, oh, ow]) };
  const { rows, output, kernel, stride } = pool;
  const [count, columns] = rows.shape;
  const poolRows = new Tensor(rows.shape);
  for (let row = 0; row < count; row += 1) {
    const values = rows.data.subarray(row * columns, (row + 1) * columns);
    poolRows.data[row * columns + values.indexOf(output.data[row])] = gradOut.data[row];
  }
  return { poolRows, gradRelu: row2pool(poolRows, [1, f, oh, ow], { kernel, stride }) };
}

function copy(tensor: Tensor, shape: readonly number[]): Tensor {
  return new Tensor(shape, tensor.data.slice());
}

function transpose({ shape: [rows, columns], data }: Tensor): Tensor {
  const result = new Tensor([columns, rows]);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) result.data[j * rows + i] = data[i * columns + j];
  }
  return result;
}

/** Adds a value to each row. */
function addBias(matrix: Tensor, bias: Tensor): Tensor {
  const [rows, columns] = matrix.shape;
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) matrix.data[i * columns + j] += bias.data[i];
  }
  return matrix;
}

/** The sum of all rows. */
function sumRows({ shape: [rows, columns], data }: Tensor): Tensor {
  const result = new Tensor([columns]);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) result.data[j] += data[i * columns + j];
  }
  return result;
}
