/**
 * The page of `rownet explain --html`. It stands alone in a file, so it imports nothing. Forward and backward values come
 * from the kernels; what is shown as a sum is added up here once more.
 */

/** As lib/web/explain-page.ts writes it; arrays are base64 of float32. */
interface Data {
  readonly name: string;
  readonly subtitle: string;
  readonly kind: 'conv2d' | 'linear';
  readonly inputShape: readonly [number, number, number];
  readonly outputShape: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly hasRelu: boolean;
  readonly pool: {
    readonly kernel: readonly [number, number];
    readonly stride: readonly [number, number];
    readonly shape: readonly [number, number, number];
  } | null;
  readonly label: string;
  readonly loss: number;
  readonly start: { readonly filter: number; readonly y: number; readonly x: number };
  readonly arrays: Readonly<Record<ArrayName, string>>;
}

type ArrayName =
  | 'input'
  | 'weight'
  | 'bias'
  | 'sum'
  | 'gradOut'
  | 'gradSum'
  | 'gradInput'
  | 'gradWeight'
  | 'gradBias';

const byId = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;
const data = JSON.parse(byId('data').textContent ?? '') as Data;
const floats = (name: ArrayName) =>
  new Float32Array(Uint8Array.from(atob(data.arrays[name]), (char) => char.charCodeAt(0)).buffer);
const [input, weight, bias, sum] = [floats('input'), floats('weight'), floats('bias'), floats('sum')];
const [gradOut, gradSum, gradInput] = [floats('gradOut'), floats('gradSum'), floats('gradInput')];
const [gradWeight, gradBias] = [floats('gradWeight'), floats('gradBias')];
const [channels, height, width] = data.inputShape;
const [filters, outHeight, outWidth] = data.outputShape;
const [kernelHeight, kernelWidth] = data.kernel;
const rowLength = channels * kernelHeight * kernelWidth;
let { filter, y, x } = data.start;

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Three decimals; a real minus sign would not be copied as a number. */
const number = (value: number) =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : value.toFixed(3);

const paragraph = (...parts: readonly (Node | string)[]) => element('p', {}, ...parts);
const strong = (value: number) => element('strong', {}, number(value));

/** A table of numbers; `mark` is emphasised, colours follow sign and size. */
function matrix(values: readonly number[], columns: number, caption: string, mark = -1): HTMLElement {
  const most = Math.max(1e-12, ...values.map(Math.abs));
  const rows = Array.from({ length: Math.ceil(values.length / columns) }, (_, row) =>
    element(
      'tr',
      {},
      ...values.slice(row * columns, (row + 1) * columns).map((value, column) => {
        const cell = element(
          'td',
          { className: row * columns + column === mark ? 'right' : '' },
          number(value),
        );
        const share = (0.5 * Math.abs(value)) / most;
        cell.style.background = value < 0 ? `rgba(31, 99, 181, ${share})` : `rgba(214, 95, 14, ${share})`;
        if (row * columns + column === mark) cell.style.outline = '2px solid currentColor';
        return cell;
      }),
    ),
  );
  const table = element(
    'table',
    {},
    element('caption', { className: 'soft' }, caption),
    element('tbody', {}, ...rows),
  );
  // What is wider than the window must be reached by keys too.
  return element('div', { className: 'scroll', tabIndex: columns > 8 ? 0 : -1 }, table);
}

/** Where a row's value comes from: channel, and place in the input, which may lie in the padding. */
function sourceOf(column: number, oy: number, ox: number): [number, number, number] {
  const area = kernelHeight * kernelWidth;
  const c = Math.floor(column / area);
  const ky = Math.floor((column % area) / kernelWidth);
  return [
    c,
    oy * data.stride[0] - data.padding[0] + ky,
    ox * data.stride[1] - data.padding[1] + (column % kernelWidth),
  ];
}

const inside = (iy: number, ix: number) => iy >= 0 && iy < height && ix >= 0 && ix < width;

function windowRow(oy: number, ox: number): number[] {
  return Array.from({ length: rowLength }, (_, column) => {
    const [c, iy, ix] = sourceOf(column, oy, ox);
    return inside(iy, ix) ? input[(c * height + iy) * width + ix] : 0;
  });
}

const filterRow = (f: number) => Array.from(weight.subarray(f * rowLength, (f + 1) * rowLength));
const outIndex = (f: number, oy: number, ox: number) => (f * outHeight + oy) * outWidth + ox;

/** The gradient of one value of a window's row: over all filters. */
function gradRow(oy: number, ox: number, column: number): number {
  let total = 0;
  for (let f = 0; f < filters; f += 1) total += gradSum[outIndex(f, oy, ox)] * weight[f * rowLength + column];
  return total;
}

