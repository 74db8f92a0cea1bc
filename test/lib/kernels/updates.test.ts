import { describe, expect, it } from 'vitest';
import { applyUpdate, type ParameterUpdate, sgdUpdate } from '../../../lib/kernels/updates.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';
import { itRefuses, RANGE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';

describe('sgdUpdate', () => {
  const size = 37;
  const grad = normalTensor([size], 2);

  /** The rule in double precision. */
  function expected(
    param: Float32Array,
    velocity: Float32Array | null,
    options: { lr: number; momentum: number; nesterov: boolean; weightDecay: number; gradScale: number },
  ) {
    const { lr, momentum, nesterov, weightDecay, gradScale } = options;
    const g = Float64Array.from(param, (value, index) => gradScale * grad.data[index] + weightDecay * value);
    const v = velocity === null ? g : g.map((value, index) => momentum * velocity[index] + value);
    const step = nesterov ? g.map((value, index) => value + momentum * v[index]) : v;
    return { v, param: Float64Array.from(param, (value, index) => value - lr * step[index]) };
  }

  it.each([
    [{ lr: 0.1, momentum: 0, nesterov: false, weightDecay: 0, gradScale: 1 }, false],
    [{ lr: 0.1, momentum: 0, nesterov: false, weightDecay: 0.3, gradScale: 0.25 }, false],
    [{ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0.3, gradScale: 0.25 }, true],
    [{ lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.3, gradScale: 0.25 }, true],
    [{ lr: 0, momentum: 0.5, nesterov: true, weightDecay: 0, gradScale: 1 }, true],
  ])('%j', (options, hasVelocity) => {
    const param = normalTensor([size], 3);
    const velocity = hasVelocity ? normalTensor([size], 4) : null;
    const wanted = expected(param.data, velocity?.data ?? null, options);
    sgdUpdate(param, grad, { ...options, velocity });
    expectClose(param.data, wanted.param, 1e-6, 'param');
    if (velocity !== null) expectClose(velocity.data, wanted.v, 1e-6, 'velocity');
  });

  it('keeps a step whose numbers are exact', () => {
    const param = Tensor.from([4, -2], [2]);
    sgdUpdate(param, Tensor.from([1, 8], [2]), { lr: 0.5, weightDecay: 0.5 });
    expect([...param.data]).toEqual([2.5, -5.5]);
  });
});

describe('applyUpdate', () => {
  const sgd = { rule: 'sgd', state: [null], numbers: [0.5, 0, 0] };
  const update = (segments: readonly number[], size = 10) =>
    applyUpdate({
      ...sgd,
      params: new Float32Array(10),
      grads: new Float32Array(size).fill(1),
      segments: Float64Array.from(segments),
    });

  it('updates what the segments name, and nothing else', () => {
    const params = new Float32Array(10).fill(1);
    const grads = Float32Array.from({ length: 10 }, (_, i) => i);
    const segments = Float64Array.of(1, 2, 0, 1, 1, 5, 3, 0.5, 2, 0.25);
    applyUpdate({ ...sgd, params, grads, segments });
    const moved = (i: number, decay: number, scale: number, rate: number) =>
      1 - rate * 0.5 * (scale * i + decay);
    expect([...params]).toEqual(
      [1, moved(1, 0, 1, 1), moved(2, 0, 1, 1), 1, 1].concat(
        [5, 6, 7].map((i) => moved(i, 0.5, 2, 0.25)),
        [1, 1],
      ),
    );
  });

  it.each([
    ['reach past the end', [8, 3, 0, 1, 1]],
    ['overlap', [0, 4, 0, 1, 1, 3, 2, 0, 1, 1]],
    ['run backwards', [4, 2, 0, 1, 1, 0, 2, 0, 1, 1]],
    ['are no integers', [0.5, 1, 0, 1, 1]],
    ['are NaN', [Number.NaN, 1, 0, 1, 1]],
    ['are negative', [-1, 1, 0, 1, 1]],
  ])('refuses segments that %s', (_, segments) => {
    expect(() => update(segments)).toThrow('expected segments inside params, in order, without overlap');
  });

  it('refuses a segment that is cut', () => {
    expect(() => update([0, 4, 0, 1])).toThrow('updateSegments: expected segments of five numbers each');
  });

  it('refuses gradients that are fewer than the parameters', () => {
    expect(() => update([0, 1, 0, 1, 1], 9)).toThrow(
      /expected grads to hold at least 10 elements but received 9/,
    );
  });

  const fits = (): ParameterUpdate => {
    const [params, grads] = [new Float32Array(4), new Float32Array(4)];
    return { ...sgd, params, grads, segments: Float64Array.of(0, 4, 0, 1, 1) };
  };
  itRefuses(RANGE, {
    '...updateSegments: expected a rule of tables().updates but received Adam...': () =>
      applyUpdate({ ...fits(), rule: 'Adam' }),
    'update: expected momentum to be a number, finite in single precision, but received NaN': () =>
      applyUpdate({ ...fits(), numbers: [1, Number.NaN, 0] }),
    '...expected secondMoment to share no memory...': () => {
      const both = new Float32Array(4);
      applyUpdate({ ...fits(), rule: 'adam', state: [both, both], numbers: [1, 0, 0, 1, 1, 1] });
    },
    '...expected velocity to hold at least 4 elements but received 3...': () =>
      applyUpdate({ ...fits(), state: [new Float32Array(3)] }),
  });
  itRefuses(TYPE, {
    '...expected rule to be a string...': () => applyUpdate({ ...fits(), rule: wrong(1) }),
    '...expected state to be a list of 1...': () => applyUpdate({ ...fits(), state: [] }),
    'updateSegments: expected numbers to be a list of 3': () => applyUpdate({ ...fits(), numbers: [1, 0] }),
    '...expected firstMoment to be a Float32Array...': () =>
      applyUpdate({
        ...fits(),
        rule: 'adam',
        state: [null, new Float32Array(4)],
        numbers: [1, 0, 0, 1, 1, 1],
      }),
  });

  it('takes a step of Adam', () => {
    const [params, first, second] = [1, 0, 0].map((value) => new Float32Array(4).fill(value));
    const grads = Float32Array.of(1, -2, 0, 100);
    applyUpdate({
      ...fits(),
      ...{ rule: 'adam', params, grads, state: [first, second], numbers: [0.5, 0.5, 0.75, 0, 2, 4] },
    });
    // The first step is the learning rate against the gradient's sign; 0 / 0 without eps.
    expect([...params]).toEqual([0.5, 1.5, Number.NaN, 0.5]);
    expect([...first, ...second]).toEqual([0.5, -1, 0, 50, 0.25, 1, 0, 2500]);
  });
});
