/** The images that a net is most wrong about. */
import { gatherImages, type PerChannel } from '../kernels/training.js';
import { softmax } from '../losses/softmax.js';
import type { Net } from '../nets/net.js';
import type { ImageSet } from './engine.js';

export interface Mistake {
  /** Of the image in its set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Probability that the net gives the wrong class, and the right one; 0 to 1. */
  readonly confidence: number;
  readonly labelProbability: number;
}

export interface MistakesOptions {
  readonly normalization: { readonly scale: PerChannel; readonly shift: PerChannel };
  /** What each image is taken for, as `evaluate` gives it. */
  readonly predictions: Int32Array;
  /** At most as many. */
  readonly count: number;
}

/** More are not looked at: a net that has learnt nothing is wrong about nearly all. */
const mostExamined = 1024;

/** Sorted by loss, the worst first: of all wrong images, or of the first 1,024 of them. None without labels. */
export function worstMistakes(net: Net, set: ImageSet, options: MistakesOptions): Mistake[] {
  const { normalization, predictions, count } = options;
  const { labels } = set;
  if (labels === undefined) return [];
  const wrong: number[] = [];
  for (let index = 0; index < set.count && wrong.length < mostExamined; index += 1) {
    if (predictions[index] !== labels[index]) wrong.push(index);
  }
  if (wrong.length === 0) return [];
  const images = gatherImages(set.images, set.shape, Uint32Array.from(wrong), normalization);
  const scores = net.predict(images);
  const classes = scores.shape[1];
  return wrong
    .map((index, row) => {
      const probabilities = softmax(scores.data.subarray(row * classes, (row + 1) * classes));
      const [label, predicted] = [labels[index], predictions[index]];
      return {
        index,
        label,
        predicted,
        confidence: probabilities[predicted],
        labelProbability: probabilities[label],
      };
    })
    .sort((a, b) => a.labelProbability - b.labelProbability || a.index - b.index)
    .slice(0, count);
}
