/** A time beside the article's: in words, and only for as much work. */
import { expect, it } from 'vitest';
import { besideArticle, timesAsFast } from '../../../lib/plots/article.js';

it.each([
  [0.6264, '265'],
  [0.1, '1,660'],
  [16.6, '10'],
  [40, '4.2'],
  [166, '1'],
  [400, '0.41'],
])('%d s an epoch of MNIST is %s times as fast', (seconds, times) => {
  expect(timesAsFast(seconds, 60_000)).toBe(times);
  expect(besideArticle(seconds, 60_000)).toBe(`, ${times} times as fast as the article`);
});

it.each([59_903, 0, Number.NaN])('%d images are not as much work', (images) => {
  expect(timesAsFast(1, images)).toBeUndefined();
  expect(besideArticle(1, images)).toBe('');
});
