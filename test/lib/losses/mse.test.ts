import { describe, expect, it } from 'vitest';
import { MSELoss } from '../../../lib/losses/mse.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { finiteDifferences } from '../../support/finite-differences.js';
import { itRefuses, SHAPE, STATE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';

/** In double precision. */
const squares = (scores: ArrayLike<number>, values: ArrayLike<number>) =>
  Array.from(scores).reduce((sum, score, index) => sum + (score - values[index]) ** 2, 0);

describe.each(['mean', 'sum'] as const)('MSELoss, %s', (reduction) => {
  it.each([
    [1, 1],
    [6, 10],
    [33, 3],
  ])('%d rows of %d outputs: loss and gradient as plain loops', (rows, outputs) => {
    const [scores, values] = [normalTensor([rows, outputs], 1), normalTensor([rows, outputs], 2)];
    const criterion = new MSELoss({ reduction });
    const divisor = reduction === 'mean' ? rows * outputs : 1;
    const loss = criterion.forward(scores, values);
    expectClose([loss], [squares(scores.data, values.data) / divisor], 1e-6 * loss, 'loss');
    const wanted = Array.from(scores.data, (score, index) => (2 * (score - values.data[index])) / divisor);
    expectClose(criterion.backward().data, wanted, 2e-6 / divisor, 'gradient');
    const x = Float64Array.from(scores.data);
    const run = () => Float64Array.of(squares(x, values.data) / divisor);
    expectClose(criterion.backward().data, finiteDifferences(x, [1], run), 1e-6, 'finite differences');
    expect(criterion.correct).toBe(0);
    expect(criterion.forward(scores, values.data)).toBe(loss);
  });
});

describe('MSELoss', () => {
  it('of small integers is exact, and measures the sum whatever the reduction', () => {
    const scores = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]);
    const values = Float32Array.of(0, 2, 5, 4, 4, 3);
    expect(new MSELoss().forward(scores, values)).toBe(15 / 6);
    const grad = new Tensor([2, 3]);
    for (const reduction of ['mean', 'sum'] as const) {
      const measured = new MSELoss({ reduction }).measure(scores, values, { gradScale: 0.5, grad });
      expect(measured).toEqual({ loss: 15, correct: 0 });
      expectSame(grad.data, Float32Array.of(1, 0, -2, 0, 1, 3), 'gradient');
    }
    expect(new MSELoss().measure(scores, values, { gradScale: 1, grad: null }).loss).toBe(15);
  });

  it('passes NaN on, so that divergence is seen', () => {
    expect(new MSELoss().forward(Tensor.from([Number.NaN], [1, 1]), Float32Array.of(0))).toBeNaN();
  });

  const criterion = new MSELoss();
  const scores = new Tensor([2, 3]);
  itRefuses(STATE, {
    'mseLoss: expected a forward before backward but there was none. Call forward(scores, targets) first':
      () => new MSELoss().backward(),
  });
  itRefuses(SHAPE, {
    'mseLoss: expected scores [N, classes], N and classes at least 1, but received 3': () =>
      criterion.forward(new Tensor([3]), new Float32Array(3)),
    'mseLoss: expected 6 targets (one a score) but received 5': () =>
      criterion.forward(scores, new Float32Array(5)),
    'mseLoss: expected targets 2x3 (the shape of the scores) but received 3x2': () =>
      criterion.forward(scores, new Tensor([3, 2])),
    'mseLoss: expected grad 2x3 (the shape of the scores) but received 6': () =>
      criterion.measure(scores, scores, { gradScale: 1, grad: new Tensor([6]) }),
  });
  itRefuses(TYPE, {
    'mseLoss: expected targets to be a Tensor or a Float32Array but received Array': () =>
      criterion.forward(scores, wrong([0, 1])),
    '...mseLoss: expected an options...': () => criterion.measure(scores, scores, wrong(undefined)),
  });
});
