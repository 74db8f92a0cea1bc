/** Losses against PyTorch's; test/fixtures/pytorch/losses.py says how they are made. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { BCEWithLogitsLoss } from '../../../lib/losses/bce-with-logits.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { Net } from '../../../lib/nets/net.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';

interface Case {
  readonly kind: 'bceWithLogits' | 'crossEntropy';
  readonly reduction: 'mean' | 'sum';
  readonly labelSmoothing?: number;
  readonly value: number;
  readonly gradient: number[];
}
const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/losses.json', import.meta.url), 'utf8'),
) as { shape: number[]; scores: number[]; values: number[]; labels: number[]; cases: Case[] };

it.each(fixture.cases)('$kind, $reduction, smoothing $labelSmoothing', (one) => {
  const { kind, reduction, labelSmoothing = 0, value, gradient } = one;
  const scores = Tensor.from(fixture.scores, fixture.shape);
  const isBinary = kind === 'bceWithLogits';
  const loss = isBinary
    ? new BCEWithLogitsLoss({ reduction })
    : new CrossEntropyLoss({ reduction, labelSmoothing });
  const forward = () =>
    loss instanceof CrossEntropyLoss
      ? loss.forward(scores, fixture.labels)
      : loss.forward(scores, Float32Array.from(fixture.values));
  expectClose([forward()], [value], 1e-6 * value, 'value');
  const largest = Math.max(...gradient.map(Math.abs));
  expectClose(loss.backward().data, gradient, 1e-5 * largest, 'gradient');
});

describe.each(['rows', 'lanes'] as const)('on the engine %s', (engine) => {
  it.each(fixture.cases)('$kind, $reduction, smoothing $labelSmoothing', (one) => {
    const { kind, reduction, labelSmoothing = 0, value, gradient } = one;
    const [rows, outputs] = fixture.shape;
    // Images with a single 1: the weights are the scores, and their gradients those of the scores.
    const net = new Net(new Sequential({ fc: new Linear({ inFeatures: rows, outFeatures: outputs }) }), {
      inputShape: [rows],
      init: 'zeros',
    });
    const [weight] = net.parameters();
    const transposed = (list: ArrayLike<number>) =>
      Array.from({ length: rows * outputs }, (_, at) => list[(at % rows) * outputs + Math.floor(at / rows)]);
    weight.value.data.set(transposed(fixture.scores));
    const images = new Float32Array(rows * rows);
    for (let row = 0; row < rows; row += 1) images[row * rows + row] = 1;
    const targets = { labels: Uint8Array.from(fixture.labels), values: Float32Array.from(fixture.values) };
    const train = { images, count: rows, shape: [rows], ...targets };
    const isBinary = kind === 'bceWithLogits';
    const loss = isBinary
      ? new BCEWithLogitsLoss({ reduction })
      : new CrossEntropyLoss({ reduction, labelSmoothing });
    const made = createEngine(engine, net, { normalization: { scale: 1, shift: 0 }, train, loss });
    const terms = reduction === 'mean' ? loss.terms(rows, outputs) : 1;
    const result = made.trainStep(Uint32Array.from({ length: rows }, (_, row) => row));
    expectClose([result.loss / terms], [value], 1e-5 * value, 'value');
    const largest = Math.max(...gradient.map(Math.abs));
    expectClose(weight.grad.data, transposed(gradient), 1e-5 * largest, 'gradient');
  });
});

it('has every case', () => {
  expect(fixture.cases).toHaveLength(10);
});
