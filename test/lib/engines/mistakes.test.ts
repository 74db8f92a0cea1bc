import { expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { worstMistakes } from '../../../lib/engines/mistakes.js';
import { tinyNet } from '../../support/tiny-net.js';
import { randomImages } from '../../support/random-data.js';

const normalization = { scale: 1 / 255, shift: -0.5 };
const set = randomImages(200, [1, 3, 5], 3, 8);

it('finds the images with the least probability of their label, the worst first', () => {
  const net = tinyNet({ seed: 3 });
  const { predictions, correct = 0 } = createEngine('rows', net, { normalization }).evaluate(set);
  const all = worstMistakes(net, set, { normalization, predictions, count: 1000 });
  expect(all).toHaveLength(200 - correct);
  expect(all.length).toBeGreaterThan(20);
  for (const { index, label, predicted, confidence, labelProbability } of all) {
    expect(label).toBe(set.labels[index]);
    expect(predicted).toBe(predictions[index]);
    expect(predicted).not.toBe(label);
    expect(confidence).toBeGreaterThanOrEqual(labelProbability);
  }
  const order = all.map(({ labelProbability }) => labelProbability);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(worstMistakes(net, set, { normalization, predictions, count: 3 })).toEqual(all.slice(0, 3));
});

it('finds nothing where all is right', () => {
  const predictions = Int32Array.from(set.labels);
  expect(worstMistakes(tinyNet(), set, { normalization, predictions, count: 5 })).toEqual([]);
});
