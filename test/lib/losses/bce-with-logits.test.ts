import { describe, expect, it } from 'vitest';
import { BCEWithLogitsLoss } from '../../../lib/losses/bce-with-logits.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { Tensor } from '../../../lib/tensor.js';
import { recipes, resolveRecipe } from '../../../lib/training/recipes.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';

describe('BCEWithLogitsLoss', () => {
  it('counts rows whose scores all have the sign that their values ask for', () => {
    const loss = new BCEWithLogitsLoss();
    loss.forward(Tensor.from([1, -1, 1, 1, 0, -2], [3, 2]), Float32Array.of(1, 0, 1, 0.5, 0.4, 0));
    expect(loss.correct).toBe(2);
  });

  it('passes NaN on, so that divergence is seen', () => {
    expect(new BCEWithLogitsLoss().forward(Tensor.from([Number.NaN], [1, 1]), Float32Array.of(0))).toBeNaN();
  });

  itRefuses(SHAPE, {
    'bceWithLogitsLoss: expected 6 targets (one a score) but received 5': () =>
      new BCEWithLogitsLoss().forward(new Tensor([2, 3]), new Float32Array(5)),
  });
  itRefuses(TYPE, {
    'bceWithLogitsLoss: expected targets to be a Tensor or a Float32Array but received Array': () =>
      new BCEWithLogitsLoss().forward(new Tensor([1, 2]), wrong([0, 1])),
  });
});

describe('label smoothing', () => {
  const smooth = { ...recipes.fast, labelSmoothing: 0.1 };
  it('is of a recipe', () => {
    expect(resolveRecipe(smooth).labelSmoothing).toBe(0.1);
  });
  itRefuses(RANGE, {
    'crossEntropyLoss: expected labelSmoothing from 0 to 1 but received 1.5': () =>
      new CrossEntropyLoss({ labelSmoothing: 1.5 }),
    'recipe: labelSmoothing: expected a share from 0 to 1 but received -0.1': () =>
      resolveRecipe({ ...smooth, labelSmoothing: -0.1 }),
    'recipe: labelSmoothing: expected none for criterion "mse" but received 0.1': () =>
      resolveRecipe({ ...smooth, criterion: 'mse' }),
  });
});
