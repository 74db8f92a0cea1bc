/** What a benchmark trains on, and how. */
import { type PictureSet, loadDataset } from '../../../data/datasets.js';
import { mnistNormalization } from '../../../data/normalize.js';
import { Random } from '../../../random.js';
import { recipes, type RunRecipe } from '../../../training/recipes.js';

/**
 * The default recipe, in the article's batches, which every published figure is about. Any rate and normalization take
 * as long; with these the loss falls on any data.
 */
export const benchRecipe: RunRecipe = {
  ...recipes.fast,
  batchSize: 128,
  normalization: mnistNormalization,
  optimizer: { ...recipes.fast.optimizer, lr: 0.02 },
};

/** Grey, as the article's net takes pictures. @param name a data set or folder; null: random images, as many and as large as MNIST's. */
export function benchDataset(name: string | null): PictureSet {
  return name === null ? syntheticDataset(60_000) : loadDataset(name, { resize: 'pad', colour: false }).train;
}

/** Dark images of noise with a bright square whose place is the class: something that a net can learn. */
function syntheticDataset(count: number): PictureSet {
  const size = 32;
  const classes = 10;
  const random = new Random(1);
  const images = new Uint8Array(count * size * size);
  const words = new Uint32Array(images.buffer);
  for (let i = 0; i < words.length; i += 1) words[i] = random.uint32() & 0x3f3f3f3f;
  const labels = new Uint8Array(count);
  for (let image = 0; image < count; image += 1) {
    const label = random.integer(classes);
    labels[image] = label;
    const top = 6 + 11 * Math.floor(label / 5);
    const left = 3 + 5 * (label % 5);
    for (let y = top; y < top + 7; y += 1) {
      const row = (image * size + y) * size;
      images.fill(255, row + left, row + left + 6);
    }
  }
  return { name: 'synthetic', images, labels, count, shape: [1, size, size], classes };
}
