/** Drawings as MNIST has its digits: where the ink is found, and where it is placed. */
import { describe, expect, it } from 'vitest';
import { digitSize, prepareDigit } from '../../../lib/images/digit.js';
import type { GreyImage } from '../../../lib/images/limits.js';
import { Random } from '../../../lib/random.js';
import { drawDigit } from '../../support/drawn-digits.js';
import { itRefuses, RANGE } from '../../support/misuse.js';

/** Every pixel by its place (0 to 1) and value. */
function change(image: GreyImage, to: (value: number, x: number, y: number) => number): GreyImage {
  const { width, height, grey } = image;
  const changed = grey.map((value, i) => {
    const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
    return Math.min(255, Math.max(0, Math.round(to(value, x, y))));
  });
  return { width, height, grey: changed };
}

const negative = (image: GreyImage) => change(image, (value) => 255 - value);

/** Into a larger image, at some place. */
function placed({ width, height, grey }: GreyImage, size: number, left: number, top: number): GreyImage {
  const larger = new Uint8Array(size * size);
  for (let y = 0; y < height; y += 1) {
    larger.set(grey.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  }
  return { width: size, height: size, grey: larger };
}

function facts(pixels: Uint8Array) {
  let [mass, mx, my, left, right, top, bottom] = [0, 0, 0, digitSize, -1, digitSize, -1];
  for (const [i, value] of pixels.entries()) {
    const [x, y] = [i % digitSize, Math.floor(i / digitSize)];
    mass += value;
    mx += value * (x + 0.5);
    my += value * (y + 0.5);
    if (value < 64) continue;
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return { centre: [mx / mass, my / mass], width: right - left + 1, height: bottom - top + 1 };
}

const meanDifference = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;

describe.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('a drawn %d', (digit) => {
  const drawn = drawDigit(digit, { size: 120 });
  const { pixels, inverted, empty } = prepareDigit(drawn);

  it('fills 20 pixels in its longer direction, centred by mass', () => {
    expect({ inverted, empty, length: pixels.length }).toEqual({
      inverted: false,
      empty: false,
      length: 784,
    });
    const { centre, width, height } = facts(pixels);
    expect(Math.max(width, height)).toBeGreaterThanOrEqual(18);
    expect(Math.max(width, height)).toBeLessThanOrEqual(20);
    for (const place of centre) expect(Math.abs(place - 14)).toBeLessThanOrEqual(0.55);
    expect(Math.max(...pixels)).toBe(255);
    expect(pixels[0]).toBe(0);
  });

  it('is the same dark on light', () => {
    const other = prepareDigit(negative(drawn));
    expect(other.inverted).toBe(true);
    expect(meanDifference(other.pixels, pixels)).toBeLessThan(1);
  });

  it('is the same wherever it stands, and nearly the same at another size', () => {
    const moved = prepareDigit(placed(drawn, 200, 70, 5));
    expect(meanDifference(moved.pixels, pixels)).toBeLessThan(6);
    const larger = prepareDigit(drawDigit(digit, { size: 400 }));
    // Rounding may place it one pixel beside.
    expect(meanDifference(larger.pixels, pixels)).toBeLessThan(13);
  });

  it('is found on paper that is lit from one side, with noise and dirt', () => {
    const random = new Random(digit);
    const photo = change(
      drawn,
      (value, x, y) => (210 - 70 * x - 30 * y) * (1 - (0.65 * value) / 255) + 4 * random.normal(),
    );
    photo.grey.set([40, 40], 10 * 120 + 10);
    const found = prepareDigit(photo);
    expect(found.inverted).toBe(true);
    expect(meanDifference(found.pixels, pixels)).toBeLessThan(9);
  });

  it('does not fade where the pen is thin', () => {
    const { pixels: thin } = prepareDigit(drawDigit(digit, { size: 400, pen: 0.012 }));
    const ink = (image: Uint8Array) => image.reduce((sum, value) => sum + value, 0);
    expect(ink(thin)).toBeGreaterThan(0.4 * ink(pixels));
  });
});

describe('no digit', () => {
  const flat = (value: number, size = 50): GreyImage => ({
    width: size,
    height: size,
    grey: new Uint8Array(size * size).fill(value),
  });
  it.each([
    ['black', flat(0)],
    ['white', flat(255)],
    ['one pixel', flat(7, 1)],
    ['faint noise', change(flat(128), (value, x, y) => value + 4 * Math.sin(400 * x + 900 * y))],
    ['a gradient', change(flat(0), (_, x, y) => 90 + 60 * x + 40 * y)],
  ])('%s is empty', (_, image) => {
    const { pixels, empty } = prepareDigit(image);
    expect(empty).toBe(true);
    expect(pixels.every((value) => value === 0)).toBe(true);
  });
});

it.each([
  [1, 300],
  [300, 1],
  [2, 2],
  [27, 400],
])('takes an image of %dx%d', (width, height) => {
  const grey = new Uint8Array(width * height).fill(255, 0, Math.ceil((width * height) / 3));
  const { pixels } = prepareDigit({ width, height, grey });
  expect(pixels).toHaveLength(784);
});

itRefuses(RANGE, {
  'prepareDigit: expected 3x3 grey levels but received 8. Hint: one byte a pixel': () =>
    prepareDigit({ width: 3, height: 3, grey: new Uint8Array(8) }),
  'prepareDigit: expected 0x3 grey levels but received 0. Hint: one byte a pixel': () =>
    prepareDigit({ width: 0, height: 3, grey: new Uint8Array(0) }),
});
