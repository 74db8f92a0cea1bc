/** Engines go down the gradient of whatever loss they are given. */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import type { EngineOptions, ImageSet } from '../../../lib/engines/engine.js';
import { gatherImages } from '../../../lib/kernels/training.js';
import { BCEWithLogitsLoss } from '../../../lib/losses/bce-with-logits.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import type { Loss, LossTargets } from '../../../lib/losses/loss.js';
import { MSELoss } from '../../../lib/losses/mse.js';
import { sizeOf, Tensor } from '../../../lib/tensor.js';
import { computeAccuracyInSlices } from '../../../lib/training/evaluate.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor, randomImages } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

const normalization = { scale: 1 / 128, shift: -1 };
const train = randomImages(20, [...tinyInput], 3, 1);
const indices = Uint32Array.of(3, 19, 3, 7);

/** Half the squared errors: the gradient is the error. */
class HalfSquares implements Loss {
  readonly kind = 'halfSquares';
  readonly targets = 'values';
  readonly reduction: 'mean' | 'sum' = 'mean';
  readonly correct = 0;
  readonly seen: number[][] = [];
  forward(): number {
    return 0;
  }
  backward(): Tensor {
    return new Tensor([0]);
  }
  terms(rows: number, outputs: number): number {
    return rows * outputs;
  }
  measure(
    { data }: Tensor,
    targets: LossTargets,
    { gradScale, grad }: { gradScale: number; grad: Tensor | null },
  ) {
    const values = targets as Float32Array;
    this.seen.push([...values]);
    const errors = data.map((score, at) => score - values[at]);
    grad?.data.set(errors.map((error) => gradScale * error));
    return { loss: errors.reduce((sum, error) => sum + error ** 2 / 2, 0), correct: 0 };
  }
}

/** What a training step of rows leaves in the net, and by hand. */
function gradients(set: ImageSet, values: (index: number, output: number) => number) {
  const net = tinyNet();
  const loss = new HalfSquares();
  const engine = createEngine('auto', net, { normalization, train: set, loss });
  expect(engine.name).toBe('rows');
  const result = engine.trainStep(indices);
  const actual = net.gradArena.slice();
  const size = sizeOf(tinyInput);
  const pixels = Float32Array.from(
    [...indices].flatMap((i) => [...set.images.subarray(i * size, (i + 1) * size)]),
  );
  const x = pixels.map((pixel) => Math.fround(pixel * normalization.scale + normalization.shift));
  const scores = net.forward(new Tensor([4, ...tinyInput], x));
  const errors = scores.data.map((score, at) => score - values(indices[Math.floor(at / 3)], at % 3));
  net.backward(
    new Tensor(
      scores.shape,
      errors.map((error) => error / 12),
    ),
  );
  expect(Math.abs(result.loss - errors.reduce((sum, error) => sum + error ** 2 / 2, 0))).toBeLessThan(1e-4);
  return { actual, wanted: net.gradArena, engine, loss };
}

describe('a loss of values', () => {
  it('is compared with those of the set', () => {
    const values = normalTensor([20, 3], 2).data;
    const { actual, wanted, engine, loss } = gradients({ ...train, values }, (i, o) => values[3 * i + o]);
    expect(Math.max(...actual.map((value, at) => Math.abs(value - wanted[at])))).toBeLessThan(1e-5);
    engine.evaluate({ ...train, values }, 20);
    expect(loss.seen.at(-1)).toEqual([...values]);
  });

  it('is compared with 1 for the label and 0 for the others where the set has none', () => {
    const { actual, wanted } = gradients(train, (i, o) => Number(train.labels[i] === o));
    expect(Math.max(...actual.map((value, at) => Math.abs(value - wanted[at])))).toBeLessThan(1e-5);
  });
});

