/** A net from its architecture: `Net.architecture` and `Layer.describe()` the other way round. */
import { ArgumentRangeError, ArgumentTypeError, errorMessage } from '../errors.js';
import { layerKinds } from '../layers/kinds.js';
import type { Layer } from '../layers/layer.js';
import { Residual } from '../layers/residual.js';
import { Sequential } from '../layers/sequential.js';
import { type Shape, typeName, valueText } from '../tensor.js';
import { Net } from './net.js';

/** Of Sequentials within each other. */
const MOST_LEVELS = 32;

/**
 * A net with the layers that a checkpoint describes, all its parameters zeros: `setParams` fills it.
 * @param architecture as `Net.architecture` gives it, for a net of rownet's own layers.
 * @throws {ArgumentTypeError} for what is no text.
 * @throws {ArgumentRangeError | ShapeError} for any other text, naming the layer.
 */
export function restoreNet(architecture: string): Net {
  if (typeof architecture !== 'string') {
    throw new ArgumentTypeError(
      `restoreNet: expected an architecture, a text of JSON, but received ${typeName(architecture)}`,
    );
  }
  let description: unknown;
  try {
    description = JSON.parse(architecture);
  } catch (error) {
    throw new ArgumentRangeError(`restoreNet: expected JSON but received ${errorMessage(error)}`);
  }
  const { inputShape, ...layers } = fields('net', description);
  const layer = restoreLayer('net', layers, 0);
  if (!(layer instanceof Sequential)) {
    throw new ArgumentRangeError(`restoreNet: expected a sequential net but received ${layer.kind}`);
  }
  const net = new Net(layer, { inputShape: inputShape as Shape, init: 'zeros' });
  if (net.architecture !== architecture) {
    throw new ArgumentRangeError(
      'restoreNet: expected an architecture that this version of rownet writes but received one that it reads as ' +
        `${net.architecture.slice(0, 200)}. Was it written by a newer one?`,
    );
  }
  return net;
}

function restoreLayer(path: string, description: unknown, level: number): Layer {
  const { kind, name: _, ...options } = fields(path, description);
  if (kind === 'sequential' && level < MOST_LEVELS) return restoreSequential(path, options.layers, level);
  if (kind === 'residual' && level < MOST_LEVELS) return restoreResidual(path, options, level);
  if (typeof kind !== 'string' || !Object.hasOwn(layerKinds, kind)) {
    throw new ArgumentRangeError(
      `restoreNet: ${path}: expected a layer of ${Object.keys(layerKinds).join(', ')}, residual or sequential ` +
        `(at most ${MOST_LEVELS} levels) but received ${valueText(kind)}`,
    );
  }
  const { type } = layerKinds[kind as keyof typeof layerKinds];
  return new type(options as never);
}

function restoreSequential(path: string, layers: unknown, level: number): Sequential {
  if (!Array.isArray(layers)) {
    throw new ArgumentRangeError(`restoreNet: ${path}: expected layers but received ${typeName(layers)}`);
  }
  const named = layers.map((layer: unknown, index) => {
    const { name } = fields(`${path}.${index}`, layer);
    return [String(name), restoreLayer(`${path}.${String(name)}`, layer, level + 1)] as const;
  });
  const areNumbers = named.every(([name], index) => name === String(index));
  return new Sequential(areNumbers ? named.map(([, layer]) => layer) : Object.fromEntries(named));
}

function restoreResidual(path: string, options: Readonly<Record<string, unknown>>, level: number): Residual {
  const branches = Object.entries(options).map(([name, branch]) => [
    name,
    restoreLayer(`${path}.${name}`, branch, level + 1),
  ]);
  return new Residual(Object.fromEntries(branches));
}

function fields(path: string, description: unknown): Readonly<Record<string, unknown>> {
  if (typeof description === 'object' && description !== null && !Array.isArray(description)) {
    return description as Record<string, unknown>;
  }
  throw new ArgumentRangeError(
    `restoreNet: ${path}: expected a description { kind, ... } but received ${typeName(description)}`,
  );
}
