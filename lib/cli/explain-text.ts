/** An explanation as text: one filter at one place, each step with its numbers. */
import type { Explanation } from '../explain/explanation.js';
import { formatTable } from './table.js';

export interface Place {
  readonly filter: number;
  readonly y: number;
  readonly x: number;
}

/** Where the output is largest: of one filter, or of all. */
export function strongest({ sum, outputShape: [, height, width] }: Explanation, filter?: number): Place {
  const area = height * width;
  const [from, to] = filter === undefined ? [0, sum.size] : [filter * area, (filter + 1) * area];
  let best = from;
  for (let i = from; i < to; i += 1) if (sum.data[i] > sum.data[best]) best = i;
  const place = best % area;
  return { filter: Math.floor(best / area), y: Math.floor(place / width), x: place % width };
}

/** Longer rows are cut: conv2 has 150 values in a window. */
const mostColumns = 25;

const number = (value: number) =>
  value !== 0 && Math.abs(value) < 5e-4 ? value.toExponential(1) : value.toFixed(3);

export function describeExplanation(explanation: Explanation, { filter, y, x }: Place): string[] {
  const { name, kind, rows, weight, bias, product, sum, outputShape, kernel, inputShape } = explanation;
  const [filters, height, width] = outputShape;
  const [places, columns] = rows.shape;
  const at = y * width + x;
  const row = rows.data.subarray(at * columns, (at + 1) * columns);
  const column = weight.data.subarray(filter * columns, (filter + 1) * columns);
  const products = row.map((value, i) => value * column[i]);
  const entry = product.data[at * filters + filter];
  const value = sum.data[(filter * height + y) * width + x];
  const lines = [
    `${name}: input ${inputShape.join('x')}, ${filters} filters, output ${outputShape.join('x')}. ` +
      `Followed: filter ${filter} at row ${y}, column ${x}.`,
    '',
    kind === 'linear'
      ? `1. The ${columns} inputs are a row already: [${places}, ${columns}]`
      : `1. im2row: every window of ${kernel.join('x')} becomes a row, [${places}, ${columns}]. Row ${at}, the window at ${y}, ${x}:`,
    ...grid(row, kind === 'linear' ? mostColumns : kernel[1]),
    '',
    `2. Matrix product: [${places}, ${columns}] x [${columns}, ${filters}] = [${places}, ${filters}]. Filter ${filter}, a column:`,
    ...grid(column, kind === 'linear' ? mostColumns : kernel[1]),
    `   row times filter: ${products.length > 4 ? `${[...products.subarray(0, 4)].map(number).join(' + ')} + ...` : [...products].map(number).join(' + ')} = ${number(entry)}`,
    '',
    `3. Bias: ${number(entry)} + ${number(bias.data[filter])} = ${number(value)}`,
  ];
  if (explanation.relu !== undefined) {
    lines.push('', `4. ReLU: max(0, ${number(value)}) = ${number(Math.max(0, value))}`);
  }
  lines.push(...describePool(explanation, { filter, y, x }));
  lines.push(...describeBackward(explanation, { filter, y, x }));
  return lines;
}

/** The row of the pooling window that holds a place; undefined where none does. */
function poolRow({ pool }: Explanation, { filter, y, x }: Place): number | undefined {
  if (pool === undefined) return undefined;
  const [, height, width] = pool.shape;
  const [py, px] = [Math.floor(y / pool.stride[0]), Math.floor(x / pool.stride[1])];
  return py < height && px < width ? (filter * height + py) * width + px : undefined;
}

function describePool(explanation: Explanation, place: Place): string[] {
  const { pool } = explanation;
  const at = poolRow(explanation, place);
  if (pool === undefined || at === undefined) return [];
  const columns = pool.rows.shape[1];
  const values = pool.rows.data.subarray(at * columns, (at + 1) * columns);
  return [
    '',
    `5. pool2row: windows of ${pool.kernel.join('x')} of each map become rows, [${pool.rows.shape.join(', ')}]. Row ${at}:`,
    `   ${[...values].map(number).join('  ')}`,
    `   maximum: ${number(pool.output.data[at])}, in column ${values.indexOf(pool.output.data[at])}`,
  ];
}

function describeBackward(explanation: Explanation, place: Place): string[] {
  const { backward, pool, outputShape, kernel, kind, inputShape } = explanation;
  const { filter, y, x } = place;
  const [, height, width] = outputShape;
  const at = poolRow(explanation, place);
  const gradient = backward.gradSum.data[(filter * height + y) * width + x];
  const columns = backward.gradRows.shape[1];
  const row = y * width + x;
  const lines = ['', `Backward, from the loss ${number(backward.loss)} of label ${backward.label}:`, ''];
  if (pool !== undefined && backward.poolRows !== undefined && at !== undefined) {
    const size = pool.rows.shape[1];
    const values = backward.poolRows.data.subarray(at * size, (at + 1) * size);
    lines.push(
      `6. Pooling: ${number(backward.gradOut.data[at])} arrives and goes to the maximum; row2pool puts the row back:`,
      `   ${[...values].map(number).join('  ')}`,
    );
  }
  if (explanation.relu !== undefined)
    lines.push(`7. ReLU passes it where its input was above 0: ${number(gradient)}`);
  lines.push(
    `8. Gradient of row ${row}: the sum over filters of gradient times filter:`,
    ...grid(
      backward.gradRows.data.subarray(row * columns, (row + 1) * columns),
      kind === 'linear' ? mostColumns : kernel[1],
    ),
  );
  if (kind === 'conv2d') {
    const [iy, ix] = middleOf(explanation, place);
    if (iy >= 0 && iy < inputShape[1] && ix >= 0 && ix < inputShape[2]) {
      lines.push(
        `   row2im adds up what all windows give a pixel: ${number(backward.gradInput.data[iy * inputShape[2] + ix])} at ${iy}, ${ix}`,
      );
    }
  }
  lines.push(
    `9. Gradient of filter ${filter}: over all places, gradient times row. Its bias: ${number(backward.gradBias.data[filter])}`,
    ...grid(
      backward.gradWeight.data.subarray(filter * columns, (filter + 1) * columns),
      kind === 'linear' ? mostColumns : kernel[1],
    ),
  );
  return lines;
}

/** The pixel in the middle of a window. */
function middleOf({ kernel, stride, padding }: Explanation, { y, x }: Place): [number, number] {
  return [
    y * stride[0] - padding[0] + Math.floor(kernel[0] / 2),
    x * stride[1] - padding[1] + Math.floor(kernel[1] / 2),
  ];
}

/** Numbers in columns that line up; what is more than a screen holds is counted, not shown. */
function grid(values: Float32Array, columns: number): string[] {
  const perRow = Math.min(columns, 10);
  const shown = Math.min(values.length, Math.max(columns * columns, mostColumns));
  const rows: string[][] = [];
  for (let start = 0; start < shown; start += perRow) {
    rows.push(['  ', ...[...values.subarray(start, Math.min(shown, start + perRow))].map(number)]);
  }
  const more = values.length - shown;
  return [...formatTable(rows), ...(more > 0 ? [`   and ${more} more`] : [])];
}
