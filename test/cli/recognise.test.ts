/** Which nets get digits, and which get pictures as they are. */
import { expect, it } from 'vitest';
import { inputPreparation } from '../../lib/cli/recognise.js';
import { newRunConfig, parseRunConfig } from '../../lib/cli/run-config.js';
import type { SavedNet } from '../../lib/cli/saved-net.js';

function prepared(name: string | undefined, background?: number) {
  const config = newRunConfig({});
  const saved = {
    config:
      name === undefined
        ? undefined
        : { ...config, data: { ...config.data, name, ...(background === undefined ? {} : { background }) } },
    recipe: { name: 'fast', resize: 'pad', normalization: { scale: 1, shift: 0 } },
    preparation: { resize: 'pad', size: [32, 32] },
  } as Pick<SavedNet, 'config' | 'recipe' | 'preparation'>;
  return inputPreparation(saved);
}

it.each([
  [undefined, 'digit'],
  ['mnist', 'digit'],
  ['kmnist', 'digit'],
  ['/sets/emnist-letters', 'digit'],
  ['/sets/mnist.npz', 'digit'],
  ['/sets/mnist_train.csv', 'digit'],
  ['fashion-mnist', 'none'],
  ['/sets/mnistlike', 'none'],
  ['/sets/my-mnist', 'none'],
  ['/sets/shapes', 'none'],
])('a net that was trained on %s gets: %s', (name, prepare) => {
  expect(prepared(name).prepare).toBe(prepare);
});

it('signs of several strokes get no note on them, digits do', () => {
  expect(['mnist', 'kmnist'].map((name) => prepared(name).severalShapes)).toEqual([false, true]);
});

it('the background is the stored one, or dark', () => {
  expect([prepared('/sets/shapes', 231).background, prepared('/sets/shapes').background]).toEqual([231, 0]);
});

it.each([-1, 256, 1.5, '0', null])('a stored background of %j is refused', (background) => {
  const { recipe, data, ...config } = newRunConfig({});
  const whole = {
    ...config,
    recipe: {
      ...recipe,
      batchSize: 8,
      normalization: { scale: 1, shift: 0 },
      optimizer: { ...recipe.optimizer, lr: 0.1 },
    },
  };
  const stored = (level: unknown) =>
    parseRunConfig({ ...whole, data: { ...data, background: level } }, 'x').data.background;
  expect(stored(231)).toBe(231);
  expect(() => stored(background)).toThrow('but config.data.background is missing or of another type');
});
