/** The forward pass once more, in plain loops and double precision: what a benchmark checks its net against. */
import { Conv2d } from '../../../layers/conv2d.js';
import type { Layer } from '../../../layers/layer.js';
import { Linear } from '../../../layers/linear.js';
import { MaxPool2d } from '../../../layers/max-pool2d.js';
import { ReLU } from '../../../layers/relu.js';
import type { Net } from '../../../nets/net.js';
import type { Shape } from '../../../tensor.js';

/** Scores `[N, classes]` of images `[N, C, H, W]`, row-major. */
export function referenceScores(net: Net, images: Float32Array, count: number): Float64Array {
  let values: Float64Array = Float64Array.from(images);
  let shape: Shape = [count, ...net.inputShape];
  for (const { layer } of net.layer.layers) {
    const next = layer.outputShape(shape);
    values = apply(layer, values, shape, next);
    shape = next;
  }
  return values;
}

function apply(layer: Layer, x: Float64Array, from: Shape, to: Shape): Float64Array {
  if (layer instanceof Conv2d) return convolution(layer, x, from, to);
  if (layer instanceof MaxPool2d) return maxPool(layer, x, from, to);
  if (layer instanceof Linear) return linear(layer, x, from[0]);
  if (layer instanceof ReLU) return x.map((value) => Math.max(value, 0));
  return x;
}

function convolution(layer: Conv2d, x: Float64Array, from: Shape, to: Shape): Float64Array {
  const [, channels, height, width] = from;
  const [count, outChannels, outH, outW] = to;
  const { kernel, stride, padding } = layer.window;
  const weight = layer.weight.value.data;
  const y = new Float64Array(count * outChannels * outH * outW);
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    for (let oc = 0; oc < outChannels; oc += 1) {
      for (let oy = 0; oy < outH; oy += 1) {
        for (let ox = 0; ox < outW; ox += 1) {
          let sum = layer.bias.value.data[oc];
          for (let c = 0; c < channels; c += 1) {
            for (let ky = 0; ky < kernel[0]; ky += 1) {
              const iy = oy * stride[0] + ky - padding[0];
              if (iy < 0 || iy >= height) continue;
              for (let kx = 0; kx < kernel[1]; kx += 1) {
                const ix = ox * stride[1] + kx - padding[1];
                if (ix < 0 || ix >= width) continue;
                const w = weight[((oc * channels + c) * kernel[0] + ky) * kernel[1] + kx];
                sum += w * x[((n * channels + c) * height + iy) * width + ix];
              }
            }
          }
          y[at] = sum;
          at += 1;
        }
      }
    }
  }
  return y;
}

function maxPool(layer: MaxPool2d, x: Float64Array, from: Shape, to: Shape): Float64Array {
  const [, , height, width] = from;
  const [count, channels, outH, outW] = to;
  const { kernel, stride } = layer.window;
  const y = new Float64Array(count * channels * outH * outW).fill(Number.NEGATIVE_INFINITY);
  for (let plane = 0; plane < count * channels; plane += 1) {
    for (let oy = 0; oy < outH; oy += 1) {
      for (let ox = 0; ox < outW; ox += 1) {
        const at = (plane * outH + oy) * outW + ox;
        for (let ky = 0; ky < kernel[0]; ky += 1) {
          for (let kx = 0; kx < kernel[1]; kx += 1) {
            const row = plane * height + oy * stride[0] + ky;
            y[at] = Math.max(y[at], x[row * width + ox * stride[1] + kx]);
          }
        }
      }
    }
  }
  return y;
}

function linear(layer: Linear, x: Float64Array, count: number): Float64Array {
  const { inFeatures, outFeatures } = layer;
  const weight = layer.weight.value.data;
  const y = new Float64Array(count * outFeatures);
  for (let n = 0; n < count; n += 1) {
    for (let o = 0; o < outFeatures; o += 1) {
      let sum = layer.bias.value.data[o];
      for (let i = 0; i < inFeatures; i += 1) sum += weight[o * inFeatures + i] * x[n * inFeatures + i];
      y[n * outFeatures + o] = sum;
    }
  }
  return y;
}
