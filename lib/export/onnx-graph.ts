/** A net as an ONNX model: its layers as operators, its parameters under their own names. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { encodeOnnx, type OnnxModel, type OnnxNode } from '../formats/onnx.js';
import { graphOf, isSum } from '../layers/graph.js';
import type { OnnxOperation } from '../layers/kind.js';
import { kindOf, layerKinds } from '../layers/kinds.js';
import { Net } from '../nets/net.js';
import { checkOptions } from '../options.js';
import { type Shape, Tensor, typeName, valueText } from '../tensor.js';

/** What the graph takes, and what it is called. */
export interface OnnxOptions {
  /**
   * How pixels from 0 to 255 became what the net was trained on: `pixel * scale + shift`, that of the recipe. It is
   * stored in the model's metadata, as `scale` and `shift`.
   */
  readonly normalization?: {
    readonly scale: number | readonly number[];
    readonly shift: number | readonly number[];
  };
  /** `pixels`: the graph takes pixels from 0 to 255 and normalizes them itself. Default `normalized`. */
  readonly input?: 'normalized' | 'pixels';
}

/**
 * The bytes of a .onnx file (operator set 13, IR version 7) that computes what `net.predict` does: from `input`, float32
 * `[N, ...inputShape]`, to `logits`, float32 `[N, ...outputShape]`, for any N. Initializers have the names of
 * `net.getParams()`.
 * @throws ArgumentTypeError if `net` is no Net
 * @throws ArgumentRangeError for a layer of a class of its own, for pixels without a normalization, and for numbers
 * that are not finite
 */
export async function exportOnnx(net: Net, options: OnnxOptions = {}): Promise<Uint8Array> {
  return encodeOnnx(onnxModel(net, options));
}

/** What exportOnnx encodes. Throws as it does. */
export function onnxModel(net: Net, options: OnnxOptions = {}): OnnxModel {
  if (!(net instanceof Net)) {
    throw new ArgumentTypeError(`exportOnnx: expected a net but received ${typeName(net)}`);
  }
  checkOptions('exportOnnx', options, { normalization: true, input: true }, "{ input: 'pixels' }");
  const { normalization, input = 'normalized' } = options;
  const params = net.getParams();
  for (const [name, { data }] of params) checkFinite(name, data);
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, Tensor>();
  /** Returns the name of the output. */
  const add = (name: string, from: readonly string[], operation: OnnxOperation): string => {
    // A colon is no part of a layer's name, so that nothing else is called so.
    const output = `${name}:output`;
    nodes.push({
      name,
      operator: operation.operator,
      inputs: [...from, ...(operation.inputs ?? [])],
      output,
      ...(operation.attributes === undefined ? {} : { attributes: operation.attributes }),
    });
    return output;
  };
  let start = 'input';
  if (normalization !== undefined) {
    const names = { scale: true, shift: true } as const;
    checkOptions('exportOnnx: normalization', normalization, names, 'trainer.normalization');
    const { scale, shift } = normalization;
    checkFinite(
      'normalization',
      [scale, shift].flatMap((value) => (Array.isArray(value) ? value : [value])),
    );
  }
  if (input === 'pixels') {
    if (normalization === undefined) {
      throw new ArgumentRangeError(
        'exportOnnx: expected a normalization for pixels but received none. ' +
          'Hint: { normalization: trainer.normalization }',
      );
    }
    for (const [name, operator] of [['scale', 'Mul'] as const, ['shift', 'Add'] as const]) {
      initializers.set(`input:${name}`, channelTensor(normalization[name], net.inputShape));
      start = add(`input:${name}`, [start], { operator, inputs: [`input:${name}`] });
    }
  } else if (input !== 'normalized') {
    throw new ArgumentRangeError(
      `exportOnnx: expected input 'normalized' or 'pixels' but received ${valueText(input)}`,
    );
  }
  const outputs = [start];
  for (const node of graphOf(net.layer, [1, ...net.inputShape])) {
    const { path, layer } = node;
    // By class and not by what it calls itself: a subclass may compute something else.
    const operation = isSum(node) ? { operator: 'Add' } : kindOf(layer)?.onnx(layer);
    if (operation === undefined) {
      const names = Object.values(layerKinds).map(({ type }) => type.name);
      throw new ArgumentRangeError(
        `exportOnnx: ${path || 'net.layer'}: expected ${names.join(', ')}, Residual or Sequential but received ${typeName(layer)}`,
      );
    }
    for (const [name, tensor] of Object.entries(operation.constants ?? {})) {
      initializers.set(`${path}.${name}`, tensor);
    }
    const inputs = (operation.inputs ?? []).map((name) => `${path}.${name}`);
    const from = node.from.map((value) => outputs[value]);
    outputs.push(add(path, from, { ...operation, inputs }));
  }
  for (const [name, tensor] of params) initializers.set(name, tensor);
  const last = nodes.pop() as OnnxNode;
  return {
    name: net.constructor.name,
    nodes: [...nodes, { ...last, output: 'logits' }],
    initializers,
    inputs: [
      {
        name: 'input',
        shape: ['N', ...net.inputShape],
        doc:
          input === 'pixels'
            ? 'pixels from 0 to 255'
            : 'normalized as the metadata say: pixel * scale + shift',
      },
    ],
    outputs: [{ name: 'logits', shape: ['N', ...net.outputShape] }],
    metadata: {
      input,
      ...(normalization === undefined
        ? {}
        : { scale: numbersText(normalization.scale), shift: numbersText(normalization.shift) }),
    },
  };
}

function checkFinite(name: string, values: ArrayLike<number>): void {
  const wrong = Array.prototype.findIndex.call(values, (value) => !Number.isFinite(value));
  if (wrong === -1) return;
  throw new ArgumentRangeError(
    `exportOnnx: expected finite numbers but ${name} has ${String(values[wrong])}`,
  );
}

/** Numbers of channels stand along the channel axis of images `[N, C, H, W]`, and along rows of features. */
function channelTensor(value: number | readonly number[], inputShape: Shape): Tensor {
  if (typeof value === 'number') return Tensor.from([value], []);
  return Tensor.from([...value], [value.length, ...inputShape.slice(1).map(() => 1)]);
}

function numbersText(value: number | readonly number[]): string {
  return typeof value === 'number' ? String(value) : value.join(',');
}