describe.each(['rows', 'lanes'] as const)('%s', (name) => {
  it('takes cross entropy as it takes its reduction', () => {
    const run = (options: Partial<EngineOptions>) => {
      const net = tinyNet();
      const result = createEngine(name, net, { normalization, train, ...options }).trainStep(indices);
      return [result, net.gradArena];
    };
    for (const reduction of ['mean', 'sum'] as const) {
      expect(run({ loss: new CrossEntropyLoss({ reduction }) })).toEqual(run({ reduction }));
    }
  });

  const make = (options: object) => createEngine(name, tinyNet(), { normalization, ...options });
  const loss = new CrossEntropyLoss({ reduction: 'sum' });
  itRefuses(TYPE, {
    '...expected loss to be one such as ... received string...': () => make({ loss: wrong('sum') }),
    '...expected loss to be one such as ... received Object...': () =>
      make({ loss: wrong({ measure: () => 0, reduction: 'mean' }) }),
  });
  itRefuses(RANGE, {
    "...expected loss.targets to be 'labels' or 'values' but received \"pixels\"...": () =>
      make({ loss: Object.assign(new HalfSquares(), { targets: 'pixels' }) }),
    '...reduction of the loss, "sum", but...': () => make({ loss, reduction: 'mean' }),
  });
  itRefuses(SHAPE, {
    '...expected 60 values (3 an image) but received 59...': () =>
      make({ loss: new MSELoss(), train: { ...train, values: new Float32Array(59) } }),
  });
});

it('a class of its own runs on rows, whatever its kind', () => {
  class Doubled extends CrossEntropyLoss {
    override measure(...[scores, labels, { gradScale, grad }]: Parameters<CrossEntropyLoss['measure']>) {
      const { loss, correct } = super.measure(scores, labels, { gradScale: 2 * gradScale, grad });
      return { loss: 2 * loss, correct };
    }
  }
  const [doubled, once] = [new Doubled(), new CrossEntropyLoss()].map((loss) => {
    const engine = createEngine('auto', tinyNet(), { normalization, train, loss });
    return { name: engine.name, loss: engine.trainStep(indices).loss };
  });
  expect([doubled.name, once.name]).toEqual(['rows', 'lanes']);
  expect(doubled.loss / once.loss).toBeCloseTo(2, 5);
});

it('lanes says that it does not know a loss', () => {
  expect(() => createEngine('lanes', tinyNet(), { normalization, loss: new HalfSquares() })).toThrow(
    `engine: the lanes engine cannot run this net: the class of the loss "halfSquares" is not known to it. Use engine 'auto' or 'rows'`,
  );
});

describe.each(['rows', 'lanes'] as const)('what %s counts as correct', (name) => {
  const values = normalTensor([20, 3], 4).data;
  const all = Uint32Array.from({ length: 20 }, (_, i) => i);
  const count = (loss: Loss, set: ImageSet) => {
    const engine = createEngine(name, tinyNet(), { normalization, loss, train: set });
    const { correct, predictions, confusion } = engine.evaluate(set);
    expect(engine.trainStep(all).correct).toBe(correct);
    return { correct, predictions, confusion };
  };
  const right = (predictions: Int32Array) =>
    predictions.filter((one, index) => one === train.labels[index]).length;
  const { labels, ...unlabelled } = train;

  it.each([new MSELoss(), new BCEWithLogitsLoss()])('$kind: labels, beside values too', (loss) => {
    for (const set of [train, { ...train, values }]) {
      const { correct, predictions, confusion } = count(loss, set);
      expect(correct).toBe(right(predictions));
      expect(correct).toBeGreaterThan(0);
      expect(confusion).toHaveLength(3);
    }
  });

  it('mse: nothing of values', () => {
    for (const set of [
      { ...unlabelled, values },
      { ...train, values, labels: labels.map((label) => label + 1) },
    ]) {
      const { correct, confusion } = count(new MSELoss(), set);
      expect(correct).toBeUndefined();
      expect(confusion).toEqual([]);
    }
  });

  it('bceWithLogits: rows whose every score is on the side of its value', () => {
    const scores = createEngine(name, tinyNet(), { normalization }).predict(
      gatherImages(train.images, train.shape, all, normalization),
    ).data;
    const agreeing = scores.map((score) => Number(score > 0));
    // One value of every third row is on the other side.
    for (let row = 0; row < 20; row += 3) agreeing[3 * row + (row % 3)] = 1 - agreeing[3 * row + (row % 3)];
    const { correct } = count(new BCEWithLogitsLoss(), { ...unlabelled, values: agreeing });
    expect(correct).toBe(13);
  });
});

it('slices of a set count as the whole set', async () => {
  // The labels of the first slice alone could be outputs.
  const labels = Uint8Array.from({ length: 20 }, (_, index) => (index < 10 ? 0 : 3));
  const set = { ...train, labels, values: normalTensor([20, 3], 5).data };
  const engine = createEngine('auto', tinyNet(), { normalization, loss: new MSELoss() });
  const { accuracy, confusion } = await computeAccuracyInSlices({ engine, outputs: 3 }, set, 10);
  expect([accuracy, confusion]).toEqual([undefined, []]);
});
