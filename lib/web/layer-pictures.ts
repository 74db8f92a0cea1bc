/** Tensors as grey pictures: one byte a value, base64, small enough to be sent several times a second. */
import { kindOf } from '../layers/kinds.js';
import type { Layer } from '../layers/layer.js';
import type { Net } from '../nets/net.js';
import type { Tensor } from '../tensor.js';
import type { Pictures } from './messages.js';

/**
 * Values as bytes, the largest amount at 255 (or 1): from 0, or around 128 where they are signed. A plain loop: it runs
 * while a net trains.
 */
function pictures(
  name: string,
  layer: string,
  values: Float32Array,
  [count, height, width]: readonly number[],
  signed = values.some((value) => value < 0),
): Pictures {
  let limit = 0;
  for (let i = 0; i < values.length; i += 1)
    limit = Math.max(limit, signed ? Math.abs(values[i]) : values[i]);
  const [zero, range] = signed ? [128, 127] : [0, 255];
  const scale = limit > 0 ? range / limit : 0;
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i += 1) bytes[i] = zero + Math.round(values[i] * scale);
  return { name, layer, count, height, width, limit, signed, bytes: toBase64(bytes) };
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The kernels of the first convolution, the first input channel of each; undefined for a net without one. */
export function firstFilters(net: Net): Pictures | undefined {
  const weight = net.parameters().find(({ kind, value }) => kind === 'weight' && value.shape.length === 4);
  if (weight === undefined) return undefined;
  const { shape, data } = weight.value;
  const [count, channels, height, width] = shape;
  const area = height * width;
  const values = new Float32Array(count * area);
  for (let filter = 0; filter < count; filter += 1) {
    const start = filter * channels * area;
    values.set(data.subarray(start, start + area), filter * area);
  }
  const name = weight.name.replace(/\.weight$/, '');
  const which = channels === 1 ? '' : `, of each the first of ${channels} channels`;
  return pictures(
    name,
    `${count} filters of ${height}x${width}${which}`,
    values,
    [count, height, width],
    true,
  );
}

/** What each layer makes of one input: maps as pictures, rows of numbers as one picture a line high. */
export function layerPictures(net: Net, x: Tensor): Pictures[] {
  const found: Pictures[] = [];
  for (const { path, layer, output } of net.forwardByLayers(x)) {
    if (kindOf(layer)?.picture !== 'none') found.push(outputPictures(path, layer, output));
  }
  return found;
}

/** The maps after each activation, and the scores, in one pass. */
export function featureMaps(net: Net, x: Tensor): { maps: Pictures[]; scores: Float32Array } {
  const maps: Pictures[] = [];
  let scores = x.data;
  for (const { path, layer, output } of net.forwardByLayers(x)) {
    scores = output.data;
    if (kindOf(layer)?.picture === 'maps' && isMaps(output)) maps.push(outputPictures(path, layer, output));
  }
  return { maps, scores };
}

function isMaps({ shape }: Tensor): boolean {
  return shape.length === 4 && shape[2] * shape[3] > 1;
}

function outputPictures(path: string, layer: Layer, output: Tensor): Pictures {
  const shape = isMaps(output) ? output.shape.slice(1) : [1, 1, output.size];
  return pictures(path, layer.toString(), output.data, shape);
}
