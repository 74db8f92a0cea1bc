/** What the fully connected nets have in common. */
import { ArgumentTypeError } from '../errors.js';
import { checkInteger } from '../kernels/checks.js';
import { BatchNorm1d } from '../layers/batch-norm1d.js';
import { Dropout } from '../layers/dropout.js';
import { Flatten } from '../layers/flatten.js';
import type { Layer } from '../layers/layer.js';
import { Linear } from '../layers/linear.js';
import { ReLU } from '../layers/relu.js';
import { Sequential } from '../layers/sequential.js';
import { type Shape, sizeOf, typeName } from '../tensor.js';
import type { Init } from './init.js';
import type { NetOptions } from './net.js';

/** Options of every fully connected net. */
export interface FullyConnectedOptions {
  /** Seed of the initial parameters. Default 0. */
  readonly seed?: number;
  /** Default `he`. */
  readonly init?: Init;
  /** Features of an input, or the shape of one that is flattened. Default 784, as many as MNIST has pixels. */
  readonly inputs?: number | Shape;
  /** Default 10. */
  readonly classes?: number;
  /** Share of the hidden values that training drops, from 0 up to below 1. Default 0. */
  readonly dropout?: number;
}

const MOST = 2 ** 31 - 1;

/**
 * `fc1`, `norm1`, `relu1`, `dropout1`, `fc2`, ...; a `flatten` before them for an input of several axes, no norms and
 * dropouts where none are asked for. What `Net` is made of.
 * @param where the class, for messages.
 * @param hidden outputs of each linear layer but the last.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function fullyConnected(
  where: string,
  options: FullyConnectedOptions & { readonly batchNorm?: boolean | undefined },
  hidden: readonly number[],
): [Sequential, NetOptions] {
  const { seed = 0, init = 'he', inputs = 784, classes = 10, dropout = 0, batchNorm = false } = options;
  const inputShape = shapeOf(where, inputs);
  checkInteger(where, 'classes', classes, 1, MOST);
  const layers: Record<string, Layer> = inputShape.length === 1 ? {} : { flatten: new Flatten() };
  let inFeatures = sizeOf(inputShape);
  for (const [index, outFeatures] of hidden.entries()) {
    const number = index + 1;
    layers[`fc${number}`] = new Linear({ inFeatures, outFeatures });
    if (batchNorm) layers[`norm${number}`] = new BatchNorm1d({ features: outFeatures });
    layers[`relu${number}`] = new ReLU();
    if (dropout !== 0) layers[`dropout${number}`] = new Dropout({ p: dropout });
    inFeatures = outFeatures;
  }
  layers[`fc${hidden.length + 1}`] = new Linear({ inFeatures, outFeatures: classes });
  return [new Sequential(layers), { inputShape, seed, init }];
}

/** `784` is `[784]`. */
function shapeOf(where: string, inputs: unknown): Shape {
  const shape: unknown = Array.isArray(inputs) ? inputs : [inputs];
  const axes = shape as unknown[];
  if (axes.length === 0) {
    throw new ArgumentTypeError(
      `${where}: expected inputs as a number of features, or a shape such as [1, 28, 28], but received a list of none`,
    );
  }
  for (const [axis, length] of axes.entries()) {
    checkInteger(where, Array.isArray(inputs) ? `inputs[${axis}]` : 'inputs', length, 1, MOST);
  }
  return axes as number[];
}

/**
 * @param count how many there must be; any number where it is left out.
 * @throws {TypeError | RangeError} for what is no list of layer sizes.
 */
export function checkHidden(where: string, hidden: unknown, count?: number): void {
  if (!Array.isArray(hidden) || (count !== undefined && hidden.length !== count)) {
    throw new ArgumentTypeError(
      `${where}: expected hidden as a list of ${count ?? 'layer'} sizes but received ` +
        `${Array.isArray(hidden) ? hidden.length : typeName(hidden)}. Hint: { hidden: [512, 256] }`,
    );
  }
  for (const [index, size] of hidden.entries()) checkInteger(where, `hidden[${index}]`, size, 1, MOST);
}
