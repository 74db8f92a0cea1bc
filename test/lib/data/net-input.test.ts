/** Pictures as the input of a net. */
import { describe, expect, it } from 'vitest';
import { backgroundLevel, isLight, prepareInput } from '../../../lib/data/net-input.js';
import { planesOf } from '../../../lib/images/colour.js';
import { prepareDigit } from '../../../lib/images/digit.js';
import { drawDigit } from '../../support/drawn-digits.js';

const plain = {
  prepare: 'none',
  picture: { resize: 'pad', size: [32, 32], from: [28, 28] },
  normalization: { scale: 1, shift: 0 },
  background: 0,
  severalShapes: false,
} as const;

const image = (width: number, height: number, grey = (i: number) => (i * 7) % 256) => ({
  width,
  height,
  grey: Uint8Array.from({ length: width * height }, (_, i) => grey(i)),
});

describe('a picture that is taken as it is', () => {
  it('of the size of the training goes the way of the training', () => {
    const picture = image(28, 28, (i) => (i % 28 === 0 || i < 28 || i % 28 === 27 || i >= 756 ? 0 : i % 256));
    const { tensor, seen, notes } = prepareInput('x', picture, plain);
    expect(tensor.shape).toEqual([1, 1, 32, 32]);
    for (let i = 0; i < 1024; i += 1) {
      const [x, y] = [(i % 32) - 2, Math.floor(i / 32) - 2];
      const inside = x >= 0 && y >= 0 && x < 28 && y < 28;
      expect(tensor.data[i]).toBe(inside ? picture.grey[28 * y + x] : 0);
    }
    expect(seen).toEqual({ width: 32, height: 32, grey: Uint8Array.from(tensor.data) });
    expect(notes).toEqual([]);
  });

  it('keeps its proportions, into a size that is not square', () => {
    const preparation = { ...plain, picture: { resize: 'fit', size: [40, 64] } } as const;
    // Twice as wide as high, white: 64x32 in 64x40.
    const { tensor } = prepareInput(
      'x',
      image(100, 50, (i) => (i % 100 === 50 ? 255 : 90)),
      preparation,
    );
    expect(tensor.shape).toEqual([1, 1, 40, 64]);
    const bright = [...tensor.data.keys()].filter((i) => tensor.data[i] > 100);
    const rows = bright.map((i) => Math.floor(i / 64));
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([4, 35]);
  });
});

describe('a digit', () => {
  const digit = { ...plain, prepare: 'digit' } as const;

  it('is light on dark, or as the training had it', () => {
    const drawn = drawDigit(5);
    const { seen } = prepareInput('x', drawn, digit);
    expect(planesOf(seen)).toEqual(prepareDigit(drawn).pixels);
    const light = prepareInput('x', drawn, { ...digit, background: 200 });
    expect(planesOf(light.seen)).toEqual(planesOf(seen).map((level) => 255 - level));
    expect([light.inverted, light.tensor.data[0]]).toEqual([false, 255]);
  });

  it('may be several shapes where signs are', () => {
    const one = drawDigit(1);
    const grey = Uint8Array.from(
      { length: 200 * 100 },
      (_, i) => one.grey[Math.floor(i / 200) * 100 + (i % 100)],
    );
    const two = { width: 200, height: 100, grey };
    expect(prepareInput('x', two, digit).notes).toEqual(['more than one shape']);
    expect(prepareInput('x', two, { ...digit, severalShapes: true }).notes).toEqual([]);
  });
});

describe('the background of a set', () => {
  const framed = (border: number, inside: number) =>
    Uint8Array.from({ length: 12 }, (_, i) => (i === 5 || i === 6 ? inside : border));

  it('is the median of its outermost pixels', () => {
    expect(backgroundLevel(framed(7, 200), 3, 4)).toBe(7);
    const three = [...framed(250, 0), ...framed(240, 0), ...framed(10, 9)];
    expect(backgroundLevel(Uint8Array.from(three), 3, 4)).toBe(240);
    expect(backgroundLevel(new Uint8Array(0), 3, 4)).toBe(0);
  });

  it('is light from the middle on', () => {
    expect([0, 127, 128, 255].map((background) => isLight({ background }))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
