/**
 * One convolution or linear layer on one image, as the article computes it: im2row -> matrix product -> bias ->
 * activation -> pool2row -> maximum, and backward by the adjoints. Every intermediate is kept, so that it can be shown with its numbers.
 */
import { ArgumentRangeError } from '../errors.js';
import { im2row, matmul, pool2row, row2im, row2pool } from '../kernels.js';
import type { ExplainedPart, LayerKind } from '../layers/kind.js';
import { kindOf } from '../layers/kinds.js';
import type { Layer } from '../layers/layer.js';
import { Residual } from '../layers/residual.js';
import { leaves } from '../layers/sequential.js';
import { CrossEntropyLoss } from '../losses/cross-entropy.js';
import type { Net } from '../nets/net.js';
import { type Shape, Tensor } from '../tensor.js';

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
  readonly activation: ExplainedActivation | undefined;
  readonly pool: ExplainedPool | undefined;
  /** No layer follows: the outputs are the scores of the classes. */
  readonly isScores: boolean;
  readonly backward: ExplainedBackward;
}

export interface ExplainedActivation {
  /** `ReLU`. */
  readonly name: string;
  /** With the input as a text: `max(0, 1.5)`. */
  formula(x: string): string;
  /** What it does with a gradient, after its name. */
  readonly backward: string;
  /** `[F, outH, outW]`. */
  readonly output: Tensor;
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
  /** `[F, outH, outW]`: of the convolution's output, after pooling and activation. */
  readonly gradSum: Tensor;
  /** `[P, K]`: gradient of the rows, gradSum (as `[P, F]`) times the weights. */
  readonly gradRows: Tensor;
  /** `[C, H, W]`: row2im of it, where windows overlap added up. */
  readonly gradInput: Tensor;
  /** `[F, K]` and `[F]`. */
  readonly gradWeight: Tensor;
  readonly gradBias: Tensor;
}

/** The part that a layer plays, if it is `role`. */
function partOf<Role extends ExplainedPart<Layer>['role']>(layer: Layer | undefined, role: Role) {
  const part = layer === undefined ? undefined : kindOf(layer)?.explain;
  return part?.role === role ? (part as Extract<ExplainedPart<Layer>, { role: Role }>) : undefined;
}

interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}

function layersOf(net: Net): NamedLayer[] {
  return leaves(net.layer, [1, ...net.inputShape]).map(({ path, layer }) => ({ name: path, layer }));
}

const isExplained = ({ layer }: NamedLayer) => partOf(layer, 'products')?.isPlain(layer) === true;

/** Names of the layers that can be explained. */
export function explainableLayers(net: Net): string[] {
  return layersOf(net)
    .filter(isExplained)
    .map(({ name }) => name);
}

/** The layers that are not explained though others of their kind are, each with the reason. */
export function unexplainedLayers(net: Net): string[] {
  const layers = layersOf(net);
  return layers.flatMap(({ name, layer }, index) => {
    const products = partOf(layer, 'products');
    if (products !== undefined && !products.isPlain(layer)) {
      return `${name}: a window with dilation or groups is not a whole row`;
    }
    const padded = partOf(layer, 'maximum')
      ?.window(layer)
      .padding.some((width) => width > 0);
    const isShown = explainedWith(net, name) !== undefined;
    if (padded && explainedWith(net, layers[index - 1]?.name ?? '') !== undefined && !isShown) {
      return `${name}: a pooling with padding is left out of the layer before`;
    }
    return layer instanceof Residual ? `${name}: what is inside a residual has no place of its own` : [];
  });
}

/** The layer with which another one is explained: `conv1` for `relu1` and `pool1`. Undefined where there is none. */
export function explainedWith(net: Net, name: string): string | undefined {
  const layers = layersOf(net);
  const index = layers.findIndex((one) => one.name === name);
  const start = layers.slice(0, index + 1).findLastIndex(isExplained);
  return start >= 0 && index <= lastExplained(layers, start) ? layers[start].name : undefined;
}

/** The last layer that is explained with the one at `index`: its activation, and the pooling behind that. */
function lastExplained(layers: readonly NamedLayer[], index: number): number {
  if (partOf(layers[index + 1]?.layer, 'activation') === undefined) return index;
  const pool = layers[index + 2]?.layer;
  const padding = partOf(pool, 'maximum')?.window(pool).padding;
  return padding?.every((width) => width === 0) === true ? index + 2 : index + 1;
}

