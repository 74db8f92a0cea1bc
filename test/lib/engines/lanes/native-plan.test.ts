/** What the native plan itself checks of a batch: the engine's checks of the same are made once, and memory changes. */
import { describe, expect, it } from 'vitest';
import { LayerStep } from '../../../../lib/kernels/layer-step.js';
import { createLanePlan } from '../../../../lib/engines/lanes/native-plan.js';
import { wrong } from '../../../support/misuse.js';

const CLASSES = 3;
/** One linear layer on two pixels: 6 weights, 3 biases. */
const plan = createLanePlan(
  [1, 1, 2],
  [{ op: 'linear', inFeatures: 2, outFeatures: CLASSES, weight: 0, bias: 6 }],
);
const images = new Uint8Array(4 * 2);

const [parameters, gradients] = [new Float32Array(9), new Float32Array(9)];
const buffers = new Float32Array(0);
const batch = (labels: Uint8Array, indices: Uint32Array) => ({
  ...{ images, labels, indices, scale: 1, shift: 0 },
  ...{ parameters, buffers, gradScale: 1, seed: 0, step: 0 },
});
const calls = {
  trainStep: (labels: Uint8Array, indices: Uint32Array) =>
    plan.trainStep({ ...batch(labels, indices), gradients }),
  evaluate: (labels: Uint8Array, indices: Uint32Array) =>
    plan.evaluate({ ...batch(labels, indices), predictions: new Int32Array(indices.length) }),
};

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
  const [x, scores] = [new Float32Array(2 * 2), new Float32Array(2 * CLASSES)];
  const labels = new Uint8Array(4);

  it('are refused by predict', () => {
    const call = { count: 2, x, parameters, buffers, scores };
    const run = (change: Partial<typeof call>) => {
      const { count, ...arrays } = { ...call, ...change };
      return plan.predict(count, arrays.x, arrays.parameters, arrays.buffers, arrays.scores);
    };
    expect(() => run({ scores: scores.subarray(1) })).toThrow(/^LanePlan\.predict: .*scores/);
    expect(() => run({ x: x.subarray(1) })).toThrow(/^LanePlan\.predict: .*x/);
    expect(() => run({ parameters: parameters.subarray(1) })).toThrow(/^LanePlan\.predict: .*parameters/);
    expect(run({})).toBeUndefined();
  });

  it('are refused by evaluate', () => {
    const run = (predictions: Int32Array) =>
      plan.evaluate({ ...batch(labels, Uint32Array.of(1, 2)), predictions });
    expect(() => run(new Int32Array(1))).toThrow(/^LanePlan\.evaluate: .*predictions/);
    expect(run(new Int32Array(2)).correct).toBe(2);
  });
});

it.each([
  ['one float beyond the parameters', [0, 10, 0, 1, 1]],
  ['that overlap by one float', [0, 5, 0, 1, 1, 4, 5, 0, 1, 1]],
  ['out of order', [5, 4, 0, 1, 1, 0, 5, 0, 1, 1]],
])('refuses segments of an update %s', (_, segments) => {
  const data = batch(new Uint8Array(4), Uint32Array.of(0));
  const step = (numbers: number[], params = parameters) =>
    plan.trainStep({
      ...data,
      update: {
        rule: 'sgd',
        params,
        grads: gradients,
        state: [null],
        segments: Float64Array.from(numbers),
        numbers: [0, 0, 0],
      },
    });
  expect(() => step(segments)).toThrow('expected segments inside params, in order, without overlap');
  expect(step([0, 5, 0, 1, 1, 5, 4, 0, 1, 1]).loss).toBeGreaterThan(0);
  expect(() => step([0, 5, 0, 1, 1], new Float32Array(9))).toThrow(
    "expected an update of the plan's parameters",
  );
});

