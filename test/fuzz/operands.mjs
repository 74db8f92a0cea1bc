// Operands in memory of their own between guard values, and what can be wrong with an argument.
import { Tensor } from '../../dist/tensor.js';
import { promise } from './oracle.mjs';

/** @typedef {import('./random.mjs').FuzzRandom} FuzzRandom */
/** @typedef {Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array} TypedArray */

/** Bytes on either side; as floats they are NaN, so that a kernel that reads them gives NaN. */
const GUARD_BYTES = 512;
const GUARD = 0xff;

const NUMBERS = [
  0,
  -0,
  1,
  2,
  3,
  4,
  5,
  16,
  17,
  255,
  256,
  65535,
  65536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  1e308,
  -1,
  -(2 ** 31),
  0.5,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** The exception of a getter of the caller's; it passes through. */
export class CallersError extends Error {
  code = 'ERR_ROWNET_CALLER';
}

export class Operands {
  /** @type {{ bytes: Uint8Array, begin: number, end: number }[]} */
  #guarded = [];
  /** @type {FuzzRandom} */
  random;

  /** @param {FuzzRandom} random */
  constructor(random) {
    this.random = random;
  }

  /**
   * Small integers, whose sums are exact and finite.
   * @template {TypedArray} T @param {new (buffer: ArrayBuffer, begin: number, length: number) => T} Type
   * @param {number} length @param {number} [below] @returns {T}
   */
  array(Type, length, below = 4) {
    const width = /** @type {any} */ (Type).BYTES_PER_ELEMENT;
    const bytes = new Uint8Array(2 * GUARD_BYTES + length * width).fill(GUARD);
    this.#guarded.push({ bytes, begin: GUARD_BYTES, end: GUARD_BYTES + length * width });
    const array = new Type(bytes.buffer, GUARD_BYTES, length);
    for (let i = 0; i < length; i += 1) array[i] = this.random.below(below);
    return array;
  }

  /** @param {number} length */
  floats(length) {
    return this.array(Float32Array, length);
  }

  /** @param {...number} shape */
  tensor(...shape) {
    return new Tensor(shape, this.floats(shape.reduce((product, axis) => product * axis, 1)));
  }

  /** From `low` to `high`. @param {number} low @param {number} high */
  integer(low, high) {
    return low + this.random.below(high - low + 1);
  }

  /** Nothing outside the operands was written. */
  check() {
    for (const { bytes, begin, end } of this.#guarded) {
      // A getter may have transferred the buffer.
      if (bytes.length === 0) continue;
      const broken = bytes.findIndex((byte, i) => byte !== GUARD && (i < begin || i >= end));
      promise(
        broken === -1,
        `the guard at byte ${broken - begin} of an operand of ${end - begin} bytes was written`,
      );
    }
  }

  /** Something that is wrong nearly everywhere. @param {readonly unknown[]} others the call's other arguments */
  junk(others) {
    const { random } = this;
    const choices = [
      () => random.pick(NUMBERS),
      () => random.pick(NUMBERS),
      () =>
        random.pick([
          undefined,
          null,
          '3',
          'x',
          true,
          3n,
          Symbol.iterator,
          () => 1,
          [],
          {},
          [1, 2],
          new Date(0),
        ]),
      () => random.pick(others),
      () => this.#memory(),
      () => new Tensor([2, 3]),
      () => new Tensor([1, 1, 2, 2]),
      () => [random.pick(NUMBERS), random.pick(NUMBERS)],
    ];
    return random.pick(choices)();
  }

  /** Arrays and tensors whose memory is not what it seems. */
  #memory() {
    const { random } = this;
    const length = random.pick([0, 1, 4, 16]);
    const Type = random.pick([
      Float32Array,
      Float32Array,
      Float64Array,
      Int32Array,
      Uint32Array,
      Uint16Array,
      Uint8Array,
    ]);
    const Resizable = /** @type {any} */ (ArrayBuffer);
    const choices = [
      () => new Type(length),
      () => new Type(new SharedArrayBuffer(8 * length)),
      () => new Type(new Resizable(8 * length, { maxByteLength: 16 * length })),
      () => detach(new Type(length)),
      () => Object.defineProperty(new Type(length), 'length', { value: 1 << 20 }),
      () => new DataView(new ArrayBuffer(8)),
      () => new ArrayBuffer(8),
    ];
    const array = random.pick(choices)();
    if (random.chance(0.6)) return array;
    return Object.assign(Object.create(Tensor.prototype), { shape: [length], data: array });
  }

  /**
   * Replaces an argument, an entry of a list or an option by something else, or makes an option a getter that throws or
   * takes an operand's memory away.
   * @param {unknown[]} args
   */
  spoil(args) {
    const { random } = this;
    const at = random.below(args.length + (random.chance(0.1) ? 1 : 0));
    const inner = args[at];
    const plain =
      typeof inner === 'object' &&
      inner !== null &&
      [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(inner));
    if (!plain || random.chance(0.2)) {
      args[at] = this.junk(args);
      return;
    }
    const object = /** @type {Record<string, unknown>} */ (inner);
    const keys = Object.keys(object);
    if (keys.length === 0) return;
    const key = random.pick(keys);
    if (random.chance(0.8)) {
      const value = this.junk(
        Object.keys(object)
          .filter((name) => Object.getOwnPropertyDescriptor(object, name)?.get === undefined)
          .map((name) => object[name]),
      );
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true });
      return;
    }
    const value = object[key];
    const get = random.chance(0.5)
      ? () => {
          throw new CallersError('from a getter');
        }
      : () => {
          for (const arg of args) if (arg instanceof Tensor && random.chance(0.5)) detach(arg.data);
          return value;
        };
    Object.defineProperty(object, key, { get, enumerable: true, configurable: true });
  }
}

/** @template {TypedArray} T @param {T} array @returns {T} */
function detach(array) {
  const buffer = array?.buffer;
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) structuredClone(buffer, { transfer: [buffer] });
  return array;
}
