/** What every kernel checks about its arguments before the addon sees them. */
import { ArgumentRangeError, ArgumentTypeError, ShapeError } from '../errors.js';
import {
  checkMemory,
  formatShape,
  type Shape,
  sameShape,
  sizeOf,
  Tensor,
  typedArrayName,
  typeName,
} from '../tensor.js';

/**
 * A tensor whose memory native code may use.
 * @throws {ArgumentTypeError} for anything else, and for a tensor whose buffer was transferred meanwhile.
 */
export function checkTensor(where: string, name: string, value: unknown): asserts value is Tensor {
  if (!(value instanceof Tensor)) {
    throw new ArgumentTypeError(
      `${where}: expected ${name} to be a Tensor but received ${typeName(value)}. ` +
        (typeName(value) === 'Tensor'
          ? 'Hint: it is one of another copy of rownet; a program loads it once'
          : 'Hint: new Tensor(shape, data) or Tensor.from(values, shape)'),
    );
  }
  if (typedArrayName(value.data) !== 'Float32Array') {
    throw new ArgumentTypeError(
      `${where}: expected ${name} to hold a Float32Array but received ${typeName(value.data)}`,
    );
  }
  checkMemory(where, name, value.data);
  const size = sizeOf(value.shape);
  if (value.data.length !== size) {
    throw new ArgumentTypeError(
      `${where}: expected ${name} to hold ${size} values but its memory has ${value.data.length} ` +
        '(the buffer was transferred or detached)',
    );
  }
}

/** As `checkTensor`, and of exactly this shape; `meaning` says where the shape comes from. */
export function checkShape(where: string, name: string, value: unknown, shape: Shape, meaning: string): void {
  checkTensor(where, name, value);
  if (sameShape(value.shape, shape)) return;
  throw new ShapeError(
    `${where}: expected ${name} ${formatShape(shape)} (${meaning}) but received ${formatShape(value.shape)}`,
  );
}

/** As `checkTensor`, and any number of inputs of this shape. */
export function checkBatch(
  where: string,
  name: string,
  value: unknown,
  inputShape: Shape,
): asserts value is Tensor {
  checkTensor(where, name, value);
  const { shape } = value;
  if (shape.length > 0 && sameShape(shape.slice(1), inputShape)) return;
  const hint = sameShape(shape, inputShape)
    ? `. Hint: add the batch axis, reshape([1, ${shape.join(', ')}])`
    : '';
  throw new ShapeError(
    `${where}: expected ${name} Nx${formatShape(inputShape)} (N inputs of the net) ` +
      `but received ${formatShape(shape)}${hint}`,
  );
}

/** The tensor to write to: `out` if it is given and fits, else a new one. */
export function output(where: string, name: string, out: Tensor | undefined, shape: Shape): Tensor {
  if (out === undefined) return new Tensor(shape);
  checkShape(where, name, out, shape, 'the shape of the result');
  return out;
}

type ArrayClass =
  | typeof Float32Array
  | typeof Float64Array
  | typeof Int32Array
  | typeof Uint32Array
  | typeof Uint16Array
  | typeof Uint8Array;

/**
 * A typed array of one class whose memory native code may use.
 * @param minimum the least number of elements.
 */
export function checkArray<T extends ArrayClass>(
  where: string,
  name: string,
  value: unknown,
  type: T,
  minimum: number,
): asserts value is InstanceType<T> {
  if (typedArrayName(value) !== type.name) {
    const article = type.name.startsWith('I') ? 'an' : 'a';
    throw new ArgumentTypeError(
      `${where}: expected ${name} to be ${article} ${type.name} but received ${typeName(value)}`,
    );
  }
  const array = value as InstanceType<T>;
  checkMemory(where, name, array);
  if (array.length < minimum) {
    throw new ArgumentRangeError(
      `${where}: expected ${name} to hold at least ${minimum} elements but received ${array.length}` +
        (array.length === 0 ? ' (has the buffer been transferred?)' : ''),
    );
  }
}

/** @throws {ArgumentTypeError} unless `value` is an object; `what` it should be stands in the message. */
export function checkObject(where: string, what: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new ArgumentTypeError(`${where}: expected ${what} but received ${typeName(value)}`);
}

/** @throws {ArgumentTypeError} unless `value` is true or false. */
export function checkBoolean(where: string, name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new ArgumentTypeError(`${where}: expected ${name} to be a boolean but received ${typeName(value)}`);
}

/** @throws {ArgumentTypeError | ArgumentRangeError} unless `value` is an integer from `low` to `high`. */
export function checkInteger(where: string, name: string, value: unknown, low: number, high: number): void {
  if (typeof value !== 'number') {
    throw new ArgumentTypeError(
      `${where}: expected ${name} to be an integer but received ${typeName(value)}`,
    );
  }
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ArgumentRangeError(
      `${where}: expected ${name} to be an integer from ${low} to ${high} but received ${value}`,
    );
  }
}

/** @throws {ArgumentTypeError | ArgumentRangeError} unless `value` is finite in single precision and >= `low`. */
export function checkNumber(where: string, name: string, value: unknown, low = -Infinity): void {
  if (typeof value !== 'number') {
    throw new ArgumentTypeError(`${where}: expected ${name} to be a number but received ${typeName(value)}`);
  }
  if (!Number.isFinite(Math.fround(value)) || value < low) {
    const range = low === -Infinity ? '' : ` of at least ${low}`;
    throw new ArgumentRangeError(
      `${where}: expected ${name} to be a number${range}, finite in single precision, but received ${value}`,
    );
  }
}
