import { describe, expect, it } from 'vitest';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { finiteDifferences } from '../../support/finite-differences.js';
import { itRefuses, RANGE, SHAPE, STATE, TYPE, wrong } from '../../support/misuse.js';
import * as oracle from '../../support/oracle.js';
import { normalTensor } from '../../support/random-data.js';

describe.each(['mean', 'sum'] as const)('CrossEntropyLoss, %s', (reduction) => {
  it.each([
    [1, 10],
    [6, 10],
    [128, 10],
    [5, 3],
  ])('%d rows of %d classes: loss, gradient and correct predictions as the oracle', (n, classes) => {
    const scores = normalTensor([n, classes], 1);
    const labels = Array.from({ length: n }, (_, row) => (row * 3) % classes);
    const criterion = new CrossEntropyLoss({ reduction });
    const divisor = reduction === 'mean' ? n : 1;
    const expected = oracle.softmaxCrossEntropy(scores.data, labels);
    const loss = criterion.forward(scores, labels);
    expectClose([loss], [expected.loss / divisor], 1e-6 * (n / divisor) * 2, 'loss');
    expect(criterion.correct).toBe(expected.correct);
    const grad = criterion.backward();
    expect(grad.shape).toEqual([n, classes]);
    const wanted = expected.dlogits.map((value) => value / divisor);
    expectClose(grad.data, wanted, 1e-6 / divisor, 'gradient', grad.shape);
  });

  it('gradient as finite differences of the oracle', () => {
    const scores = normalTensor([4, 5], 2);
    const labels = [4, 0, 2, 2];
    const divisor = reduction === 'mean' ? 4 : 1;
    const x = Float64Array.from(scores.data);
    const run = () => Float64Array.of(oracle.softmaxCrossEntropy(x, labels).loss / divisor);
    const criterion = new CrossEntropyLoss({ reduction });
    criterion.forward(scores, labels);
    expectClose(criterion.backward().data, finiteDifferences(x, [1], run), 1e-6, 'gradient');
  });
});

describe('CrossEntropyLoss', () => {
  it('reduces by the mean unless told otherwise', () => {
    const criterion = new CrossEntropyLoss();
    expect(criterion.reduction).toBe('mean');
    expect(criterion.forward(new Tensor([4, 2]), [0, 1, 0, 1])).toBeCloseTo(Math.log(2), 6);
    expect(criterion.correct).toBe(2);
  });

  it.each([
    ['an array', [1, 0]],
    ['a Uint8Array', Uint8Array.of(1, 0)],
    ['an Int32Array', Int32Array.of(1, 0)],
    ['a Float32Array', Float32Array.of(1, 0)],
  ])('takes labels in %s', (_, labels) => {
    const scores = Tensor.from([0, 5, 5, 0], [2, 2]);
    const criterion = new CrossEntropyLoss();
    criterion.forward(scores, labels);
    expect(criterion.correct).toBe(2);
  });

  it('uses its memory again, also for smaller batches', () => {
    const criterion = new CrossEntropyLoss();
    const x = normalTensor([6, 4], 3);
    criterion.forward(x, [0, 1, 2, 3, 0, 1]);
    const grad = criterion.backward();
    const kept = grad.data.slice();
    criterion.forward(normalTensor([2, 4], 4), [0, 1]);
    expect(criterion.backward().data.buffer).toBe(grad.data.buffer);
    criterion.forward(x, [0, 1, 2, 3, 0, 1]);
    expectSame(criterion.backward().data, kept, 'again');
  });

  it('passes NaN on, so that divergence is seen', () => {
    expect(new CrossEntropyLoss().forward(Tensor.from([Number.NaN, 0], [1, 2]), [0])).toBeNaN();
  });

  const criterion = new CrossEntropyLoss();
  const scores = new Tensor([2, 3]);
  itRefuses(RANGE, {
    "crossEntropyLoss: expected reduction 'mean' or 'sum' but received \"none\"": () =>
      new CrossEntropyLoss({ reduction: wrong('none') }),
    'crossEntropyLoss: expected labels to be integers from 0 to 2 but label 1 is 3': () =>
      criterion.forward(scores, [0, 3]),
    'crossEntropyLoss: expected labels to be integers from 0 to 2 but label 0 is -1': () =>
      criterion.forward(scores, [-1, 0]),
    'crossEntropyLoss: expected labels to be integers from 0 to 2 but label 0 is 0.5': () =>
      criterion.forward(scores, [0.5, 0]),
    'crossEntropyLoss: expected labels to be integers from 0 to 2 but label 0 is "1"': () =>
      criterion.forward(scores, wrong(['1', 0])),
    'crossEntropyLoss: expected labels to be integers from 0 to 2 but label 0 is undefined': () =>
      criterion.forward(scores, wrong({ length: 2 })),
  });
  itRefuses(TYPE, {
    "crossEntropyLoss: expected an options object such as { reduction: 'sum' } but received string": () =>
      new CrossEntropyLoss(wrong('sum')),
    '...crossEntropyLoss: expected scores to be a Tensor but received Array...': () =>
      criterion.forward(wrong([1]), [0]),
    'crossEntropyLoss: expected labels to be an array of integers but received undefined': () =>
      criterion.forward(scores, wrong(undefined)),
    'crossEntropyLoss: expected labels to be an array of integers but received Object': () =>
      criterion.forward(scores, wrong({})),
  });
  itRefuses(STATE, {
    'crossEntropyLoss: expected a forward before backward but there was none. Call forward(scores, labels) first':
      () => new CrossEntropyLoss().backward(),
  });
  itRefuses(SHAPE, {
    'crossEntropyLoss: expected scores [N, classes], N and classes at least 1, but received 3': () =>
      criterion.forward(new Tensor([3]), [0, 1, 2]),
    'crossEntropyLoss: expected scores [N, classes], N and classes at least 1, but received 0x3': () =>
      criterion.forward(new Tensor([0, 3]), []),
    'crossEntropyLoss: expected 2 labels (one a row) but received 1': () => criterion.forward(scores, [1]),
  });
});
