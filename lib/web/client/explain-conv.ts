/** A convolution with numbers: window, row, filter, bias, activation, pooling, and the gradients on their way back. */
import type { Model } from './explain-data.js';
import {
  biasParts,
  biasTitle,
  channelMatrices,
  flow,
  foldable,
  map,
  matrix,
  mostChannels,
  number,
  type Place,
  paragraph,
  type Step,
  squaresMap,
  strong,
  total,
} from './explain-parts.js';

/** The matrices of the article, as functions of place and filter. */
class Convolution {
  readonly model: Model;
  readonly rowLength: number;
  /** Of a window. */
  readonly area: number;

  constructor(model: Model) {
    this.model = model;
    this.area = model.kernel[0] * model.kernel[1];
    this.rowLength = model.inputShape[0] * this.area;
  }

  outIndex({ filter, y, x }: Place): number {
    const [, height, width] = this.model.outputShape;
    return (filter * height + y) * width + x;
  }

  /** Where a row's value comes from: channel, and place in the input, which may lie in the padding. */
  source(column: number, oy: number, ox: number): [channel: number, y: number, x: number] {
    const { kernel, stride, padding } = this.model;
    const ky = Math.floor((column % this.area) / kernel[1]);
    const kx = column % kernel[1];
    return [
      Math.floor(column / this.area),
      oy * stride[0] - padding[0] + ky,
      ox * stride[1] - padding[1] + kx,
    ];
  }

  inside(y: number, x: number): boolean {
    const [, height, width] = this.model.inputShape;
    return y >= 0 && y < height && x >= 0 && x < width;
  }

  windowRow({ y, x }: Place): number[] {
    const [, height, width] = this.model.inputShape;
    return Array.from({ length: this.rowLength }, (_, column) => {
      const [c, iy, ix] = this.source(column, y, x);
      return this.inside(iy, ix) ? this.model.values.input[(c * height + iy) * width + ix] : 0;
    });
  }

  /** Of a matrix with a row for each filter. */
  filterRow(values: Float32Array, filter: number): number[] {
    return Array.from(values.subarray(filter * this.rowLength, (filter + 1) * this.rowLength));
  }

  /** The gradient of one value of a window's row: over all filters. */
  gradRow(y: number, x: number, column: number): number {
    const { gradSum, weight } = this.model.values;
    let sum = 0;
    for (let filter = 0; filter < this.model.outputShape[0]; filter += 1) {
      sum += gradSum[this.outIndex({ filter, y, x })] * weight[filter * this.rowLength + column];
    }
    return sum;
  }

  /** The pooling window that holds a place, if one does. */
  poolWindow({ filter, y, x }: Place) {
    const { pool, values } = this.model;
    if (pool === null) return undefined;
    const [py, px] = [Math.floor(y / pool.stride[0]), Math.floor(x / pool.stride[1])];
    const [ky, kx] = [y - py * pool.stride[0], x - px * pool.stride[1]];
    if (py >= pool.shape[1] || px >= pool.shape[2] || ky >= pool.kernel[0] || kx >= pool.kernel[1])
      return undefined;
    const row = Array.from({ length: pool.kernel[0] * pool.kernel[1] }, (_, i) => {
      const iy = py * pool.stride[0] + Math.floor(i / pool.kernel[1]);
      const ix = px * pool.stride[1] + (i % pool.kernel[1]);
      return Math.max(0, values.sum[this.outIndex({ filter, y: iy, x: ix })]);
    });
    const arriving = values.gradOut[(filter * pool.shape[1] + py) * pool.shape[2] + px];
    return { py, px, row, at: ky * pool.kernel[1] + kx, winner: row.indexOf(Math.max(...row)), arriving };
  }
}

