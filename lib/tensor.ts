/** A shape and the Float32Array it describes, row-major; no maths (that is in kernels.ts). */
import { types } from 'node:util';
import { ArgumentTypeError, ResourceError, ShapeError } from './errors.js';

/** Lengths of the axes, outermost first; `[]` is a single number. */
export type Shape = readonly number[];

/** The most elements that a tensor holds. */
const MAX_SIZE = 2 ** 31;

/**
 * The number of elements of a shape.
 * @throws {ShapeError} for an axis that is no integer from 0 to 2^31, and for a product above 2^31.
 */
export function sizeOf(shape: Shape): number {
  if (!Array.isArray(shape)) {
    throw new ArgumentTypeError(`tensor: expected a shape such as [2, 3] but received ${typeName(shape)}`);
  }
  let size = 1;
  for (const [axis, length] of shape.entries()) {
    if (!Number.isInteger(length) || length < 0 || length > MAX_SIZE) {
      throw new ShapeError(
        `tensor: expected axis ${axis} to be an integer from 0 to 2^31 but received ${axisText(length)} ` +
          `(shape ${formatShape(shape)})`,
      );
    }
    size *= length;
  }
  // An empty axis makes the product 0 whatever the others are, in whatever order.
  if (shape.includes(0)) return 0;
  if (size > MAX_SIZE) {
    throw new ShapeError(
      `tensor: expected at most 2^31 elements but shape ${formatShape(shape)} has ${String(size)}`,
    );
  }
  return size;
}

/** `32x3x28x28`, as shapes stand in messages. */
export function formatShape(shape: Shape): string {
  if (!Array.isArray(shape)) {
    throw new ArgumentTypeError(
      `formatShape: expected a shape such as [2, 3] but received ${typeName(shape)}`,
    );
  }
  return shape.length === 0 ? 'scalar' : shape.map(axisText).join('x');
}

/** Of what should be a number: anything else may have no text, or one that throws. */
function axisText(length: unknown): string {
  return ['number', 'string', 'undefined'].includes(typeof length) ? String(length) : typeName(length);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** `Float32Array`, `null`, `number`: what a message calls a value of the wrong kind. */
export function typeName(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}

const arrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/**
 * `Float32Array` for one of any realm, whatever its prototype, where `instanceof` knows those of one realm alone: under
 * Jest, and in any other vm context, the classes are not those of Node's own modules. Undefined for anything else.
 */
export function typedArrayName(value: unknown): string | undefined {
  return arrayName.call(value);
}

/** A value as messages show it: `0.5`, `"gpu"`, `1n`, and what is no such thing by what it is called. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  return ['number', 'boolean', 'undefined'].includes(typeof value) ? String(value) : typeName(value);
}

/**
 * Refuses memory that may change or vanish under native code: shared or resizable buffers. A detached buffer shows as
 * a length of 0, which the callers compare with what they expect.
 * @throws {ArgumentTypeError}
 */
export function checkMemory(where: string, name: string, view: ArrayBufferView): void {
  const buffer = view.buffer as ArrayBufferLike & { readonly resizable?: boolean };
  if (types.isSharedArrayBuffer(buffer)) {
    throw new ArgumentTypeError(
      `${where}: expected ${name} to own its memory but received a SharedArrayBuffer. Hint: copy it with slice()`,
    );
  }
  if (buffer.resizable === true) {
    throw new ArgumentTypeError(
      `${where}: expected ${name} to have memory of a fixed length but received a resizable ArrayBuffer. ` +
        'Hint: copy it with slice()',
    );
  }
}

/**
 * Zeros.
 * @throws {ResourceError} if there is no memory for them.
 */
export function newFloats(where: string, length: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(length);
  } catch (cause) {
    throw noMemory(where, `${length} numbers`, length * Float32Array.BYTES_PER_ELEMENT, cause);
  }
}

/** As `newFloats`. */
export function newBytes(where: string, length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw noMemory(where, `${length} bytes`, length, cause);
  }
}

function noMemory(where: string, what: string, bytes: number, cause: unknown): ResourceError {
  const size = `${what} (${Math.ceil(bytes / 2 ** 20)} MiB)`;
  return new ResourceError(
    `${where}: expected memory for ${size} but the system gives no more. Hint: fewer images at a time`,
    { cause },
  );
}

/** A shape and its values. Tensors are cheap: several may look at the same memory. */
export class Tensor {
  readonly shape: Shape;
  readonly data: Float32Array;

  /**
   * @param data the memory to look at, not copied; zeros where it is left out.
   * @throws {ShapeError} if the length of `data` is not the product of `shape`.
   * @throws {ArgumentTypeError} if `data` is no Float32Array, or its buffer is shared or resizable.
   * @throws {ResourceError} if there is no memory for the zeros.
   */
  constructor(shape: Shape, data?: Float32Array) {
    const size = sizeOf(shape);
    this.shape = Object.freeze([...shape]);
    if (data === undefined) {
      this.data = newFloats('tensor', size);
      return;
    }
    if (typedArrayName(data) !== 'Float32Array') {
      throw new ArgumentTypeError(
        `tensor: expected data to be a Float32Array but received ${typeName(data)}. Hint: Tensor.from(values, shape)`,
      );
    }
    checkMemory('tensor', 'data', data);
    checkLength(data.length, shape, size);
    this.data = data;
  }

  /**
   * A tensor with a copy of `values`, rounded to single precision.
   * @throws {ShapeError} if the number of values is not the product of `shape`.
   * @throws {ArgumentTypeError} if `values` is no array, or one of them no number.
   */
  static from(values: ArrayLike<number>, shape: Shape): Tensor {
    if (typeof values !== 'object' || values === null) {
      throw new ArgumentTypeError(
        `tensor: expected an array of values but received ${typeName(values)}. Hint: Tensor.from([1, 2], [2])`,
      );
    }
    checkLength(values.length, shape, sizeOf(shape));
    for (let index = 0; index < values.length; index += 1) {
      if (typeof values[index] === 'number') continue;
      throw new ArgumentTypeError(
        `tensor: expected values that are numbers but value ${index} is ${valueText(values[index])}`,
      );
    }
    return new Tensor(shape, Float32Array.from(values));
  }

  /** The number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * The same memory under another shape.
   * @param shape may hold one -1, which stands for what is left.
   * @throws {ShapeError} if the sizes differ.
   */
  reshape(shape: Shape): Tensor {
    if (!Array.isArray(shape) || !shape.includes(-1)) return new Tensor(shape, this.data);
    const known = sizeOf(shape.filter((length) => length !== -1));
    const rest = this.size / known;
    if (shape.indexOf(-1) !== shape.lastIndexOf(-1) || !Number.isInteger(rest)) {
      throw new ShapeError(
        `tensor: expected a shape of ${this.size} elements with at most one -1 but received [${shape.map(axisText).join(', ')}]`,
      );
    }
    return new Tensor(
      shape.map((length) => (length === -1 ? rest : length)),
      this.data,
    );
  }

  /** `Tensor[128, 10]`. */
  toString(): string {
    return `Tensor[${this.shape.join(', ')}]`;
  }
}

function checkLength(length: number, shape: Shape, size: number): void {
  if (length === size) return;
  throw new ShapeError(
    `tensor: expected ${size} values for shape ${formatShape(shape)} but received ${length}` +
      (length === 0 ? ' (has the buffer been transferred?)' : ''),
  );
}
