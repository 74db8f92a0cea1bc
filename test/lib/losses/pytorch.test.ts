/** Losses against PyTorch's; test/fixtures/pytorch/losses.py says how they are made. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BCEWithLogitsLoss } from '../../../lib/losses/bce-with-logits.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
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

it('has every case', () => {
  expect(fixture.cases).toHaveLength(10);
});
