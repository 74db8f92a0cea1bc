/** What an explanation is made of: numbers with their colours, tables of windows, rows that wrap, maps to click on. */
import { element, figure } from './elements.js';
import type { Model } from './explain-data.js';

/** The output that is followed. */
export interface Place {
  readonly filter: number;
  readonly y: number;
  readonly x: number;
}

export interface Step {
  readonly title: string;
  readonly content: readonly (Node | string)[];
}

/** Three decimals; a real minus sign would not be copied as a number. */
export const number = (value: number) =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : value.toFixed(3);

export const paragraph = (...parts: readonly (Node | string)[]) => element('p', {}, ...parts);
export const strong = (value: number) => element('strong', {}, number(value));
export const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

export const biasTitle = ({ activation }: Model) => (activation ? `Bias and ${activation.name}` : 'Bias');

/** From the sum of the products to the output at index `at`. */
export function biasParts(
  { values, activation }: Model,
  products: number,
  filter: number,
  at: number,
): Node[] {
  const sum = values.sum[at];
  const parts = [paragraph(number(products), ' + bias ', number(values.bias[filter]), ' = ', strong(sum))];
  if (activation) {
    const formula = activation.formula.replaceAll('{x}', number(sum));
    parts.push(paragraph(`${activation.name}: ${formula} = `, strong(values.activated[at])));
  }
  return parts;
}

/** Sign and size as a colour: orange is positive, blue negative, `most` the strongest. */
function tint(target: HTMLElement, value: number, most: number): void {
  const share = (0.5 * Math.abs(value)) / Math.max(most, 1e-12);
  target.style.background = value < 0 ? `rgba(31, 99, 181, ${share})` : `rgba(214, 95, 14, ${share})`;
}

const strongest = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** A table of numbers; `mark` is emphasised. */
export function matrix(values: readonly number[], columns: number, caption: string, mark = -1): HTMLElement {
  const most = strongest(values);
  const cells = values.map((value, i) => {
    const cell = element('td', { className: i === mark ? 'right' : '' }, number(value));
    tint(cell, value, most);
    if (i === mark) cell.style.outline = '2px solid currentColor';
    return cell;
  });
  const rows = Array.from({ length: Math.ceil(values.length / columns) }, (_, row) =>
    element('tr', {}, ...cells.slice(row * columns, (row + 1) * columns)),
  );
  const head = element('caption', { className: 'soft' }, caption);
  const table = element('table', {}, head, element('tbody', {}, ...rows));
  // What is wider than the window must be reached by keys too.
  return element('div', { className: 'scroll', tabIndex: columns > 8 ? 0 : -1 }, table);
}

/** Numbers in a row that goes on in the next line, however long it is; `below` adds lines to each: weights, products. */
export function flow(
  caption: string,
  values: readonly number[],
  ...below: readonly (readonly number[])[]
): HTMLElement {
  const lines = [values, ...below];
  const most = lines.map(strongest);
  const cells = values.map((_, i) => {
    const column = lines.map((line, row) => {
      const cell = element('div', { className: 'flow-cell' }, number(line[i]));
      tint(cell, line[i], most[row]);
      return cell;
    });
    return element('div', {}, ...column);
  });
  const rows = element('div', { className: 'flow' }, ...cells);
  return element('figure', {}, element('figcaption', {}, caption), rows);
}

/** Parts that were opened or closed by hand, by their names: they stay so while places are changed. */
const toggled = new Map<string, boolean>();

/** A part that can be closed. */
export function foldable(
  name: string,
  summary: string,
  open: boolean,
  ...content: readonly Node[]
): HTMLElement {
  const head = element('summary', {}, summary);
  const details = element('details', { open: toggled.get(name) ?? open }, head, ...content);
  details.addEventListener('toggle', () => toggled.set(name, details.open));
  return details;
}

/** Channels of an input that are shown; a sentence tells of the others. */
export const mostChannels = 16;

/** A matrix for each channel. */
export function channelMatrices(
  values: readonly number[],
  channels: number,
  columns: number,
  name: string,
): Node[] {
  const area = values.length / channels;
  const shown = Array.from({ length: Math.min(channels, mostChannels) }, (_, c) =>
    matrix(values.slice(c * area, (c + 1) * area), columns, channels === 1 ? name : `channel ${c}`),
  );
  const rest = channels - shown.length;
  return [
    element('div', { className: 'row' }, ...shown),
    ...(rest > 0 ? [paragraph(`and ${rest} more channels`)] : []),
  ];
}

export interface MapOptions {
  readonly height: number;
  readonly width: number;
  /** Screen pixels of a value. */
  readonly scale: number;
  readonly label: string;
  /** Top, left, height and width of what is chosen. */
  readonly frame?: readonly [number, number, number, number];
  choose?(y: number, x: number): void;
}

/** Values as a grey picture with a frame around the chosen place, and what black and white stand for. */
export function map(values: ArrayLike<number>, options: MapOptions): HTMLElement {
  const { height, width, scale, label, frame, choose } = options;
  const list = Array.from(values);
  const canvas = element('canvas', { width: width * scale, height: height * scale });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const low = list.reduce((a, b) => Math.min(a, b), 0);
  const high = list.reduce((a, b) => Math.max(a, b), low + 1e-6);
  for (const [i, value] of list.entries()) {
    const grey = Math.round((255 * (value - low)) / (high - low));
    context.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
    context.fillRect((i % width) * scale, Math.floor(i / width) * scale, scale, scale);
  }
  if (frame !== undefined) {
    const [top, left, tall, wide] = frame;
    context.strokeStyle = '#f08c3a';
    context.lineWidth = 2;
    context.strokeRect(left * scale, top * scale, wide * scale, tall * scale);
  }
  if (choose !== undefined) {
    canvas.style.cursor = 'crosshair';
    canvas.addEventListener('click', ({ offsetX, offsetY }) => {
      // The picture may be shown smaller than it is.
      const shown = canvas.clientWidth / width;
      choose(Math.floor(offsetY / shown), Math.floor(offsetX / shown));
    });
  }
  const range = `${label}: black ${number(low)}, white ${number(high)}`;
  const shown = figure(range, canvas);
  // As wide as the picture, so that many stand beside each other.
  shown.style.maxWidth = `${Math.max(96, width * scale)}px`;
  return shown;
}

/** Squares in a line of a picture of numbers. */
const squares = 20;

/** Numbers as a picture of squares, line by line. */
export function squaresMap(
  values: Float32Array,
  label: string,
  chosen = -1,
  choose?: (index: number) => void,
): HTMLElement {
  const width = Math.min(squares, values.length);
  return map(values, {
    height: Math.ceil(values.length / width),
    width,
    scale: 18,
    label,
    ...(chosen < 0 ? {} : { frame: [Math.floor(chosen / width), chosen % width, 1, 1] as const }),
    ...(choose === undefined
      ? {}
      : {
          choose: (y: number, x: number) => {
            if (y * width + x < values.length) choose(y * width + x);
          },
        }),
  });
}
