/** What is a digit in a picture, and what only lies beside it: frames, edges of tables, other digits. */
import { describe, expect, it } from 'vitest';
import { prepareDigit } from '../../../lib/images/digit.js';
import type { GreyImage } from '../../../lib/images/limits.js';
import { Random } from '../../../lib/random.js';
import { drawDigit } from '../../support/drawn-digits.js';

const size = 120;
const border = 'ink along the border left out';
const several = 'more than one shape';
const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Dark ink on light paper. */
const onPaper = (digit: number) => {
  const { width, height, grey } = drawDigit(digit, { size });
  return { width, height, grey: grey.map((ink) => 230 - 0.8 * ink) };
};

function painted(image: GreyImage, level: number, where: (x: number, y: number) => boolean): GreyImage {
  const { width, height, grey } = image;
  const changed = grey.map((old, i) => (where(i % width, Math.floor(i / width)) ? level : old));
  return { width, height, grey: changed };
}

/** From `left` and `top` of the image; what lies outside of it is paper. */
function part(image: GreyImage, left: number, top: number, width: number, height: number): GreyImage {
  const grey = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [left + (i % width), top + Math.floor(i / width)];
    const inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
    return inside ? image.grey[y * image.width + x] : image.grey[0];
  });
  return { width, height, grey };
}

/** Side by side, or one above the other. */
function joined(images: readonly GreyImage[], isColumn = false): GreyImage {
  const length = images.length * size;
  const [width, height] = isColumn ? [size, length] : [length, size];
  const grey = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const { grey: source } = images[Math.floor((isColumn ? y : x) / size)];
    return source[(y % size) * size + (x % size)];
  });
  return { width, height, grey };
}

/** The columns and rows that hold ink darker than half. */
function inkBox({ width, height, grey }: GreyImage) {
  const places = [...grey.keys()].filter((i) => grey[i] < 130);
  const [xs, ys] = [places.map((i) => i % width), places.map((i) => Math.floor(i / width))];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return {
    left,
    top,
    width: Math.max(...xs) - left + 1,
    height: Math.max(...ys) - top + 1,
    outer: { width, height },
  };
}

/** How far two digits are from each other, of 255. */
function difference(a: GreyImage, b: GreyImage): number {
  const [x, y] = [prepareDigit(a).pixels, prepareDigit(b).pixels];
  return x.reduce((sum, value, i) => sum + Math.abs(value - y[i]), 0) / x.length;
}

function expectSame(image: GreyImage, digit: number, notes: readonly string[]): void {
  expect(prepareDigit(image)).toMatchObject({ empty: false, inverted: true, notes });
  expect(difference(image, onPaper(digit))).toBeLessThan(6);
}

describe.each(all)('a %d', (digit) => {
  const plain = onPaper(digit);

  it.each([1, 2, 4, 7])('in a frame of %d pixels', (thick) => {
    const isFrame = (x: number, y: number) => Math.min(x, y, size - 1 - x, size - 1 - y) < thick;
    expectSame(painted(plain, 20, isFrame), digit, [border]);
  });

  it('in a broad frame: a sheet on a dark table', () => {
    const isTable = (x: number, y: number) => Math.min(x, y, size - 1 - x, size - 1 - y) < 15;
    expectSame(painted(plain, 40, isTable), digit, [border]);
  });

  it.each<readonly [string, (x: number, y: number) => boolean]>([
    ['the left', (x, y) => x < 8 + y / 20],
    ['the right', (x) => x >= size - 12],
    ['the top', (_, y) => y < 10],
    ['the bottom', (x, y) => y >= size - 6 - x / 15],
    ['two sides', (x, y) => x < 9 || y < 9],
    ['a corner, slanted', (x, y) => x + y < 50],
  ])('beside a dark strip at %s', (_, isStrip) => {
    expectSame(painted(plain, 45, isStrip), digit, [border]);
  });

  it('in a drawn box', () => {
    const ring = (x: number, y: number) => Math.min(x, y, size - 1 - x, size - 1 - y);
    const boxed = painted(plain, 30, (x, y) => ring(x, y) >= 8 && ring(x, y) < 11);
    expectSame(boxed, digit, [border]);
  });

  it('drawn to each edge is still read whole', () => {
    const { left, top, width, height } = inkBox(plain);
    for (const [x, y] of [
      [left, 0],
      [0, top],
      [left + width - size, 0],
      [0, top + height - size],
    ]) {
      expectSame(part(plain, x, y, size, size), digit, []);
    }
  });

  it('cut out along its ink is still read whole', () => {
    const { left, top, width, height } = inkBox(plain);
    // A 1 leaves too little paper to see.
    if (digit === 1) return;
    expect(difference(part(plain, left, top, width, height), plain)).toBeLessThan(8);
  });

  it('is one shape by itself, and beside another one two', () => {
    expect(prepareDigit(plain).notes).toEqual([]);
    for (const other of all) {
      expect(prepareDigit(joined([plain, onPaper(other)])).notes).toEqual([several]);
    }
    expect(prepareDigit(joined([plain, onPaper(7)], true)).notes).toEqual([several]);
    expect(prepareDigit(joined([plain, onPaper(1), onPaper(2)])).notes).toEqual([several]);
  });
});

describe('strokes of one digit that do not meet', () => {
  const stroke = (boxes: readonly (readonly [number, number, number, number])[]): GreyImage =>
    painted({ width: size, height: size, grey: new Uint8Array(size * size).fill(230) }, 30, (x, y) =>
      boxes.some(([left, top, right, bottom]) => x >= left && x < right && y >= top && y < bottom),
    );

  it('are one shape: the bar of a 5', () => {
    const five = [
      [50, 20, 80, 27],
      [40, 32, 47, 60],
      [40, 53, 75, 60],
      [68, 53, 75, 95],
      [40, 88, 75, 95],
    ] as const;
    expect(prepareDigit(stroke(five)).notes).toEqual([]);
  });

  it('are one shape: a 4 in two strokes', () => {
    const four = [
      [20, 20, 27, 60],
      [20, 55, 73, 62],
      [79, 20, 86, 98],
    ] as const;
    expect(prepareDigit(stroke(four)).notes).toEqual([]);
  });
});

it('light ink beside a dark strip stays the ink', () => {
  const chalk = (digit: number) => {
    const { width, height, grey } = drawDigit(digit, { size });
    return { width, height, grey: grey.map((ink) => 110 + 0.4 * ink) };
  };
  const found = prepareDigit(painted(chalk(3), 10, (x) => x < 10));
  expect(found).toMatchObject({ inverted: false, notes: [border] });
  expect(
    difference(
      painted(chalk(3), 10, (x) => x < 10),
      chalk(3),
    ),
  ).toBeLessThan(6);
});

it('pale ink beside a dark strip is still ink, though the strip is far darker', () => {
  const random = new Random(5);
  const pale = (digit: number) => {
    const { width, height, grey } = drawDigit(digit, { size });
    return { width, height, grey: grey.map((ink) => 220 - 0.25 * ink + random.integer(3)) };
  };
  const image = painted(pale(2), 20, (_, y) => y < 12);
  expect(prepareDigit(image)).toMatchObject({ inverted: true, notes: [border] });
  expect(difference(image, onPaper(2))).toBeLessThan(8);
});

it('a strip or a frame without a digit is what it is', () => {
  const blank = { width: size, height: size, grey: new Uint8Array(size * size).fill(230) };
  const strip = painted(blank, 30, (x) => x < 10);
  expect(prepareDigit(strip)).toMatchObject({ empty: false, notes: [] });
});