export function convolutionMaps(model: Model, place: Place, go: (place: Place) => void) {
  const { inputShape, outputShape, kernel, stride, padding, values, activation } = model;
  const [channels, height, width] = inputShape;
  const [filters, outHeight, outWidth] = outputShape;
  const { filter, y, x } = place;
  const scale = (h: number, w: number) => Math.max(3, Math.floor(220 / Math.max(h, w)));
  const frame = [y * stride[0] - padding[0], x * stride[1] - padding[1], kernel[0], kernel[1]] as const;
  const choose = (my: number, mx: number) =>
    go({
      filter,
      y: Math.round((my - kernel[0] / 2 + padding[0]) / stride[0]),
      x: Math.round((mx - kernel[1] / 2 + padding[1]) / stride[1]),
    });
  // One is as large as there is room; many stand beside each other.
  const inputScale =
    channels === 1 ? scale(height, width) : Math.max(3, Math.floor(96 / Math.max(height, width)));
  const input: Node[] = Array.from({ length: Math.min(channels, mostChannels) }, (_, c) =>
    map(values.input.subarray(c * height * width, (c + 1) * height * width), {
      height,
      width,
      scale: inputScale,
      label: `channel ${c}`,
      frame,
      choose,
    }),
  );
  if (channels > mostChannels) input.push(paragraph(`and ${channels - mostChannels} more channels`));
  const before = activation ? `, before ${activation.name}` : '';
  if (outHeight * outWidth === 1) {
    const choose = (index: number) => go({ filter: index, y, x });
    return { input, output: [squaresMap(values.sum, `the ${filters} filters${before}`, filter, choose)] };
  }
  const own = values.sum.subarray(filter * outHeight * outWidth, (filter + 1) * outHeight * outWidth);
  const output = map(own, {
    height: outHeight,
    width: outWidth,
    scale: scale(outHeight, outWidth),
    label: `filter ${filter} of ${filters}${before}`,
    frame: [y, x, 1, 1],
    choose: (my, mx) => go({ filter, y: my, x: mx }),
  });
  return { input, output: [output] };
}

export function convolutionSteps(model: Model, place: Place): Step[] {
  const convolution = new Convolution(model);
  return [...forwardSteps(convolution, place), ...backwardSteps(convolution, place)];
}

function forwardSteps(convolution: Convolution, place: Place): Step[] {
  const { model, area } = convolution;
  const { inputShape, outputShape, kernel, values, pool } = model;
  const { filter, y, x } = place;
  const channels = inputShape[0];
  const [, outHeight, outWidth] = outputShape;
  const row = convolution.windowRow(place);
  const weights = convolution.filterRow(values.weight, filter);
  const products = row.map((value, i) => value * weights[i]);
  const window = convolution.poolWindow(place);
  return [
    {
      title: 'im2row: the window becomes a row',
      content: [
        paragraph(
          `Window ${y}, ${x} of ${outHeight}x${outWidth}. All windows together are the matrix [${outHeight * outWidth}, ${row.length}]; this is its row ${y * outWidth + x}${channels === 1 ? '' : ', channel after channel'}.`,
        ),
        ...channelMatrices(row, channels, kernel[1], 'window'),
      ],
    },
    {
      title: `Matrix product: the row times filter ${filter}`,
      content: [
        ...productParts(row, weights, products, area),
        paragraph('Their sum is ', strong(total(products)), ', one entry of the product of both matrices.'),
      ],
    },
    {
      title: biasTitle(model),
      content: biasParts(model, total(products), filter, convolution.outIndex(place)),
    },
    ...(pool === null ? [] : [{ title: 'pool2row and maximum', content: poolParts(window) }]),
  ];
}

function poolParts(window: ReturnType<Convolution['poolWindow']>): Node[] {
  if (window === undefined) return [paragraph('This place lies outside of every pooling window.')];
  const { py, px, row, winner } = window;
  return [
    paragraph(`Window ${py}, ${px} of the pooling, as a row of pool2row:`),
    matrix(row, row.length, 'after ReLU', winner),
    paragraph('The maximum is ', strong(row[winner]), `, in column ${winner}.`),
  ];
}

/** Channel by channel: of many, that with the largest part of the sum is open. */
function productParts(
  row: readonly number[],
  weights: readonly number[],
  products: readonly number[],
  area: number,
) {
  const channels = row.length / area;
  const caption = 'value, weight, and their product below';
  if (channels === 1) return [flow(caption, row, weights, products)];
  const of = (values: readonly number[], c: number) => values.slice(c * area, (c + 1) * area);
  const sums = Array.from({ length: channels }, (_, c) => total(of(products, c)));
  const largest = sums.reduce((best, sum, c) => (Math.abs(sum) > Math.abs(sums[best]) ? c : best), 0);
  return sums.map((sum, c) =>
    foldable(
      `products${c}`,
      `channel ${c}: its ${area} products sum up to ${number(sum)}`,
      c === largest,
      flow(caption, of(row, c), of(weights, c), of(products, c)),
    ),
  );
}

