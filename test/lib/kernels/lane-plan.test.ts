/** What the native plan itself checks of a batch: the engine's checks of the same are made once, and memory changes. */
import { describe, expect, it } from 'vitest';
import { createLanePlan } from '../../../lib/kernels/lane-plan.js';

const CLASSES = 3;
/** One linear layer on two pixels: 6 weights, 3 biases. */
const plan = createLanePlan([1, 1, 2], [[3, 0, 0, 0, 0, 0, 0, 0, 2, CLASSES, 0, 0, 0, 6]]);
const images = new Uint8Array(4 * 2);

const calls = {
  trainStep: (labels: Uint8Array, indices: Uint32Array) =>
    plan.trainStep(...batch(labels, indices), parameters, 1, gradients, null, none, 0, 0, false),
  timeStep: (labels: Uint8Array, indices: Uint32Array) =>
    plan.timeStep(...batch(labels, indices), parameters, 1, gradients, null, none, 0, 0, false, seconds),
  evaluate: (labels: Uint8Array, indices: Uint32Array) =>
    plan.evaluate(...batch(labels, indices), parameters, new Int32Array(indices.length)),
};
const [parameters, gradients] = [new Float32Array(9), new Float32Array(9)];
const [none, seconds] = [new Float64Array(0), new Float64Array(5)];
const batch = (labels: Uint8Array, indices: Uint32Array) => [images, labels, indices, 1, 0] as const;

describe.each(Object.keys(calls) as (keyof typeof calls)[])('%s', (name) => {
  const run = (labels: number[], indices: number[]) =>
    calls[name](Uint8Array.from(labels), Uint32Array.from(indices));

  it.each([CLASSES, CLASSES + 1, 255])('refuses the label %i, of a net with 3 classes', (label) => {
    expect(() => run([0, 1, 2, label], [0, 3])).toThrow(
      `LanePlan.${name}: expected labels below 3 but image 3 has ${label}`,
    );
  });

  it('takes every label below, and any at images that the batch leaves out', () => {
    expect(run([0, 1, 2, 3], [2, 1, 0]).loss).toBeCloseTo(3 * Math.log(3), 5);
  });

  it.each([
    [[0, 1, 2, 0], 4, 4],
    [[0, 1, 2], 3, 3],
    [[0, 1, 2, 0, 1], 4, 4],
  ])('refuses an index behind the last of images and labels: labels %j, index %i', (labels, index, count) => {
    expect(() => run(labels, [0, index])).toThrow(
      `LanePlan.${name}: expected indices below ${count} but index 1 is ${index}`,
    );
    expect(run(labels, [0, index - 1]).loss).toBeGreaterThan(0);
  });
});
