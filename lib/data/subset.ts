/** Parts of data sets: those of some samples, and two that share them out. */
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { Random } from '../random.js';
import { formatShape, sizeOf, typedArrayName, typeName, valueText } from '../tensor.js';
import type { Dataset } from './datasets.js';

/**
 * The samples at `indices`, in their order, as a set of its own; an index may stand there several times.
 *
 * ```js
 * const fold = (i) => i % 5 === k; // k-fold: for k from 0 to 4
 * const all = Array.from({ length: data.count }, (_, i) => i);
 * const [train, test] = [subset(data, all.filter((i) => !fold(i))), subset(data, all.filter(fold))];
 * ```
 * @throws {TypeError | RangeError} for what is no data set, and for an index outside
 */
export function subset<Data extends Dataset>(data: Data, indices: ArrayLike<number>): Data {
  checkData('subset', data);
  if (typeof indices !== 'object' || indices === null || !Number.isInteger(indices.length)) {
    throw new ArgumentTypeError(
      `subset: expected indices to be an array of integers but received ${typeName(indices)}`,
    );
  }
  const { images, labels, values, count, shape } = data;
  // A buffer that was transferred has no elements.
  const list = Array.from({ length: indices.length }, (_, at) => indices[at]);
  if (list.length === 0) {
    throw new ArgumentRangeError(
      'subset: expected at least one index but received none. Hint: was the buffer transferred?',
    );
  }
  const wrong = list.findIndex((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (wrong !== -1) {
    throw new ArgumentRangeError(
      `subset: expected indices from 0 to ${count - 1} but index ${wrong} is ${valueText(list[wrong])}`,
    );
  }
  const take = <Numbers extends Uint8Array | Float32Array>(all: Numbers, size: number): Numbers => {
    const part = new (all.constructor as new (length: number) => Numbers)(list.length * size);
    for (const [at, index] of list.entries()) {
      part.set(all.subarray(index * size, (index + 1) * size), at * size);
    }
    return part;
  };
  return {
    ...data,
    images: take(images, sizeOf(shape)),
    ...(labels === undefined ? {} : { labels: take(labels, 1) }),
    ...(values === undefined ? {} : { values: take(values, values.length / count) }),
    count: list.length,
  };
}

/** How `split` shares out the samples. */
export interface SplitOptions {
  /** Share of the samples in the second set, above 0 and below 1. Default 0.2. */
  readonly ratio?: number;
  /** Decides which they are, an integer from 0 to 2^53 - 1. Default 1. */
  readonly seed?: number;
  /** Whether each class has its share in both. Default false. */
  readonly stratified?: boolean;
}

const optionNames: OptionNames<SplitOptions> = { ratio: true, seed: true, stratified: true };

/**
 * Two sets that have every sample between them, drawn at random: `const { train, test } = split(data, { ratio: 0.2 })`. In
 * each the samples stand in the order of the data.
 * @throws {TypeError | RangeError} for what is no data set, an option out of range, and a part without a sample
 */
export function split<Data extends Dataset>(
  data: Data,
  options: SplitOptions = {},
): { readonly train: Data; readonly test: Data } {
  checkData('split', data);
  checkOptions('split', options, optionNames, '{ ratio: 0.2 }');
  const { ratio = 0.2, seed = 1, stratified = false } = options;
  if (!(typeof ratio === 'number' && ratio > 0 && ratio < 1)) {
    throw new ArgumentRangeError(
      `split: expected a ratio above 0 and below 1 but received ${valueText(ratio)}. Hint: 0.2 for a fifth`,
    );
  }
  if (typeof stratified !== 'boolean') {
    throw new ArgumentTypeError(
      `split: expected stratified to be true or false but received ${typeName(stratified)}`,
    );
  }
  const random = Random.derive(seed, SPLIT_STREAM);
  const { count } = data;
  const second = new Uint8Array(count);
  for (const group of groupsOf(data, stratified)) {
    const order = Uint32Array.from(group);
    random.shuffle(order);
    for (const index of order.subarray(0, Math.round(ratio * order.length))) second[index] = 1;
  }
  const part = (which: number) => Array.from(second.keys()).filter((index) => second[index] === which);
  const [train, test] = [part(0), part(1)];
  if (train.length === 0 || test.length === 0) {
    throw new ArgumentRangeError(
      `split: expected samples in both parts but a ratio of ${ratio} makes ${train.length} and ${test.length} of ` +
        `${count}`,
    );
  }
  return { train: subset(data, train), test: subset(data, test) };
}

/** Keeps this use of a seed apart from others. */
const SPLIT_STREAM = 2;

/** The indices that are shared out together: those of each class, or all. */
function groupsOf({ labels, count }: Dataset, stratified: boolean): number[][] {
  if (!stratified) return [Array.from({ length: count }, (_, index) => index)];
  if (labels === undefined) {
    throw new ArgumentTypeError(
      'split: expected labels for stratified but the data has none. Hint: leave it out',
    );
  }
  const groups: number[][] = [];
  for (const [index, label] of labels.entries()) {
    groups[label] ??= [];
    groups[label].push(index);
  }
  return groups.filter((group) => group !== undefined);
}

/** What could not be cut apart. */
function checkData(where: string, data: Dataset): void {
  if (typeof data !== 'object' || data === null) {
    throw new ArgumentTypeError(
      `${where}: expected a data set { images, labels, count, shape } but received ${typeName(data)}`,
    );
  }
  const { images, labels, values, count, shape } = data;
  const arrays = { images: ['Uint8Array', 'Float32Array'], labels: ['Uint8Array'], values: ['Float32Array'] };
  for (const [name, value] of Object.entries({ images, labels, values })) {
    const kinds = arrays[name as keyof typeof arrays];
    if ((value === undefined && name !== 'images') || kinds.includes(typedArrayName(value) ?? '')) continue;
    throw new ArgumentTypeError(
      `${where}: expected ${name} to be a ${kinds.join(' or a ')} but received ${typeName(value)}`,
    );
  }
  const lengths = Array.isArray(shape) && shape.every((length) => Number.isInteger(length) && length > 0);
  if (!lengths || !Number.isInteger(count) || count < 1) {
    throw new ShapeError(
      `${where}: expected a count from 1 and a shape of integers from 1 but received ${valueText(count)} and ` +
        `${Array.isArray(shape) ? formatShape(shape) : typeName(shape)}`,
    );
  }
  const fits =
    images.length === count * sizeOf(shape) &&
    (labels === undefined || labels.length === count) &&
    (values === undefined || (values.length >= count && values.length % count === 0));
  if (fits) return;
  throw new ShapeError(
    `${where}: expected images, labels and values of ${count} samples ${formatShape(shape)} but received ` +
      `${[images, labels, values].map((one) => one?.length ?? 'none').join(', ')} numbers`,
  );
}
