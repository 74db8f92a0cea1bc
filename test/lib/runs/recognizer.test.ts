/** Which nets get digits, and which get pictures as they are. */
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newRunConfig } from '../../../lib/cli/commands/train/config.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { softmax } from '../../../lib/losses/softmax.js';
import { Net } from '../../../lib/nets/net.js';
import { parseRunConfig } from '../../../lib/runs/config.js';
import { OpenedRun } from '../../../lib/runs/open-run.js';
import { inputPreparation, Recognizer } from '../../../lib/runs/recognizer.js';
import { jsonLines, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { tinyNet } from '../../support/tiny-net.js';
import { greyPng } from '../images/image-files.js';

function prepared(name: string | undefined, more: { background?: number; set?: string } = {}) {
  const config = newRunConfig({});
  const saved = {
    config: name === undefined ? undefined : { ...config, data: { ...config.data, name, ...more } },
    recipe: { name: 'fast', resize: 'pad', normalization: { scale: 1, shift: 0 } },
    preparation: { resize: 'pad', size: [32, 32] },
  } as Pick<OpenedRun, 'config' | 'recipe' | 'preparation'>;
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

it.each([
  ['/sets/data', 'mnist', 'digit'],
  ['/sets/unpacked', 'emnist-letters', 'digit'],
  ['/sets/mnist', 'fashion-mnist', 'none'],
])('what the data itself is called counts more than %s: %s gets %s', (name, set, prepare) => {
  expect(prepared(name, { set }).prepare).toBe(prepare);
});

const folder = temporaryFolder();

it('a net of files of EMNIST finds digits, whatever their folder is called', async () => {
  writeIdxFolder(folder.join('unpacked'), 64, 16);
  for (const name of readdirSync(folder.join('unpacked'))) {
    renameSync(folder.join('unpacked', name), folder.join('unpacked', `emnist-digits-${name}`));
  }
  const bar = Uint8Array.from({ length: 40 * 40 }, (_, i) => (Math.abs((i % 40) - 20) < 4 ? 20 : 235));
  writeFileSync(folder.join('bar.png'), greyPng(40, 40, bar));
  const trained = await folder.run('train --data unpacked --epochs 1 --out run');
  expect(trained.code, trained.stderr).toBe(0);
  const [found] = jsonLines((await folder.run('predict run bar.png --json')).stdout);
  expect(found).toMatchObject({ inverted: true });
});

it('signs of several strokes get no note on them, digits do', () => {
  expect(['mnist', 'kmnist'].map((name) => prepared(name).severalShapes)).toEqual([false, true]);
});

it('the background is the stored one, or dark', () => {
  expect([
    prepared('/sets/shapes', { background: 231 }).background,
    prepared('/sets/shapes').background,
  ]).toEqual([231, 0]);
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

describe('Recognizer', () => {
  const image = (grey: number) => ({ width: 6, height: 5, grey: new Uint8Array(30).fill(grey) });
  const opened = (net: Net) =>
    new OpenedRun({
      file: 'here',
      net,
      recipe: { name: 'fast', resize: 'pad', normalization: { scale: 1 / 255, shift: 0 } },
      preparation: { resize: 'fit', size: [3, 5] },
      classNames: ['ant', 'bee', 'cat'],
    });

  it('names the class of what the net makes of the prepared picture', () => {
    const net = tinyNet();
    const found = new Recognizer(opened(net), 'none').recognise(image(200));
    expect(found.prepared).toMatchObject({ width: 5, height: 3 });
    const probabilities = softmax(net.predict(found.input).data);
    const label = probabilities.indexOf(Math.max(...probabilities));
    expect(found).toMatchObject({ label, name: ['ant', 'bee', 'cat'][label], probabilities, empty: false });
    expect(found.probability).toBe(probabilities[label]);
  });

  it('says nothing of a sheet on which nothing is drawn', () => {
    const found = new Recognizer(opened(tinyNet()), 'digit').recognise(image(255));
    expect(found).toMatchObject({ label: null, name: null, probability: null, empty: true });
    expect(found.probabilities).toHaveLength(3);
  });

  it('refuses what is no picture, a net of other inputs, and one that has diverged', () => {
    const net = tinyNet();
    const recognizer = new Recognizer(opened(net), 'none');
    expect(() => new Recognizer('runs/first' as never)).toThrow(/openRun gave but .* Recognizer\.open takes/);
    expect(() => recognizer.recognise(Uint8Array.of(1, 2))).toThrow(/^recognise: expected a PNG or JPEG but/);
    expect(() => recognizer.recognise({ ...image(0), width: 7 })).toThrow(
      /^recognise: expected 7x5 grey levels/,
    );
    net.arena.fill(3e38);
    expect(() => recognizer.recognise(image(200))).toThrow(
      /^recognise: expected finite scores but those of here/,
    );
    const other = new Net(new Sequential([new Flatten(), new Linear({ inFeatures: 12, outFeatures: 2 })]), {
      inputShape: [2, 2, 3],
    });
    expect(() => new Recognizer(opened(other))).toThrow(
      /pictures \[1, H, W\] or \[3, H, W\] .* takes 2x2x3 and gives 2$/,
    );
  });
});
