import { describe, expect, it } from 'vitest';
import { iris, xor } from '../../../lib/data/small-sets.js';

describe('iris', () => {
  const { images, labels, classNames, count, shape, classes } = iris();
  const column = (feature: number, first = 0, last = 150) =>
    Array.from({ length: last - first }, (_, row) => images[4 * (first + row) + feature]);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

  it('has 50 plants of each species', () => {
    expect([count, shape, classes, images.length]).toEqual([150, [4], 3, 600]);
    expect([0, 1, 2].map((label) => labels.filter((one) => one === label).length)).toEqual([50, 50, 50]);
    expect(classNames).toEqual(['setosa', 'versicolor', 'virginica']);
  });

  // Fisher (1936), table II has the means of a species; those of all, and the deviations, are R's of its data set iris.
  it('has the published means and deviations', () => {
    const means = [
      [5.006, 3.428, 1.462, 0.246],
      [5.936, 2.77, 4.26, 1.326],
      [6.588, 2.974, 5.552, 2.026],
    ];
    for (const [species, expected] of means.entries()) {
      for (const [feature, mean] of expected.entries()) {
        const plants = column(feature, 50 * species, 50 * (species + 1));
        expect(sum(plants) / 50).toBeCloseTo(mean, 6);
      }
    }
    const deviations = [0.8280661, 0.4358663, 1.7652982, 0.7622377];
    for (const [feature, deviation] of deviations.entries()) {
      const all = column(feature);
      const mean = sum(all) / 150;
      expect(Math.sqrt(sum(all.map((x) => (x - mean) ** 2)) / 149)).toBeCloseTo(deviation, 6);
    }
  });

  it('has the plants 35 and 38 as Fisher has them, which copies have otherwise', () => {
    expect([...images.subarray(4 * 34, 4 * 35)].map((x) => Math.round(10 * x))).toEqual([49, 31, 15, 2]);
    expect([...images.subarray(4 * 37, 4 * 38)].map((x) => Math.round(10 * x))).toEqual([49, 36, 14, 1]);
  });
});

it('xor is the table of the exclusive or', () => {
  const { images, labels, values } = xor();
  for (let row = 0; row < 4; row += 1) {
    const [a, b] = images.subarray(2 * row, 2 * row + 2);
    expect([labels[row], values[row]]).toEqual([a ^ b, a ^ b]);
  }
});
