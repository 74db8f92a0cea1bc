/** Seeded test data. */
import { Random } from '../../lib/random.js';
import { type Shape, sizeOf, Tensor } from '../../lib/tensor.js';

/** Normal with mean 0 and deviation 1. */
export function normalTensor(shape: Shape, seed: number): Tensor {
  const random = new Random(seed);
  return Tensor.from(
    Array.from({ length: sizeOf(shape) }, () => random.normal()),
    shape,
  );
}

/** Integers from -limit to limit: sums of their products are exact in single precision. */
export function integerTensor(shape: Shape, seed: number, limit = 8): Tensor {
  const random = new Random(seed);
  return Tensor.from(
    Array.from({ length: sizeOf(shape) }, () => random.integer(2 * limit + 1) - limit),
    shape,
  );
}

/** All values differ by at least 1/4 and are at least 1/8 away from 0: no kink of max or ReLU is near. */
export function distinctTensor(shape: Shape, seed: number): Tensor {
  const order = Uint32Array.from({ length: sizeOf(shape) }, (_, index) => index);
  new Random(seed).shuffle(order);
  const middle = Math.floor(order.length / 2);
  return Tensor.from(
    Array.from(order, (place) => (place - middle) / 4 + 1 / 8),
    shape,
  );
}

/** u8 images of any shape with labels below `classes`. */
export function randomImages(
  count: number,
  shape: readonly [number, number, number],
  classes: number,
  seed: number,
) {
  const random = new Random(seed);
  const size = sizeOf(shape);
  return {
    name: 'random',
    images: Uint8Array.from({ length: count * size }, () => random.integer(256)),
    labels: Uint8Array.from({ length: count }, () => random.integer(classes)),
    count,
    shape,
    classes,
  };
}