describe('the squared error', () => {
  const values = Float32Array.from({ length: 4 * CLASSES }, (_, index) => index);
  const squares = createLanePlan(
    [1, 1, 2],
    [{ op: 'linear', inFeatures: 2, outFeatures: CLASSES, weight: 0, bias: 6 }],
    { kind: 'mse' },
  );
  const run = (targets: object, indices = Uint32Array.of(3, 1)) =>
    squares.trainStep({ ...batch(new Uint8Array(4), indices), gradients, ...targets });

  it('is of values, as many as there are scores', () => {
    const of = (index: number) => values.subarray(3 * index, 3 * index + 3);
    const expected = [...of(3), ...of(1)].reduce((sum, value) => sum + value ** 2, 0);
    expect(run({ values, labels: undefined })).toEqual({ loss: expected, correct: 0 });
    // All scores are 0: the first is the largest.
    for (const [labels, correct] of [
      [[0, 0, 0, 0], 2],
      [[0, 1, 0, 0], 1],
      [[0, 2, 0, 1], 0],
    ] as const) {
      expect(run({ values, labels: Uint8Array.from(labels) }).correct).toBe(correct);
    }
    expect([...gradients.subarray(6)]).toEqual([0, 1, 2].map((j) => -2 * (of(3)[j] + of(1)[j])));
    expect(() => run({})).toThrow('LanePlan.trainStep: expected values to be a Float32Array');
    expect(() => run({ values: values.subarray(1) })).toThrow('expected indices below 3 but index 0 is 3');
    expect(() => run({ values, labels: new Uint8Array(3) })).toThrow('expected indices below 3 but index');
    expect(() => run({ values, labels: Uint8Array.of(0, 0, 0, 3) })).toThrow(
      'expected labels below 3 but image 3 has 3',
    );
    expect(() => run({ values, labels: [0, 0, 0, 0] })).toThrow('expected labels to be a Uint8Array');
  });
});

describe('what a call draws from', () => {
  it.each([-1, 0.5, 2 ** 53, Number.NaN])('refuses the seed %d', (seed) => {
    const step = { ...batch(new Uint8Array(4), Uint32Array.of(0)), gradients };
    expect(() => plan.trainStep({ ...step, seed })).toThrow(
      `expected seed from 0 to 2^53 - 1 but received ${seed}`,
    );
    expect(plan.trainStep({ ...step, seed: 2 ** 53 - 1 }).loss).toBeGreaterThan(0);
  });
});

const smoothed = (labelSmoothing: unknown, kind = 'crossEntropy') =>
  createLanePlan([1, 1, 2], [{ op: 'activation', activation: 'relu' }], {
    kind,
    labelSmoothing: wrong(labelSmoothing),
  });

it.each(
  Object.entries({
    'unknown loss hinge': () =>
      createLanePlan([1, 1, 2], [{ op: 'activation', activation: 'relu' }], { kind: 'hinge' }),
    'expected labelSmoothing to be a number': () => smoothed('0.1'),
    'LanePlan: lanes: expected label smoothing from 0 to 1': () => smoothed(Number.NaN),
    'lanes: expected label smoothing from 0 to 1': () => smoothed(1.0001),
    'expected label smoothing from 0 to 1': () => smoothed(-1e-9),
    'only a loss of labels has label smoothing': () => smoothed(0.5, 'bceWithLogits'),
    'step 0: unknown operation "conv3d"': () => createLanePlan([1, 1, 2], [{ op: 'conv3d' }]),
    'needs the field "outFeatures"': () => createLanePlan([1, 1, 2], [{ op: 'linear', inFeatures: 2 }]),
  }),
)('%s', (message, make) => {
  expect(make).toThrow(message);
});

describe('what a step reads', () => {
  const relu = { op: 'activation', activation: 'relu' };
  const branch = { op: 'branch' };
  const make = (...steps: { op: string; [field: string]: unknown }[]) => createLanePlan([2, 3, 4], steps);

  it.each([1, 2, 2 ** 31 - 2])('refuses %d, which is not there yet', (tensor) => {
    expect(() => make({ ...relu, from: tensor })).toThrow('lanes: step 0: "from" is not there yet');
    expect(() => make(branch, { op: 'add', with: tensor + 1 })).toThrow('step 1: "with" is not there yet');
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53])('refuses %d', (tensor) => {
    expect(() => make({ ...relu, from: tensor })).toThrow(
      'expected "from" from 0 to 2147483647 but received',
    );
    expect(() => make(branch, { op: 'add', with: tensor })).toThrow('expected "with" from 0 to 2147483647');
  });

  it('refuses what is no number, two readers that overwrite, an end in branches, and sides of two sizes', () => {
    expect(() => make({ ...relu, from: '0' })).toThrow('step 0: activation has no field "from"');
    expect(() => make({ ...relu, from: [0, 0] })).toThrow('expected 1 numbers as "from" but received 2');
    expect(() => make({ ...relu, from: null })).toThrow('expected from to be a number');
    expect(() => make(relu, { ...relu, from: 0 })).toThrow('it reads what a step has read that is no branch');
    expect(() => make({ op: 'add', with: 0 })).toThrow('it reads what a step has read that is no branch');
    expect(() => make(branch)).toThrow('nothing reads the input but branches');
    expect(() => make(branch, { op: 'globalAvgPool2d' }, { op: 'add', with: 0 })).toThrow(
      'lanes: step 2: its sides differ in size',
    );
    expect(() => new LayerStep('one', [2, 3, 4], { op: 'add', with: 0 })).toThrow('no branch');
    expect(make(branch, { op: 'add', with: 0 })).toBeDefined();
  });
});
