/** An explanation as text: one filter at one place, each step with its numbers. */
import type { Explanation } from '../../explain/explanation.js';
import { formatTable } from '../terminal/table.js';

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

/** @param nameOf what a class is called */
export function describeExplanation(
  explanation: Explanation,
  place: Place,
  nameOf: (label: number) => string,
): string[] {
  const steps = new Steps(nameOf);
  return [
    headline(explanation, place),
    '',
    ...describeForward(explanation, place, steps),
    ...describeBackward(explanation, place, steps),
  ];
}

/** Numbers the steps: not every layer has all of them. */
class Steps {
  readonly nameOf: (label: number) => string;
  #count = 0;

  constructor(nameOf: (label: number) => string) {
    this.nameOf = nameOf;
  }

  next(text: string): string {
    this.#count += 1;
    return `${this.#count}. ${text}`;
  }
}

function headline({ name, kind, inputShape, outputShape }: Explanation, { filter, y, x }: Place): string {
  if (kind === 'linear')
    return `${name}: ${inputShape[0]} inputs, ${outputShape[0]} outputs. Followed: output ${filter}.`;
  return (
    `${name}: input ${inputShape.join('x')}, ${outputShape[0]} filters, output ${outputShape.join('x')}. ` +
    `Followed: filter ${filter} at row ${y}, column ${x}.`
  );
}

function describeForward(explanation: Explanation, { filter, y, x }: Place, steps: Steps): string[] {
  const { kind, rows, weight, bias, product, sum, outputShape, kernel } = explanation;
  const [filters, height, width] = outputShape;
  const [places, columns] = rows.shape;
  const at = y * width + x;
  const row = rows.data.subarray(at * columns, (at + 1) * columns);
  const column = weight.data.subarray(filter * columns, (filter + 1) * columns);
  const products = row.map((value, i) => value * column[i]);
  const entry = product.data[at * filters + filter];
  const value = sum.data[(filter * height + y) * width + x];
  const isLinear = kind === 'linear';
  const perRow = isLinear ? mostColumns : kernel[1];
  const lines = [
    isLinear
      ? steps.next(`The ${columns} inputs are a row already: [${places}, ${columns}]`)
      : steps.next(
          `im2row: every window of ${kernel.join('x')} becomes a row, [${places}, ${columns}]. Row ${at}, the window at ${y}, ${x}:`,
        ),
    ...grid(row, perRow),
    '',
    steps.next(
      `Matrix product: [${places}, ${columns}] x [${columns}, ${filters}] = [${places}, ${filters}]. ` +
        `${isLinear ? `The weights to output ${filter}` : `Filter ${filter}`}, a column:`,
    ),
    ...grid(column, perRow),
    `   row times ${isLinear ? 'weights' : 'filter'}: ${sumText(products)} = ${number(entry)}`,
    '',
    steps.next(`Bias: ${number(entry)} + ${number(bias.data[filter])} = ${number(value)}`),
  ];
  const { activation } = explanation;
  if (activation !== undefined) {
    const activated = activation.output.data[(filter * height + y) * width + x];
    lines.push(
      '',
      steps.next(`${activation.name}: ${activation.formula(number(value))} = ${number(activated)}`),
    );
  }
  if (explanation.isScores && isLinear) lines.push(`   It is the score of class ${steps.nameOf(filter)}.`);
  return [...lines, ...describePool(explanation, { filter, y, x }, steps)];
}

/** The first summands. */
function sumText(products: Float32Array): string {
  const shown = [...products.subarray(0, 4)].map(number).join(' + ');
  return products.length > 4 ? `${shown} + ...` : shown;
}

/** The row of the pooling window that holds a place; undefined where none does. */
function poolRow({ pool }: Explanation, { filter, y, x }: Place): number | undefined {
  if (pool === undefined) return undefined;
  const [, height, width] = pool.shape;
  const [py, px] = [Math.floor(y / pool.stride[0]), Math.floor(x / pool.stride[1])];
  return py < height && px < width ? (filter * height + py) * width + px : undefined;
}

