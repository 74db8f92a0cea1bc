/** What a training says of its times. */
import { describe, expect, it } from 'vitest';
import { describeEnd, describeEpoch } from '../../../../lib/cli/commands/train/report.js';

const metrics = {
  epoch: 2,
  seconds: 0.6264,
  loss: 0.1121,
  trainAccuracy: 0.969,
  testLoss: 0.05,
  testAccuracy: 0.9841,
  lr: 0.1,
  imagesPerSecond: 95_785,
};
const done = {
  checkpoint: 'run/checkpoint.safetensors',
  epochs: 3,
  testImages: 10_000,
  testLoss: 0.025,
  testAccuracy: 0.9921,
  secondsPerEpoch: 0.6264,
  warning: null,
};

it('sentences are wrapped at words, the run folder is not', () => {
  const lines = describeEnd(done, 'runs/of a long name', 60_000, { seconds: 65.2, held: 0 }, 39);
  expect(lines).toEqual([
    '99.21 % of the 10,000 test images are',
    'recognised',
    '0.63 s an epoch in the median, 265',
    'times as fast as the article; 1 min 05',
    's in all',
    'Run folder: runs/of a long name',
  ]);
});

describe('an epoch', () => {
  it('of MNIST stands beside the article, in words', () => {
    expect(describeEpoch(metrics, 3, 60_000)).toBe(
      'epoch 2/3  loss 0.1121  train 96.90 %  test 98.41 %  0.63 s, 265 times as fast as the article',
    );
  });

  it('of fewer images does not', () => {
    expect(describeEpoch(metrics, 3, 10_000)).toMatch(/ 0\.63 s$/);
  });
});

describe('the end', () => {
  const time = (held: number, images = 60_000) =>
    describeEnd(done, 'run', images, { seconds: 65.2, held })[1];

  it('has the median and the whole time', () => {
    expect(time(0)).toBe(
      '0.63 s an epoch in the median, 265 times as fast as the article; 1 min 05 s in all',
    );
    expect(time(0, 1000)).toBe('0.63 s an epoch in the median; 1 min 05 s in all');
  });

  it('says how much of it a live page held the training', () => {
    expect(time(0.9, 1000)).toBe('0.63 s an epoch in the median; 1 min 05 s in all');
    expect(time(62, 1000)).toBe(
      '0.63 s an epoch in the median; 1 min 05 s in all, 1 min 02 s of it held by the live page',
    );
  });
});
