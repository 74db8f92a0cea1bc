import { expect, it } from 'vitest';
import { softmax } from '../../../lib/losses/softmax.js';
import { Tensor } from '../../../lib/tensor.js';

it.each([
  [
    [0, 0],
    [0.5, 0.5],
  ],
  [
    [1000, 1000, -1000],
    [0.5, 0.5, 0],
  ],
  [
    [Math.log(1), Math.log(3)],
    [0.25, 0.75],
  ],
])('the softmax of %j is %j', (scores, expected) => {
  for (const [i, value] of softmax(Float32Array.from(scores)).entries())
    expect(value).toBeCloseTo(expected[i], 6);
});

it('of a tensor goes row by row', () => {
  const scores = Tensor.from([0, 0, Math.log(1), Math.log(3)], [2, 2]);
  const { shape, data } = softmax(scores);
  expect([shape, [...data].map((value) => value.toFixed(6))]).toEqual([
    [2, 2],
    ['0.500000', '0.500000', '0.250000', '0.750000'],
  ]);
});