function showForward(): void {
  const row = windowRow(y, x);
  const column = filterRow(filter);
  const products = row.map((value, i) => value * column[i]);
  const product = products.reduce((a, b) => a + b, 0);
  const area = kernelHeight * kernelWidth;
  const isLinear = data.kind === 'linear';
  byId('im2row').replaceChildren(
    paragraph(
      isLinear
        ? `The ${rowLength} inputs are a row already.`
        : `Window ${y}, ${x} of ${outHeight}x${outWidth}. All windows together are the matrix [${outHeight * outWidth}, ${rowLength}]; this is its row ${y * outWidth + x}.`,
    ),
    element(
      'div',
      { className: 'row' },
      ...(isLinear
        ? []
        : Array.from({ length: Math.min(channels, 16) }, (_, c) =>
            matrix(
              row.slice(c * area, (c + 1) * area),
              kernelWidth,
              channels === 1 ? 'window' : `channel ${c}`,
            ),
          )),
    ),
    matrix(row, row.length, 'the same numbers as a row'),
  );
  byId('gemm').replaceChildren(
    matrix([...row, ...column, ...products], rowLength, 'row, filter, and their products'),
    paragraph('Their sum is ', strong(product), ', one entry of the product of both matrices.'),
  );
  const value = sum[outIndex(filter, y, x)];
  const rectified = Math.max(0, value);
  byId('bias').replaceChildren(
    paragraph(number(product), ' + bias ', number(bias[filter]), ' = ', strong(value)),
    ...(data.hasRelu ? [paragraph('ReLU: max(0, ', number(value), ') = ', strong(rectified))] : []),
  );
}

/** The pooling window that holds this place, if one does. */
function poolPlace(): { py: number; px: number; values: number[]; at: number } | undefined {
  const { pool } = data;
  if (pool === null) return undefined;
  const [py, px] = [Math.floor(y / pool.stride[0]), Math.floor(x / pool.stride[1])];
  if (py >= pool.shape[1] || px >= pool.shape[2]) return undefined;
  const values = Array.from({ length: pool.kernel[0] * pool.kernel[1] }, (_, i) => {
    const iy = py * pool.stride[0] + Math.floor(i / pool.kernel[1]);
    const ix = px * pool.stride[1] + (i % pool.kernel[1]);
    return Math.max(0, sum[outIndex(filter, iy, ix)]);
  });
  const at = (y - py * pool.stride[0]) * pool.kernel[1] + (x - px * pool.stride[1]);
  return { py, px, values, at };
}

function showPool(): void {
  const place = poolPlace();
  byId('pool-section').hidden = data.pool === null;
  if (data.pool === null) return;
  if (place === undefined) {
    byId('pool').replaceChildren(paragraph('This place lies outside of every pooling window.'));
    return;
  }
  const { py, px, values } = place;
  const most = Math.max(...values);
  byId('pool').replaceChildren(
    paragraph(`Window ${py}, ${px} of the pooling, as a row of pool2row:`),
    matrix(values, values.length, 'after ReLU', values.indexOf(most)),
    paragraph('The maximum is ', strong(most), `, in column ${values.indexOf(most)}.`),
  );
}

function showBackward(): void {
  const gradient = gradSum[outIndex(filter, y, x)];
  const parts: Node[] = [
    paragraph(
      `The loss of label ${data.label} is ${number(data.loss)}. Its gradients come back through the layers behind.`,
    ),
  ];
  const place = poolPlace();
  if (place !== undefined && data.pool !== null) {
    const { py, px, values, at } = place;
    const winner = values.indexOf(Math.max(...values));
    const arriving = gradOut[(filter * data.pool.shape[1] + py) * data.pool.shape[2] + px];
    parts.push(
      paragraph(
        `At pooling window ${py}, ${px} arrives `,
        strong(arriving),
        '. It goes to the maximum alone:',
      ),
      matrix(
        values.map((_, i) => (i === winner ? arriving : 0)),
        values.length,
        'row of the pooling, backward',
        at,
      ),
    );
  }
  if (data.hasRelu) {
    const passed = sum[outIndex(filter, y, x)] > 0;
    parts.push(
      paragraph(
        `ReLU: the sum was ${passed ? 'above 0: the gradient passes' : 'not above 0: nothing passes'}.`,
      ),
    );
  }
  parts.push(paragraph('Gradient at this place: ', strong(gradient)));
  byId('back').replaceChildren(...parts);

  const rowGradient = Array.from({ length: rowLength }, (_, column) => gradRow(y, x, column));
  byId('row2im').replaceChildren(
    paragraph(`The row's gradient: the sum over ${filters} filters of gradient times filter.`),
    matrix(rowGradient, rowLength, 'gradient of the row'),
    ...(data.kind === 'linear' ? [] : overlap()),
  );
  const area = kernelHeight * kernelWidth;
  const own = Array.from(gradWeight.subarray(filter * rowLength, (filter + 1) * rowLength));
  byId('weight').replaceChildren(
    paragraph(
      `The filter's gradient: over all ${outHeight * outWidth} places, gradient times row. The bias's gradient is the sum of the gradients: `,
      strong(gradBias[filter]),
    ),
    element(
      'div',
      { className: 'row' },
      ...(data.kind === 'linear'
        ? [matrix(own, own.length, 'gradient of the filter')]
        : Array.from({ length: Math.min(channels, 16) }, (_, c) =>
            matrix(
              own.slice(c * area, (c + 1) * area),
              kernelWidth,
              channels === 1 ? 'gradient of the filter' : `channel ${c}`,
            ),
          )),
    ),
  );
}

