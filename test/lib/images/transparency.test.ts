/** Transparent pictures: what lies behind the ink. */
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../lib/images/decode.js';
import { PaperChooser } from '../../../lib/images/transparency.js';
import { drawDigit } from '../../support/drawn-digits.js';
import { chunk, pngFile } from './image-files.js';

/** The soft edges of a stroke, and much paper. */
const { width, height, grey: mask } = drawDigit(4, { size: 40, pen: 0.1 });
type Colour = readonly [red: number, green: number, blue: number];
const luma = ([red, green, blue]: Colour) => 0.299 * red + 0.587 * green + 0.114 * blue;

/** RGBA of ink as thick as the mask says. */
function inked([red, green, blue]: Colour, alphas: ArrayLike<number> = mask): Uint8Array {
  return Uint8Array.from({ length: 4 * mask.length }, (_, i) => [red, green, blue, alphas[i >> 2]][i & 3]);
}

function rgba(data: Uint8Array): Uint8Array {
  return encode({ width, height, channels: 4, data });
}

/** What lies over `paper` where the ink is of one luma. */
function over(paper: number, ink: number, alphas: ArrayLike<number> = mask): number[] {
  return Array.from(alphas, (alpha) => (ink * alpha + paper * (255 - alpha)) / 255);
}

function expectGrey(file: Uint8Array, wanted: readonly number[]): void {
  const { grey } = decodeImage(file, 'x');
  expect(grey).toHaveLength(wanted.length);
  const worst = wanted.reduce((most, level, i) => Math.max(most, Math.abs(level - grey[i])), 0);
  expect(worst).toBeLessThanOrEqual(0.5 + 1e-9);
}

describe('ink on transparency', () => {
  it.each<readonly [string, Colour, number]>([
    ['white', [255, 255, 255], 0],
    ['light grey', [205, 205, 205], 0],
    ['yellow', [255, 230, 0], 0],
    ['black', [0, 0, 0], 255],
    ['red', [255, 0, 0], 255],
    ['blue', [0, 0, 255], 255],
    ['middle grey', [128, 128, 128], 255],
  ])('%s lies on the paper that shows it', (_, colour, paper) => {
    expectGrey(rgba(inked(colour)), over(paper, luma(colour)));
  });

  it('in 16 bits', () => {
    const data = Uint16Array.from(inked([255, 255, 255]), (value) => 257 * value);
    expectGrey(encode({ width, height, channels: 4, depth: 16, data }), over(0, 255));
  });

  it('in grey, of 8 and of 16 bits', () => {
    const data = Uint8Array.from({ length: 2 * mask.length }, (_, i) => (i % 2 === 0 ? 255 : mask[i >> 1]));
    expectGrey(encode({ width, height, channels: 2, data }), over(0, 255));
    const deep = Uint16Array.from(data, (value) => 257 * value);
    expectGrey(encode({ width, height, channels: 2, depth: 16, data: deep }), over(0, 255));
  });

  it('in a palette of which each colour has its alpha', () => {
    const rows = new Uint8Array(height * (width + 1));
    for (const [i, alpha] of mask.entries())
      rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = alpha;
    const before = [
      chunk('PLTE', new Uint8Array(3 * 256).fill(255)),
      chunk(
        'tRNS',
        Uint8Array.from({ length: 256 }, (_, i) => i),
      ),
    ];
    expectGrey(pngFile({ width, height, type: 3, rows, before }), over(0, 255));
  });

  it('where one colour is marked as transparent', () => {
    const sharp = Uint8Array.from(mask, (alpha) => (alpha < 128 ? 0 : 255));
    const rows = new Uint8Array(height * (width + 1));
    for (const [i, level] of sharp.entries())
      rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = level;
    const black = [chunk('tRNS', Uint8Array.of(0, 0))];
    expectGrey(pngFile({ width, height, rows, before: black }), Array.from(sharp));
  });

  it('interlaced: all passes decide together', () => {
    // Passes 1, 4, 5, 6 and 7 of Adam7 hold the pixels of 4x4; the first one alone is transparent.
    const ink = (pixels: number) => [0, ...Array.from({ length: 2 * pixels }, () => 255)];
    const rows = Uint8Array.from([0, 0, 0, ...[1, 2, 2, 2, 4, 4].flatMap(ink)]);
    const { grey } = decodeImage(pngFile({ width: 4, height: 4, type: 4, interlace: 1, rows }), 'x');
    expect([...grey]).toEqual([0, ...Array.from({ length: 15 }, () => 255)]);
  });

  it('thin everywhere', () => {
    const thin = mask.map((alpha) => Math.round(alpha * 0.4));
    expectGrey(rgba(inked([255, 255, 255], thin)), over(0, 255, thin));
  });

  it('of edges whose colours have suffered', () => {
    // A browser keeps colours times alpha, so thin pixels lose their colour; careless scaling mixes them with black.
    for (const shade of [(alpha: number) => (Math.round(alpha / 16) * 16) % 256, (alpha: number) => alpha]) {
      const data = inked([255, 255, 255]);
      for (const [i, alpha] of mask.entries()) if (alpha < 230) data.fill(shade(alpha), 4 * i, 4 * i + 3);
      const { grey } = decodeImage(rgba(data), 'x');
      const paper = grey[0];
      expect(paper).toBe(0);
      expect(Math.max(...grey)).toBe(255);
    }
  });
});

describe('other pictures with transparency', () => {
  it('of several colours lie on white', () => {
    const data = inked([255, 255, 255]);
    // A dark line through the light ink.
    for (let i = 20 * width; i < 22 * width; i += 1) data.set([40, 40, 40, 255], 4 * i);
    const wanted = over(255, 255);
    wanted.fill(40, 20 * width, 22 * width);
    expectGrey(rgba(data), wanted);
  });

  it('without an opaque pixel are white, whatever colours they hide', () => {
    expectGrey(
      rgba(inked([200, 100, 0], new Uint8Array(mask.length))),
      over(255, 0, new Uint8Array(mask.length)),
    );
  });

  it('of which nothing is transparent stay as they are', () => {
    const opaque = new Uint8Array(mask.length).fill(255);
    expectGrey(rgba(inked([250, 250, 250], opaque)), over(0, 250, opaque));
  });
});

it('the paper follows from the pixels, whatever their order', () => {
  const chooser = new PaperChooser();
  expect(chooser.paper()).toBe(255);
  chooser.see(1, 1);
  expect(chooser.paper()).toBe(255);
  chooser.see(0, 0);
  expect(chooser.paper()).toBe(0);
  chooser.see(0.5, 0.95);
  expect(chooser.paper()).toBe(255);
});
