/**
 * The layers in plain loops and double precision, with nothing shared with lib/. Beside each value stands the sum of
 * the absolute values of its terms, from which a rounding error bound follows.
 */

export interface Geometry {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** Values, and how far single precision may be off. */
export class Sums {
  readonly values: Float64Array;
  readonly #magnitudes: Float64Array;
  readonly #terms: Float64Array;

  constructor(size: number) {
    this.values = new Float64Array(size);
    this.#magnitudes = new Float64Array(size);
    this.#terms = new Float64Array(size);
  }

  add(index: number, term: number): void {
    this.values[index] += term;
    this.#magnitudes[index] += Math.abs(term);
    this.#terms[index] += 1;
  }

  /** 2 * k * u * sum |terms|, u = 2^-24, for any order of k additions of products; two more for what surrounds them. */
  bounds(): Float64Array {
    return this.#magnitudes.map((magnitude, index) => 2 ** -23 * (this.#terms[index] + 2) * magnitude);
  }
}

type Values = ArrayLike<number>;
export type Shape4 = readonly [number, number, number, number];

export function outputSize(geometry: Geometry, [, , height, width]: Shape4): [number, number] {
  const { kernel, stride, padding } = geometry;
  return [
    Math.floor((height + 2 * padding[0] - kernel[0]) / stride[0]) + 1,
    Math.floor((width + 2 * padding[1] - kernel[1]) / stride[1]) + 1,
  ];
}

interface Tap {
  readonly image: number;
  readonly channel: number;
  /** Of the output. */
  readonly row: number;
  readonly column: number;
  /** Within the kernel. */
  readonly kernelRow: number;
  readonly kernelColumn: number;
  /** Index into the input, or -1 in the padding. */
  readonly input: number;
}

/** Visits every input value under every window: images, channels, output rows and columns, kernel rows and columns. */
function forEachTap(geometry: Geometry, shape: Shape4, visit: (tap: Tap) => void): void {
  const [images, channels, height, width] = shape;
  const [outHeight, outWidth] = outputSize(geometry, shape);
  const { kernel, stride, padding } = geometry;
  for (let image = 0; image < images; image += 1)
    for (let channel = 0; channel < channels; channel += 1)
      for (let row = 0; row < outHeight; row += 1)
        for (let column = 0; column < outWidth; column += 1)
          for (let kernelRow = 0; kernelRow < kernel[0]; kernelRow += 1)
            for (let kernelColumn = 0; kernelColumn < kernel[1]; kernelColumn += 1) {
              const y = row * stride[0] + kernelRow - padding[0];
              const x = column * stride[1] + kernelColumn - padding[1];
              const inside = y >= 0 && y < height && x >= 0 && x < width;
              const input = inside ? ((image * channels + channel) * height + y) * width + x : -1;
              visit({ image, channel, row, column, kernelRow, kernelColumn, input });
            }
}

/** `[N*outH*outW, C*kernelH*kernelW]`. */
export function im2row(x: Values, shape: Shape4, geometry: Geometry): Float64Array {
  const [outHeight, outWidth] = outputSize(geometry, shape);
  const [kernelHeight, kernelWidth] = geometry.kernel;
  const columns = shape[1] * kernelHeight * kernelWidth;
  const rows = new Float64Array(shape[0] * outHeight * outWidth * columns);
  forEachTap(geometry, shape, ({ image, channel, row, column, kernelRow, kernelColumn, input }) => {
    const index = (image * outHeight + row) * outWidth + column;
    const offset = (channel * kernelHeight + kernelRow) * kernelWidth + kernelColumn;
    rows[index * columns + offset] = input < 0 ? 0 : x[input];
  });
  return rows;
}

/** `[N*C*outH*outW, kernelH*kernelW]`. */
export function pool2row(x: Values, shape: Shape4, geometry: Geometry): Float64Array {
  const rows: number[] = [];
  // The order of the taps is that of the rows.
  forEachTap(geometry, shape, ({ input }) => rows.push(x[input]));
  return Float64Array.from(rows);
}

/** How many windows stand over each pixel. */
export function coverage(shape: Shape4, geometry: Geometry): Float64Array {
  const counts = new Float64Array(shape.reduce((product, length) => product * length, 1));
  forEachTap(geometry, shape, ({ input }) => {
    if (input >= 0) counts[input] += 1;
  });
  return counts;
}

export interface Convolution {
  readonly shape: Shape4;
  readonly outChannels: number;
  readonly geometry: Geometry;
}

function forEachProduct(
  { shape, outChannels, geometry }: Convolution,
  visit: (input: number, weight: number, output: number) => void,
): void {
  const [outHeight, outWidth] = outputSize(geometry, shape);
  const [kernelHeight, kernelWidth] = geometry.kernel;
  forEachTap(geometry, shape, ({ image, channel, row, column, kernelRow, kernelColumn, input }) => {
    if (input < 0) return;
    for (let outChannel = 0; outChannel < outChannels; outChannel += 1) {
      const output = ((image * outChannels + outChannel) * outHeight + row) * outWidth + column;
      const filter = (outChannel * shape[1] + channel) * kernelHeight + kernelRow;
      visit(input, filter * kernelWidth + kernelColumn, output);
    }
  });
}

export function conv2d(x: Values, weight: Values, bias: Values, problem: Convolution): Sums {
  const [height, width] = outputSize(problem.geometry, problem.shape);
  const y = new Sums(problem.shape[0] * problem.outChannels * height * width);
  for (let index = 0; index < y.values.length; index += 1) {
    y.add(index, bias[Math.floor(index / (height * width)) % problem.outChannels]);
  }
  forEachProduct(problem, (input, tap, output) => y.add(output, x[input] * weight[tap]));
  return y;
}

export interface Gradients {
  readonly dx: Sums;
  readonly dw: Sums;
  readonly db: Sums;
}

export function conv2dBackward(x: Values, weight: Values, dy: Values, problem: Convolution): Gradients {
  const [height, width] = outputSize(problem.geometry, problem.shape);
  const gradients = {
    dx: new Sums(x.length),
    dw: new Sums(weight.length),
    db: new Sums(problem.outChannels),
  };
  forEachProduct(problem, (input, tap, output) => {
    gradients.dx.add(input, weight[tap] * dy[output]);
    gradients.dw.add(tap, x[input] * dy[output]);
  });
  for (let index = 0; index < dy.length; index += 1) {
    gradients.db.add(Math.floor(index / (height * width)) % problem.outChannels, dy[index]);
  }
  return gradients;
}

/** The maxima, and for each the index of the input that it is (the first among equals). */
export function maxPool2d(
  x: Values,
  shape: Shape4,
  geometry: Geometry,
): { y: Float64Array; from: Int32Array } {
  const [height, width] = outputSize(geometry, shape);
  const y = new Float64Array(shape[0] * shape[1] * height * width).fill(-Infinity);
  const from = new Int32Array(y.length);
  forEachTap(geometry, shape, ({ image, channel, row, column, input }) => {
    const output = ((image * shape[1] + channel) * height + row) * width + column;
    if (!(x[input] > y[output])) return;
    y[output] = x[input];
    from[output] = input;
  });
  return { y, from };
}

export function maxPool2dBackward(dy: Values, from: Int32Array, inputSize: number): Sums {
  const dx = new Sums(inputSize);
  for (let output = 0; output < dy.length; output += 1) dx.add(from[output], dy[output]);
  return dx;
}

/** x `[n, inFeatures]`, weight `[outFeatures, inFeatures]`. */
export function linear(x: Values, weight: Values, bias: Values, n: number): Sums {
  const [inFeatures, outFeatures] = [x.length / n, bias.length];
  const y = new Sums(n * outFeatures);
  for (let row = 0; row < n; row += 1)
    for (let out = 0; out < outFeatures; out += 1) {
      y.add(row * outFeatures + out, bias[out]);
      for (let index = 0; index < inFeatures; index += 1) {
        y.add(row * outFeatures + out, x[row * inFeatures + index] * weight[out * inFeatures + index]);
      }
    }
  return y;
}

export function linearBackward(x: Values, weight: Values, dy: Values, n: number): Gradients {
  const [inFeatures, outFeatures] = [x.length / n, dy.length / n];
  const gradients = { dx: new Sums(x.length), dw: new Sums(weight.length), db: new Sums(outFeatures) };
  for (let row = 0; row < n; row += 1)
    for (let out = 0; out < outFeatures; out += 1) {
      const gradient = dy[row * outFeatures + out];
      gradients.db.add(out, gradient);
      for (let index = 0; index < inFeatures; index += 1) {
        gradients.dx.add(row * inFeatures + index, weight[out * inFeatures + index] * gradient);
        gradients.dw.add(out * inFeatures + index, x[row * inFeatures + index] * gradient);
      }
    }
  return gradients;
}

/** Summed loss, and its gradient for the logits. */
export function softmaxCrossEntropy(
  logits: Values,
  labels: Values,
): { loss: number; correct: number; dlogits: Float64Array } {
  const classes = logits.length / labels.length;
  const dlogits = new Float64Array(logits.length);
  let loss = 0;
  let correct = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const scores = Array.from({ length: classes }, (_, index) => logits[row * classes + index]);
    const maximum = Math.max(...scores);
    const sum = scores.reduce((total, score) => total + Math.exp(score - maximum), 0);
    loss += maximum + Math.log(sum) - scores[labels[row]];
    if (scores.indexOf(maximum) === labels[row]) correct += 1;
    for (const [index, score] of scores.entries()) {
      const probability = Math.exp(score - maximum) / sum;
      dlogits[row * classes + index] = probability - (index === labels[row] ? 1 : 0);
    }
  }
  return { loss, correct, dlogits };
}

/** `op(a) * op(b)`, row-major, `[m, k]` times `[k, n]`. */
export function matmul(
  a: Values,
  b: Values,
  [m, k, n]: readonly [number, number, number],
  { transposeA = false, transposeB = false } = {},
): Sums {
  const c = new Sums(m * n);
  for (let row = 0; row < m; row += 1)
    for (let column = 0; column < n; column += 1)
      for (let index = 0; index < k; index += 1) {
        const left = transposeA ? a[index * m + row] : a[row * k + index];
        const right = transposeB ? b[column * k + index] : b[index * n + column];
        c.add(row * n + column, left * right);
      }
  return c;
}