/**
 * @param x `[1, C, H, W]`, normalised.
 * @param label whose loss is differentiated.
 * @throws {ArgumentRangeError} for a name that is no convolution or linear layer of the net.
 */
export function explainLayer(net: Net, name: string, x: Tensor, label: number): Explanation {
  const layers = layersOf(net);
  const index = layers.findIndex((one) => one.name === name);
  const layer = layers[index]?.layer;
  const part = partOf(layer, 'products');
  if (part?.isPlain(layer) !== true) {
    throw new ArgumentRangeError(
      `explain: expected one of the layers ${explainableLayers(net).join(', ')} but received "${name}"`,
    );
  }
  const last = lastExplained(layers, index);
  const outputs = net.activations(x);
  const before = index === 0 ? x : (outputs.get(layers[index - 1].name) as Tensor);
  const window = part.window(layer);
  const [inputShape, outputShape] = [before.shape, layer.outputShape(before.shape)].map(asMaps);
  const [filters, ...places] = outputShape;
  const input = before.reshape([1, ...inputShape]);
  const rows = window === undefined ? input.reshape([1, inputShape[0]]) : im2row(input, window);
  const [weight, bias = new Tensor([filters])] = layer
    .parameters()
    .map(({ value }, at) => copy(value, at === 0 ? [filters, rows.shape[1]] : [filters]));
  const product = matmul(rows, weight, { transposeB: true });
  const sum = addBias(transpose(product), bias).reshape([1, filters, ...places]);
  const activation = last > index ? explainActivation(layers[index + 1].layer, sum) : undefined;
  const pool =
    activation && last === index + 2
      ? explainPool(layers[last].layer, activation.explained.output)
      : undefined;

  const { loss, gradOut } = lossGradient(net, x, label, layers, last);
  const { poolRows, gradActivated } = poolBackward(pool, gradOut, outputShape);
  const gradSum = activation?.layer.backward(gradActivated) ?? gradActivated;
  const byPlace = transpose(gradSum.reshape([filters, rows.shape[0]]));
  const gradRows = matmul(byPlace, weight);
  return {
    name,
    layers: layers.slice(index, last + 1).map((one) => one.name),
    kind: window === undefined ? 'linear' : 'conv2d',
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
    activation: activation?.explained,
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

/** `[N, C, H, W]` or `[N, features]` as `[C, H, W]`. */
function asMaps([, channels, height = 1, width = 1]: Shape) {
  return [channels, height, width] as const;
}

/** With a layer of its own, whose state is that of this input. */
function explainActivation(behind: Layer, x: Tensor): { layer: Layer; explained: ExplainedActivation } {
  const { type } = kindOf(behind) as LayerKind;
  const part = partOf(behind, 'activation') as ExplainedPart<Layer> & { role: 'activation' };
  const { kind: _, ...options } = behind.describe();
  const layer = new type(options as never);
  const formula = (text: string) => part.formula(text, behind);
  return {
    layer,
    explained: { name: type.name, formula, backward: part.backward, output: layer.forward(x) },
  };
}

function explainPool(layer: Layer, x: Tensor): ExplainedPool {
  const part = partOf(layer, 'maximum') as ExplainedPart<Layer> & { role: 'maximum' };
  const { kernel, stride } = part.window(layer);
  const [f, oh, ow] = asMaps(layer.outputShape(x.shape));
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
): { poolRows: Tensor | undefined; gradActivated: Tensor } {
  if (pool === undefined) return { poolRows: undefined, gradActivated: gradOut.reshape([1, f, oh, ow]) };
  const { rows, output, kernel, stride } = pool;
  const [count, columns] = rows.shape;
  const poolRows = new Tensor(rows.shape);
  for (let row = 0; row < count; row += 1) {
    const values = rows.data.subarray(row * columns, (row + 1) * columns);
    poolRows.data[row * columns + values.indexOf(output.data[row])] = gradOut.data[row];
  }
  return { poolRows, gradActivated: row2pool(poolRows, [1, f, oh, ow], { kernel, stride }) };
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
