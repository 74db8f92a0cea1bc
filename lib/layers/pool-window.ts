/** What poolings of windows have in common: options, text, and plain loops. */
import { pool2dShape } from '../kernels/layers.js';
import type { PaddedPoolOptions, SlidingWindow } from '../kernels/window.js';
import type { OptionNames } from '../options.js';
import { formatShape, type Shape, sameShape, sizeOf } from '../tensor.js';

export const poolOptionNames: OptionNames<PaddedPoolOptions> = { kernel: true, stride: true, padding: true };

export const isPadded = ({ padding }: SlidingWindow) => padding.some((width) => width > 0);

export function pooledShape(where: string, inputShape: Shape, window: SlidingWindow): Shape {
  sizeOf(inputShape);
  return pool2dShape(where, inputShape, window);
}

/** `2x2`, `3x3, stride 2x2, padding 1x1`. */
export function windowText(window: SlidingWindow): string {
  const { kernel, stride, padding } = window;
  const step = sameShape(kernel, stride) ? '' : `, stride ${formatShape(stride)}`;
  return formatShape(kernel) + step + (isPadded(window) ? `, padding ${formatShape(padding)}` : '');
}

/** Calls `pool` with the values under each window of planes of `from` pixels, and writes what it gives. */
export function poolPlanes(
  { kernel, stride, padding }: SlidingWindow,
  x: Float64Array,
  [, , height, width]: Shape,
  to: Shape,
  pool: (values: number[]) => number,
): Float64Array {
  const [, , outH, outW] = to;
  return new Float64Array(sizeOf(to)).map((_, at) => {
    const [plane, oy, ox] = [Math.floor(at / (outH * outW)), Math.floor(at / outW) % outH, at % outW];
    const values: number[] = [];
    for (let ky = 0; ky < kernel[0]; ky += 1) {
      const iy = oy * stride[0] + ky - padding[0];
      for (let kx = 0; kx < kernel[1]; kx += 1) {
        const ix = ox * stride[1] + kx - padding[1];
        if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
        values.push(x[(plane * height + iy) * width + ix]);
      }
    }
    return pool(values);
  });
}
