/** Windows that find mistakes: unequal sides, strides that skip pixels, padding, single pixels, batches of one. */
import fc from 'fast-check';
import type { Geometry, Shape4 } from './oracle.js';

export interface WindowCase extends Geometry {
  readonly shape: Shape4;
}

export const convolutionCases: readonly WindowCase[] = [
  { shape: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0] },
  { shape: [1, 1, 32, 32], kernel: [5, 5], stride: [1, 1], padding: [0, 0] },
  { shape: [2, 6, 14, 14], kernel: [5, 5], stride: [1, 1], padding: [0, 0] },
  { shape: [3, 16, 5, 5], kernel: [5, 5], stride: [1, 1], padding: [0, 0] },
  { shape: [2, 3, 7, 5], kernel: [3, 2], stride: [1, 1], padding: [0, 0] },
  { shape: [2, 2, 5, 9], kernel: [2, 4], stride: [2, 3], padding: [1, 2] },
  { shape: [1, 3, 6, 4], kernel: [1, 3], stride: [3, 1], padding: [0, 1] },
  { shape: [2, 2, 4, 6], kernel: [3, 3], stride: [1, 2], padding: [2, 1] },
  { shape: [1, 1, 3, 3], kernel: [5, 4], stride: [1, 1], padding: [2, 3] },
  { shape: [1, 2, 8, 7], kernel: [2, 2], stride: [4, 3], padding: [0, 0] },
  { shape: [2, 1, 2, 3], kernel: [1, 1], stride: [1, 1], padding: [3, 3] },
];

export const poolCases: readonly WindowCase[] = [
  { shape: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0] },
  { shape: [2, 6, 28, 28], kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
  { shape: [3, 16, 10, 10], kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
  { shape: [2, 3, 7, 5], kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
  { shape: [1, 2, 9, 8], kernel: [3, 2], stride: [1, 3], padding: [0, 0] },
  { shape: [2, 1, 6, 7], kernel: [3, 3], stride: [2, 1], padding: [0, 0] },
  { shape: [1, 3, 7, 8], kernel: [2, 1], stride: [3, 4], padding: [0, 0] },
  { shape: [1, 1, 4, 5], kernel: [4, 5], stride: [1, 1], padding: [0, 0] },
];

/** Any small window that fits its input. */
export const anyWindow: fc.Arbitrary<WindowCase> = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    c: fc.integer({ min: 1, max: 3 }),
    kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    padding: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    extra: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
  })
  .map(({ n, c, kernel, stride, padding, extra }) => {
    const side = (axis: 0 | 1) => Math.max(1, kernel[axis] - 2 * padding[axis]) + extra[axis];
    return { shape: [n, c, side(0), side(1)] as const, kernel, stride, padding };
  });

/** The same cases in every run; a failure prints the smallest counterexample. */
export const propertyRuns = { seed: 20_240_101, numRuns: 200 };

export function describeWindow({ shape, kernel, stride, padding }: WindowCase): string {
  return `${shape.join('x')} kernel ${kernel.join('x')} stride ${stride.join('x')} padding ${padding.join('x')}`;
}