function backwardSteps(convolution: Convolution, place: Place): Step[] {
  const { model, rowLength } = convolution;
  const { inputShape, outputShape, kernel, values } = model;
  const { filter, y, x } = place;
  const rowGradient = Array.from({ length: rowLength }, (_, column) => convolution.gradRow(y, x, column));
  return [
    { title: 'Backward: the gradient on its way to this place', content: arrival(convolution, place) },
    {
      title: 'Gradient of the row, and row2im: where windows overlap, it adds up',
      content: [
        paragraph(`The row's gradient: the sum over ${outputShape[0]} filters of gradient times filter.`),
        ...channelMatrices(rowGradient, inputShape[0], kernel[1], 'gradient of the row'),
        ...overlap(convolution, place),
      ],
    },
    {
      title: `Gradients of filter ${filter}`,
      content: [
        paragraph(
          `Over all ${outputShape[1] * outputShape[2]} places, gradient times row. The bias's gradient is the sum of the gradients: `,
          strong(values.gradBias[filter]),
        ),
        ...channelMatrices(
          convolution.filterRow(values.gradWeight, filter),
          inputShape[0],
          kernel[1],
          'gradient of the filter',
        ),
      ],
    },
  ];
}

function arrival(convolution: Convolution, place: Place): Node[] {
  const { label, loss, activation, pool, values, isScores } = convolution.model;
  const at = convolution.outIndex(place);
  const window = convolution.poolWindow(place);
  const origin = isScores
    ? `It is differentiated by the scores: the probability of each class, less 1 for label ${label}.`
    : 'Its gradients come back through the layers behind.';
  const parts: Node[] = [paragraph(`The loss of label ${label} is ${number(loss)}. ${origin}`)];
  if (window !== undefined) {
    const { py, px, row, winner, arriving } = window;
    const back = row.map((_, i) => (i === winner ? arriving : 0));
    parts.push(
      paragraph(
        `At pooling window ${py}, ${px} arrives `,
        strong(arriving),
        '. It goes to the maximum alone:',
      ),
      matrix(back, row.length, 'row of the pooling, backward; this place is marked', window.at),
    );
  }
  if (pool === null) parts.push(paragraph('Here arrives ', strong(values.gradOut[at]), '.'));
  if (activation) parts.push(paragraph(`${activation.name} ${activation.backward}.`));
  parts.push(paragraph('Gradient at this place: ', strong(values.gradSum[at])));
  return parts;
}

/** What the pixel in the middle of the window gets from every window that holds it. */
function overlap(convolution: Convolution, { y, x }: Place): Node[] {
  const { kernel, stride, padding, inputShape, outputShape, values } = convolution.model;
  const middle = Math.floor(kernel[0] / 2) * kernel[1] + Math.floor(kernel[1] / 2);
  const [, iy, ix] = convolution.source(middle, y, x);
  if (!convolution.inside(iy, ix))
    return [paragraph('The middle of this window lies in the padding, which gets no gradient.')];
  const shares: number[] = [];
  for (let oy = 0; oy < outputShape[1]; oy += 1) {
    for (let ox = 0; ox < outputShape[2]; ox += 1) {
      const [ky, kx] = [iy + padding[0] - oy * stride[0], ix + padding[1] - ox * stride[1]];
      if (ky < 0 || ky >= kernel[0] || kx < 0 || kx >= kernel[1]) continue;
      shares.push(convolution.gradRow(oy, ox, ky * kernel[1] + kx));
    }
  }
  const windows = shares.length === 1 ? '1 window' : `${shares.length} windows`;
  return [
    paragraph(`Pixel ${iy}, ${ix} (channel 0) is in ${windows}. row2im adds what each of them gives it:`),
    flow('from each window', shares),
    paragraph(
      'Sum: ',
      strong(total(shares)),
      '; row2im of the kernels gave ',
      strong(values.gradInput[iy * inputShape[2] + ix]),
    ),
  ];
}
