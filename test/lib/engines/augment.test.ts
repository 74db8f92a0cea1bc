/** Images that are moved, turned and bent, against plain loops in double; the same bits wherever they are computed. */
import { describe, expect, it } from 'vitest';
import { type Augmentation, augmenterOf } from '../../../lib/engines/augment.js';
import { createEngine } from '../../../lib/engines/create.js';
import { gatherImages, scalingOf } from '../../../lib/kernels/training.js';
import { setThreads } from '../../../lib/kernels.js';
import { MSELoss } from '../../../lib/losses/mse.js';
import { SGD } from '../../../lib/optimizers/sgd.js';
import { Random } from '../../../lib/random.js';
import { sizeOf } from '../../../lib/tensor.js';
import { recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';
import { randomImages } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

const random = new Random(11);
const MASK = (1n << 64n) - 1n;
const GAMMA = 0x9e3779b97f4a7c15n;

function mix(value: bigint): bigint {
  let z = value & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** Number i of an image, from -1 to 1. */
function drawsOf(seed: number, epoch: number, image: number): (i: number) => number {
  let key = 0n;
  for (const part of [seed, epoch, image]) key = mix(mix(key + GAMMA) + BigInt(part));
  return (i) => Number(mix(key + BigInt(i + 1) * GAMMA) >> 11n) / 2 ** 52 - 1;
}

interface Picture {
  readonly pixels: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** In double precision: where each pixel comes from, and what four pixels there say. */
function moved({ pixels, shape }: Picture, a: Augmentation, draw: (i: number) => number): number[] {
  const [channels, height, width] = shape;
  const { shift = 0, rotate = 0, scale = 0, shear = 0, elastic, flip = 0 } = a;
  const radians = Math.PI / 180;
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const angle = rotate * radians * draw(2);
  const tangent = Math.tan(shear * radians * draw(4));
  const size = 1 + scale * draw(3);
  const fields = [0, 1].map((which) => {
    if (elastic === undefined) return undefined;
    const { alpha, sigma } = elastic;
    const reach = Math.ceil(3 * sigma);
    const weights = Array.from({ length: 2 * reach + 1 }, (_, k) =>
      Math.exp(-((k - reach) ** 2) / (2 * sigma ** 2)),
    );
    const total = weights.reduce((x, y) => x + y);
    return (x: number, y: number) => {
      let sum = 0;
      for (let j = Math.max(0, y - reach); j <= Math.min(height - 1, y + reach); j += 1) {
        for (let i = Math.max(0, x - reach); i <= Math.min(width - 1, x + reach); i += 1) {
          const weight = weights[j - y + reach] * weights[i - x + reach];
          sum += weight * draw(6 + which * height * width + j * width + i);
        }
      }
      return (alpha * sum) / total ** 2;
    };
  });
  const at = (c: number, x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : pixels[(c * height + y) * width + x];
  const result: number[] = [];
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const [dx, dy] = [x - cx - shift * draw(0), y - cy - shift * draw(1)];
        // Back: rotation, then shear, then size.
        const [rx, ry] = [
          Math.cos(angle) * dx + Math.sin(angle) * dy,
          Math.cos(angle) * dy - Math.sin(angle) * dx,
        ];
        let fx = cx + (rx - tangent * ry) / size;
        let fy = cy + ry / size;
        if ((draw(5) + 1) / 2 < flip) fx = width - 1 - fx;
        fx += fields[0]?.(x, y) ?? 0;
        fy += fields[1]?.(x, y) ?? 0;
        const [ix, iy] = [Math.floor(fx), Math.floor(fy)];
        const [u, v] = [fx - ix, fy - iy];
        const above = (1 - u) * at(c, ix, iy) + u * at(c, ix + 1, iy);
        const below = (1 - u) * at(c, ix, iy + 1) + u * at(c, ix + 1, iy + 1);
        result.push((1 - v) * above + v * below);
      }
    }
  }
  return result;
}

const augmentations: Record<string, Augmentation> = {
  shift: { shift: 2.5 },
  rotate: { rotate: 180 },
  scale: { scale: 0.6 },
  shear: { shear: 40 },
  elastic: { elastic: { alpha: 8, sigma: 1.3 } },
  flip: { flip: 0.5 },
  all: { shift: 1, rotate: 20, scale: 0.2, shear: 10, elastic: { alpha: 6, sigma: 2 }, flip: 0.5 },
};
const shapes = [
  [1, 9, 9],
  [3, 5, 8],
  [2, 1, 6],
  [1, 1, 1],
];

describe.each(Object.entries(augmentations))('augment: %s', (_, augment) => {
  it.each(shapes)('of %dx%dx%d is what loops in double give', (...shape) => {
    const set = randomImages(6, shape as [number, number, number], 3, 4);
    const indices = Uint32Array.of(5, 0, 3, 0);
    const scale = Array.from({ length: shape[0] }, (__, c) => (1 + c) / 128);
    const shift = Array.from({ length: shape[0] }, (__, c) => c - 0.5);
    const augmenter = augmenterOf('test', augment, shape, scalingOf('test', { scale, shift }, shape));
    const floats = { ...set, images: Float32Array.from(set.images) };
    for (const draw of [
      { seed: 1, epoch: 0 },
      { seed: 2 ** 52 + 1, epoch: 3 },
    ]) {
      const out = augmenter?.gather(set, indices, draw).data.slice() as Float32Array;
      const size = sizeOf(shape);
      const wanted = [...indices].flatMap((image) => {
        const pixels = set.images.subarray(image * size, (image + 1) * size);
        const numbers = moved({ pixels, shape }, augment, drawsOf(draw.seed, draw.epoch, image));
        return numbers.map((x, i) => {
          const c = Math.floor((i * shape[0]) / size);
          return x * scale[c] + shift[c];
        });
      });
      expectClose(out, wanted, 2e-4 * Math.max(...wanted.map(Math.abs)), 'pixels');
      expectSame(augmenter?.gather(floats, indices, draw).data as Float32Array, out, 'floats');
    }
  });
});

it('moves an image otherwise in another epoch and by another seed, and alike wherever it stands in a batch', () => {
  const shape = [1, 9, 9] as const;
  const set = randomImages(6, shape, 3, 4);
  const augmenter = augmenterOf('test', augmentations.all, shape, { scale: 1, shift: 0 });
  const take = (indices: number[], seed: number, epoch: number) =>
    augmenter?.gather(set, Uint32Array.from(indices), { seed, epoch }).data.slice() as Float32Array;
  const one = take([4], 1, 1);
  expectSame(take([2, 4], 1, 1).subarray(81), one, 'in another place');
  for (const other of [take([4], 2, 1), take([4], 1, 2)]) expect(other).not.toEqual(one);
});

it('that changes nothing is a plain gather, also where the loops compute it', () => {
  const shape = [2, 7, 5] as const;
  const set = randomImages(6, shape, 3, 4);
  const scaling = { scale: 1 / 77, shift: -0.3 };
  expect(augmenterOf('test', {}, shape, scaling)).toBeUndefined();
  expect(augmenterOf('test', { shift: 0, elastic: { alpha: 0, sigma: 3 } }, shape, scaling)).toBeUndefined();
  // A rotation that rounds to none.
  const augmenter = augmenterOf('test', { flip: 1e-300 }, shape, scaling);
  const indices = Uint32Array.of(1, 5);
  const plain = gatherImages(set.images, shape, indices, scaling).data;
  expectSame(augmenter?.gather(set, indices, { seed: 1, epoch: 0 }).data as Float32Array, plain, 'pixels');
});

describe.each(['lanes', 'rows'] as const)('engine %s', (name) => {
  const train = {
    ...randomImages(40, [...tinyInput], 3, 1),
    values: Float32Array.from({ length: 120 }, () => random.normal()),
  };
  const augment = augmentations.all;
  const normalization = { scale: 1 / 128, shift: -1 };

  it.each([undefined, new MSELoss()])(
    'trains on what the augmenter gives, on any number of threads',
    (loss) => {
      const results = [1, 2, 3, 7].map((threads) => {
        setThreads(threads);
        const net = tinyNet();
        const engine = createEngine(name, net, { normalization, train, augment, ...(loss && { loss }) });
        const optimizer = new SGD(net, { lr: 0.05, momentum: 0.9 });
        for (let step = 0; step < 5; step += 1) {
          const indices = Uint32Array.from({ length: 21 }, (_, i) => (7 * i + step) % 40);
          engine.trainStep(indices, { update: optimizer.update(), seed: 3, step, epoch: step >> 1 });
        }
        return net.arena.slice();
      });
      setThreads(2);
      for (const result of results) expectSame(result, results[0], 'parameters');
      // By hand: the augmented images as a set of their own.
      const net = tinyNet();
      const optimizer = new SGD(net, { lr: 0.05, momentum: 0.9 });
      const augmenter = augmenterOf('test', augment, tinyInput, normalization);
      for (let step = 0; step < 5; step += 1) {
        const indices = Uint32Array.from({ length: 21 }, (_, i) => (7 * i + step) % 40);
        const images = augmenter?.gather(train, indices, { seed: 3, epoch: step >> 1 }).data as Float32Array;
        const labels = Uint8Array.from(indices, (index) => train.labels[index]);
        const values = Float32Array.from(
          [...indices].flatMap((i) => [...train.values.subarray(3 * i, 3 * i + 3)]),
        );
        const set = { images, labels, values, count: 21, shape: tinyInput };
        const options = { normalization: { scale: 1, shift: 0 }, train: set, ...(loss && { loss }) };
        const all = Uint32Array.from({ length: 21 }, (_, i) => i);
        createEngine(name, net, options).trainStep(all, { update: optimizer.update(), seed: 3, step });
      }
      expectSame(results[0], net.arena, 'by hand');
    },
  );

  it('a training that was stopped at any step ends with the bits of the straight one', async () => {
    const recipe = { ...recipes.fast, epochs: 3, batchSize: 8 } as const;
    const options = { engine: name, recipe, augment, seed: 9 } as const;
    const straight = new Trainer(tinyNet(), options);
    for await (const _ of straight.fit(train));
    for (const stop of [1, 5, 7, 12]) {
      const net = tinyNet();
      const first = new Trainer(net, options);
      const abort = new AbortController();
      let steps = 0;
      const onProgress = () => {
        steps += 1;
        if (steps === stop) abort.abort();
      };
      for await (const _ of first.fit(train, { signal: abort.signal, onProgress }));
      const second = new Trainer(net, { engine: name, resume: first.state() });
      for await (const _ of second.fit(train));
      expectSame(net.arena, straight.net.arena, `stopped at ${stop}`);
    }
    const plain = new Trainer(tinyNet(), { engine: name, recipe, seed: 9 });
    for await (const _ of plain.fit(train));
    expect(plain.net.arena).not.toEqual(straight.net.arena);
  });
});

const make = (augment: unknown) =>
  createEngine('auto', tinyNet(), { normalization: { scale: 1, shift: 0 }, augment: wrong(augment) });
itRefuses(TYPE, {
  'engine: augment: expected the options ... but received "rotation"...': () => make({ rotation: 5 }),
  'engine: expected augment.shift to be a number but received string': () => make({ shift: '2' }),
  'engine: augment.elastic: expected the options alpha or sigma...': () => make({ elastic: { beta: 1 } }),
  'engine: expected augment.elastic.alpha to be a number but received undefined': () =>
    make({ elastic: { sigma: 4 } }),
});
itRefuses(RANGE, {
  'engine: expected augment.rotate to be a number of at least 0, finite in single precision, but received NaN':
    () => make({ rotate: Number.NaN }),
  'engine: expected augment.scale from 0 to 0.99 but received 1': () => make({ scale: 1 }),
  'engine: expected augment.shear from 0 to 79.9 but received 90': () => make({ shear: 90 }),
  'engine: expected augment.flip from 0 to 1 but received 2': () => make({ flip: 2 }),
  'engine: expected augment.elastic.sigma above 0 to 1000 but received 0': () =>
    make({ elastic: { alpha: 34, sigma: 0 } }),
});
itRefuses(SHAPE, {
  'test: expected images CxHxW for augment but the net takes 4. Hint: rows of features are not moved or turned':
    () => augmenterOf('test', { shift: 1 }, [4], { scale: 1, shift: 0 }),
});