/** What the pixel in the middle of the window gets from every window that holds it. */
function overlap(): Node[] {
  const middle = Math.floor(kernelHeight / 2) * kernelWidth + Math.floor(kernelWidth / 2);
  const [, iy, ix] = sourceOf(middle, y, x);
  if (!inside(iy, ix))
    return [paragraph('The middle of this window lies in the padding, which gets no gradient.')];
  const shares: number[] = [];
  for (let oy = 0; oy < outHeight; oy += 1) {
    for (let ox = 0; ox < outWidth; ox += 1) {
      const [ky, kx] = [
        iy + data.padding[0] - oy * data.stride[0],
        ix + data.padding[1] - ox * data.stride[1],
      ];
      if (ky < 0 || ky >= kernelHeight || kx < 0 || kx >= kernelWidth) continue;
      shares.push(gradRow(oy, ox, ky * kernelWidth + kx));
    }
  }
  return [
    paragraph(
      `Pixel ${iy}, ${ix} (channel 0) is in ${shares.length} windows. row2im adds what each of them gives it:`,
    ),
    matrix(shares, Math.ceil(Math.sqrt(shares.length)), 'from each window'),
    paragraph(
      'Sum: ',
      strong(shares.reduce((a, b) => a + b, 0)),
      '; row2im of the kernels gave ',
      strong(gradInput[iy * width + ix]),
    ),
  ];
}

/** A map with a frame around the chosen place; a click chooses another. */
function map(
  values: Float32Array,
  [h, w]: readonly [number, number],
  frame: readonly [number, number, number, number],
  label: string,
  choose: (my: number, mx: number) => void,
): HTMLCanvasElement {
  const scale = Math.max(3, Math.floor(220 / Math.max(h, w)));
  const canvas = element('canvas', { width: w * scale, height: h * scale });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const low = values.reduce((a, b) => Math.min(a, b), 0);
  const high = values.reduce((a, b) => Math.max(a, b), low + 1e-6);
  for (let i = 0; i < h * w; i += 1) {
    const grey = Math.round((255 * (values[i] - low)) / (high - low));
    context.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
    context.fillRect((i % w) * scale, Math.floor(i / w) * scale, scale, scale);
  }
  context.strokeStyle = '#f08c3a';
  context.lineWidth = 2;
  const [top, left, tall, wide] = frame;
  context.strokeRect(left * scale, top * scale, wide * scale, tall * scale);
  canvas.addEventListener('click', ({ offsetX, offsetY }) =>
    choose(Math.floor(offsetY / scale), Math.floor(offsetX / scale)),
  );
  return canvas;
}

function showMaps(): void {
  const top = y * data.stride[0] - data.padding[0];
  const left = x * data.stride[1] - data.padding[1];
  const size: [number, number] = data.kind === 'linear' ? [1, Math.min(channels, 400)] : [height, width];
  const area = height * width;
  byId('input').replaceChildren(
    ...(data.kind === 'linear'
      ? [map(input, size, [0, 0, 1, size[1]], 'the inputs', () => {})]
      : Array.from({ length: channels }, (_, c) =>
          map(
            input.subarray(c * area, (c + 1) * area),
            size,
            [top, left, kernelHeight, kernelWidth],
            `channel ${c}`,
            (my, mx) =>
              go(
                Math.round((my - kernelHeight / 2 + data.padding[0]) / data.stride[0]),
                Math.round((mx - kernelWidth / 2 + data.padding[1]) / data.stride[1]),
              ),
          ),
        )),
  );
  const own = sum.subarray(outIndex(filter, 0, 0), outIndex(filter + 1, 0, 0));
  byId('output').replaceChildren(
    map(own, [outHeight, outWidth], [y, x, 1, 1], `output of filter ${filter}, before ReLU`, go),
  );
}

function go(ny: number, nx: number): void {
  y = Math.min(outHeight - 1, Math.max(0, ny));
  x = Math.min(outWidth - 1, Math.max(0, nx));
  show();
}

function show(): void {
  byId<HTMLInputElement>('y').value = String(y);
  byId<HTMLInputElement>('x').value = String(x);
  showMaps();
  showForward();
  showPool();
  showBackward();
}

byId('subtitle').textContent = data.subtitle;
const select = byId<HTMLSelectElement>('filter');
select.append(
  ...Array.from({ length: filters }, (_, f) => element('option', { value: String(f) }, String(f))),
);
select.value = String(filter);
select.addEventListener('change', () => {
  filter = Number(select.value);
  show();
});
for (const name of ['y', 'x'] as const) {
  const field = byId<HTMLInputElement>(name);
  field.max = String((name === 'y' ? outHeight : outWidth) - 1);
  field.addEventListener('change', () => {
    const value = Math.round(Number(field.value)) || 0;
    if (name === 'y') go(value, x);
    else go(y, value);
  });
}
document.addEventListener('keydown', (event) => {
  if (event.target !== document.body) return;
  const moves: Readonly<Record<string, [number, number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  go(y + move[0], x + move[1]);
});
show();