function describePool(explanation: Explanation, place: Place, steps: Steps): string[] {
  const { pool } = explanation;
  const at = poolRow(explanation, place);
  if (pool === undefined || at === undefined) return [];
  const columns = pool.rows.shape[1];
  const values = pool.rows.data.subarray(at * columns, (at + 1) * columns);
  return [
    '',
    steps.next(
      `pool2row: windows of ${pool.kernel.join('x')} of each map become rows, [${pool.rows.shape.join(', ')}]. Row ${at}:`,
    ),
    `   ${[...values].map(number).join('  ')}`,
    `   maximum: ${number(pool.output.data[at])}, in column ${values.indexOf(pool.output.data[at])}`,
  ];
}

function describeBackward(explanation: Explanation, place: Place, steps: Steps): string[] {
  const { backward, pool, outputShape, kernel, kind } = explanation;
  const { filter, y, x } = place;
  const [, height, width] = outputShape;
  const at = poolRow(explanation, place);
  const output = (filter * height + y) * width + x;
  const gradient = backward.gradSum.data[output];
  const columns = backward.gradRows.shape[1];
  const row = y * width + x;
  const isLinear = kind === 'linear';
  const perRow = isLinear ? mostColumns : kernel[1];
  const lines = [
    '',
    `Backward, from the loss ${number(backward.loss)} of label ${steps.nameOf(backward.label)}:`,
    '',
  ];
  if (pool !== undefined && backward.poolRows !== undefined && at !== undefined) {
    const size = pool.rows.shape[1];
    const values = backward.poolRows.data.subarray(at * size, (at + 1) * size);
    const arriving = number(backward.gradOut.data[at]);
    lines.push(
      steps.next(`Pooling: ${arriving} arrives and goes to the maximum; row2pool puts the row back:`),
      `   ${[...values].map(number).join('  ')}`,
    );
  } else if (pool === undefined) {
    const arriving = number(backward.gradOut.data[output]);
    lines.push(
      explanation.isScores && isLinear
        ? steps.next(
            `The probability of class ${steps.nameOf(filter)}${filter === backward.label ? ', less 1 for the label' : ''}: ${arriving}`,
          )
        : steps.next(`From the layers behind arrives ${arriving}`),
    );
  }
  const { activation } = explanation;
  if (activation !== undefined)
    lines.push(steps.next(`${activation.name} ${activation.backward}: ${number(gradient)}`));
  lines.push(
    isLinear
      ? steps.next('Gradient of the inputs: the sum over outputs of gradient times weight:')
      : steps.next(`Gradient of row ${row}: the sum over filters of gradient times filter:`),
    ...grid(backward.gradRows.data.subarray(row * columns, (row + 1) * columns), perRow),
    ...(isLinear ? [] : describeOverlap(explanation, place)),
    isLinear
      ? steps.next(
          `Gradient of the weights to output ${filter}: gradient times input. Its bias: ${number(backward.gradBias.data[filter])}`,
        )
      : steps.next(
          `Gradient of filter ${filter}: over all places, gradient times row. Its bias: ${number(backward.gradBias.data[filter])}`,
        ),
    ...grid(backward.gradWeight.data.subarray(filter * columns, (filter + 1) * columns), perRow),
  );
  return lines;
}

function describeOverlap(explanation: Explanation, place: Place): string[] {
  const { backward, inputShape } = explanation;
  const [iy, ix] = middleOf(explanation, place);
  if (iy < 0 || iy >= inputShape[1] || ix < 0 || ix >= inputShape[2]) return [];
  const sum = number(backward.gradInput.data[iy * inputShape[2] + ix]);
  return [`   row2im adds up what all windows give a pixel: ${sum} at ${iy}, ${ix}`];
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
