/** The arithmetic of batch normalisation, a channel after the other: sums over batch and pixels in double precision. */
import type { Tensor } from '../tensor.js';
import type { LayerBuffer, LayerParameter } from './layer.js';

interface Normalization {
  readonly eps: number;
  readonly momentum: number;
  readonly weight: LayerParameter;
  readonly bias: LayerParameter;
  readonly runningMean: LayerBuffer;
  readonly runningVar: LayerBuffer;
}

/** What a forward has normalised by, a number a channel. */
export interface Statistics {
  readonly mean: Float64Array;
  /** One over the standard deviation. */
  readonly inverse: Float64Array;
  /** Of the batch, so that they depend on its values. */
  readonly ofBatch: boolean;
}

/** Writes the normalised x into y. The statistics are those of the batch, which go into the running ones, or these. */
export function normalize(layer: Normalization, x: Tensor, y: Tensor, ofBatch: boolean): Statistics {
  const [n, channels, height, width] = x.shape;
  const count = n * height * width;
  const mean = Float64Array.from(layer.runningMean.value.data);
  const inverse = Float64Array.from(layer.runningVar.value.data, (value) => 1 / Math.sqrt(value + layer.eps));
  for (let c = 0; c < channels; c += 1) {
    if (ofBatch && count > 0) {
      mean[c] = sumOf(x, c, (at) => x.data[at]) / count;
      const squares = sumOf(x, c, (at) => (x.data[at] - mean[c]) ** 2);
      inverse[c] = 1 / Math.sqrt(squares / count + layer.eps);
      moveTo(layer, layer.runningMean, c, mean[c]);
      moveTo(layer, layer.runningVar, c, squares / Math.max(1, count - 1));
    }
    const [scale, shift] = [layer.weight.value.data[c], layer.bias.value.data[c]];
    each(x, c, (at) => {
      y.data[at] = (x.data[at] - mean[c]) * inverse[c] * scale + shift;
    });
  }
  return { mean, inverse, ofBatch };
}

/** Overwrites the gradients of weight and bias, and dx unless it is null. */
export function normalizeBackward(
  { weight, bias }: Normalization,
  x: Tensor,
  dy: Tensor,
  { mean, inverse, ofBatch }: Statistics,
  dx: Tensor | null,
): void {
  const [n, channels, height, width] = x.shape;
  const count = n * height * width;
  for (let c = 0; c < channels; c += 1) {
    const normalized = (at: number) => (x.data[at] - mean[c]) * inverse[c];
    const dWeight = sumOf(x, c, (at) => dy.data[at] * normalized(at));
    const dBias = sumOf(x, c, (at) => dy.data[at]);
    weight.grad.data[c] = dWeight;
    bias.grad.data[c] = dBias;
    if (dx === null) continue;
    const factor = weight.value.data[c] * inverse[c];
    // What mean and variance of a batch take away again.
    const [back, slope] = ofBatch ? [dBias / count, dWeight / count] : [0, 0];
    each(x, c, (at) => {
      dx.data[at] = factor * (dy.data[at] - back - normalized(at) * slope);
    });
  }
}

function moveTo(
  { momentum }: Normalization,
  { value: { data } }: LayerBuffer,
  c: number,
  value: number,
): void {
  data[c] = (1 - momentum) * data[c] + momentum * value;
}

function sumOf(x: Tensor, channel: number, term: (at: number) => number): number {
  let sum = 0;
  each(x, channel, (at) => {
    sum += term(at);
  });
  return sum;
}

/** Every place of a channel, image after image. */
function each(
  { shape: [n, channels, height, width] }: Tensor,
  channel: number,
  visit: (at: number) => void,
): void {
  const pixels = height * width;
  for (let image = 0; image < n; image += 1) {
    const start = (image * channels + channel) * pixels;
    for (let at = start; at < start + pixels; at += 1) visit(at);
  }
}
