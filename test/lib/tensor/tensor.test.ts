import { describe, expect, it } from 'vitest';
import { ArgumentTypeError, ShapeError } from '../../../lib/errors.js';
import { formatShape, type Shape, sameShape, sizeOf, Tensor } from '../../../lib/tensor.js';
import { resizableBuffer } from '../../support/misuse.js';

describe('sizeOf', () => {
  it.each([
    [[], 1],
    [[0], 0],
    [[3], 3],
    [[2, 3, 4, 5], 120],
    [[2 ** 31], 2 ** 31],
    [[2 ** 15, 2 ** 16], 2 ** 31],
    [[2 ** 31, 2 ** 31, 0], 0],
    [[0, 2 ** 31, 2 ** 31], 0],
  ])('of %j is %d', (shape, size) => {
    expect(sizeOf(shape)).toBe(size);
  });

  it('is 0 with an empty axis even where the product of the others is infinite', () => {
    expect(sizeOf([...new Array<number>(40).fill(2 ** 31), 0])).toBe(0);
  });

  it.each([[-1], [1.5], [Number.NaN], [2 ** 31 + 1], [Number.POSITIVE_INFINITY], ['3' as unknown as number]])(
    'refuses an axis of %s',
    (length) => {
      expect(() => sizeOf([2, length])).toThrow(ShapeError);
      expect(() => sizeOf([2, length])).toThrow(
        `tensor: expected axis 1 to be an integer from 0 to 2^31 but received ${length} (shape 2x${length})`,
      );
    },
  );

  it.each([[[2 ** 31, 2]], [[2 ** 16, 2 ** 16]], [[2 ** 31, 2 ** 31, 2 ** 31]]])('refuses %j', (shape) => {
    expect(() => sizeOf(shape)).toThrow(/expected at most 2\^31 elements/);
  });

  it.each([[5], ['5'], [null], [Float32Array.of(2, 3)]])('refuses %s as a shape', (shape) => {
    expect(() => sizeOf(shape as unknown as Shape)).toThrow(ArgumentTypeError);
  });
});

describe('formatShape and sameShape', () => {
  it('formats', () => {
    expect(formatShape([32, 3, 28, 28])).toBe('32x3x28x28');
    expect(formatShape([])).toBe('scalar');
  });

  it('compares axis by axis', () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([], [])).toBe(true);
  });
});

describe('Tensor', () => {
  it('is zeros of its shape, or looks at the memory it is given', () => {
    expect([...new Tensor([2, 2]).data]).toEqual([0, 0, 0, 0]);
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const tensor = new Tensor([2, 3], data);
    expect(tensor.data).toBe(data);
    expect(tensor.size).toBe(6);
    expect(`${tensor}`).toBe('Tensor[2, 3]');
    expect(`${new Tensor([])}`).toBe('Tensor[]');
    expect(`${new Tensor([0, 4])}`).toBe('Tensor[0, 4]');
  });

  it('keeps its shape whatever happens to the array it was given', () => {
    const shape = [2, 3];
    const tensor = new Tensor(shape);
    shape[0] = 7;
    expect(tensor.shape).toEqual([2, 3]);
    expect(() => {
      (tensor.shape as number[])[0] = 7;
    }).toThrow(TypeError);
  });

  it('copies values with from', () => {
    const values = [1, 2, 0.1, 4];
    const tensor = Tensor.from(values, [2, 2]);
    values[0] = 9;
    expect([...tensor.data]).toEqual([1, 2, Math.fround(0.1), 4]);
    const other = Tensor.from(tensor.data, [4]);
    expect(other.data).not.toBe(tensor.data);
    expect(() => Tensor.from([1, 2, 3], [2, 2])).toThrow(
      'tensor: expected 4 values for shape 2x2 but received 3',
    );
  });

  it('reshapes the same memory', () => {
    const tensor = new Tensor([2, 3, 4]);
    const flat = tensor.reshape([2, 12]);
    flat.data[13] = 5;
    expect(flat.shape).toEqual([2, 12]);
    expect(tensor.data[13]).toBe(5);
    expect(tensor.reshape([2, -1]).shape).toEqual([2, 12]);
    expect(tensor.reshape([-1]).shape).toEqual([24]);
    expect(tensor.reshape([3, -1, 2]).shape).toEqual([3, 4, 2]);
  });

  it.each([[[5, 5]], [[-1, 5]], [[-1, -1]], [[-1, 0]], [[-2, 12]], [[]]])(
    'cannot reshape 24 to %j',
    (shape) => {
      expect(() => new Tensor([2, 3, 4]).reshape(shape)).toThrow(ShapeError);
    },
  );

  it('refuses a length that is not the product of the shape', () => {
    expect(() => new Tensor([2, 3], new Float32Array(5))).toThrow(ShapeError);
    expect(() => new Tensor([2, 3], new Float32Array(5))).toThrow(
      'tensor: expected 6 values for shape 2x3 but received 5',
    );
  });

  it.each([[[1, 2]], [Float64Array.of(1, 2)], [null], ['12'], [new ArrayBuffer(8)]])(
    'refuses %s as data',
    (data) => {
      expect(() => new Tensor([2], data as unknown as Float32Array)).toThrow(ArgumentTypeError);
    },
  );

  it('names what it received', () => {
    expect(() => new Tensor([2], Float64Array.of(1, 2) as unknown as Float32Array)).toThrow(
      'tensor: expected data to be a Float32Array but received Float64Array. Hint: Tensor.from(values, shape)',
    );
  });

  it('refuses shared, resizable and detached memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    expect(() => new Tensor([2], shared)).toThrow(/SharedArrayBuffer. Hint: copy it with slice/);
    const resizable = new Float32Array(resizableBuffer(8), 0, 2);
    expect(() => new Tensor([2], resizable)).toThrow(/resizable ArrayBuffer/);
    expect(() => new Tensor([2], resizable)).toThrow(ArgumentTypeError);
    const detached = new Float32Array(2);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => new Tensor([2], detached)).toThrow(/but received 0 \(has the buffer been transferred\?\)/);
  });
});
