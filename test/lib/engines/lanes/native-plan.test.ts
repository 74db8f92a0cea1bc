/** What the native plan itself checks of a batch: the engine's checks of the same are made once, and memory changes. */
import { describe, expect, it } from 'vitest';
import { createLanePlan } from '../../../../lib/engines/lanes/native-plan.js';

const CLASSES = 3;
/** One linear layer on two pixels: 6 weights, 3 biases. */
const plan = createLanePlan(
  [1, 1, 2],
  [{ op: 'linear', inFeatures: 2, outFeatures: CLASSES, weight: 0, bias: 6 }],
);
const images = new Uint8Array(4 * 2);

const calls = {
  trainStep: (labels: Uint8Array, indices: Uint32Array) =>
    plan.trainStep(...batch(labels, indices), parameters, 1, gradients, null),
  timeStep: (labels: Uint8Array, indices: Uint32Array) =>
    plan.timeStep(...batch(labels, indices), parameters, 1, gradients, null, seconds),
  evaluate: (labels: Uint8Array, indices: Uint32Array) =>
    plan.evaluate(...batch(labels, indices), parameters, new Int32Array(indices.length)),
};
const [parameters, gradients] = [new Float32Array(9), new Float32Array(9)];
const seconds = new Float64Array(5);
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

describe('arrays that are one number short', () => {
  const [x, logits] = [new Float32Array(2 * 2), new Float32Array(2 * CLASSES)];
  const labels = new Uint8Array(4);

  it('are refused by predict', () => {
    expect(() => plan.predict(2, x, parameters, logits.subarray(1))).toThrow(/^LanePlan\.predict: .*logits/);
    expect(() => plan.predict(2, x.subarray(1), parameters, logits)).toThrow(/^LanePlan\.predict: .*x/);
    expect(() => plan.predict(2, x, parameters.subarray(1), logits)).toThrow(
      /^LanePlan\.predict: .*parameters/,
    );
    expect(plan.predict(2, x, parameters, logits)).toBeUndefined();
  });

  it('are refused by evaluate', () => {
    const run = (predictions: Int32Array) =>
      plan.evaluate(...batch(labels, Uint32Array.of(1, 2)), parameters, predictions);
    expect(() => run(new Int32Array(1))).toThrow(/^LanePlan\.evaluate: .*predictions/);
    expect(run(new Int32Array(2)).correct).toBe(2);
  });
});

it.each([
  ['one float beyond the parameters', [0, 10, 0, 1]],
  ['that overlap by one float', [0, 5, 0, 1, 4, 5, 0, 1]],
  ['out of order', [5, 4, 0, 1, 0, 5, 0, 1]],
])('refuses segments of an update %s', (_, segments) => {
  const data = batch(new Uint8Array(4), Uint32Array.of(0));
  const step = (numbers: number[], params = parameters) =>
    plan.trainStep(...data, parameters, 1, gradients, {
      rule: 'sgd',
      params,
      grads: gradients,
      state: [null],
      segments: Float64Array.from(numbers),
      numbers: [0, 0, 0],
    });
  expect(() => step(segments)).toThrow('expected segments inside params, in order, without overlap');
  expect(step([0, 5, 0, 1, 5, 4, 0, 1]).loss).toBeGreaterThan(0);
  expect(() => step([0, 5, 0, 1], new Float32Array(9))).toThrow(
    "expected an update of the plan's parameters",
  );
});
