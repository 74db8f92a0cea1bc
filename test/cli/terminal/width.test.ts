/** Columns on a terminal: letters of every width, and what is made of text that takes too many. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  lineWidth,
  padEndColumns,
  padStartColumns,
  shorten,
  textWidth,
  wrapWords,
} from '../../../lib/cli/terminal/width.js';

/** Decomposed: a letter and its mark. */
const decomposed = 'Mu\u0308ller';

describe('the width', () => {
  it.each([
    ['', 0],
    ['T-shirt/top', 11],
    ['Müller', 6],
    [decomposed, 6],
    ['おきすつな', 10],
    ['か\u3099', 2],
    ['数字', 4],
    ['한글', 4],
    ['ﾊﾝ', 2],
    ['ＡＢ', 4],
    ['🙂', 2],
    ['❤\ufe0f', 2],
    ['❤', 1],
    ['🇩🇪', 2],
    ['हि', 2],
    ['…', 1],
  ])('of %j is %d', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it('pads by columns', () => {
    expect([padEndColumns('数字', 6), padStartColumns(decomposed, 7), padStartColumns('long', 2)]).toEqual([
      '数字  ',
      ` ${decomposed}`,
      'long',
    ]);
  });
});

describe('shortening', () => {
  it.each([
    ['runs/fast-20261124-180544', 25, 'runs/fast-20261124-180544'],
    ['runs/fast-20261124-180544', 24, 'runs/fast-20…1124-180544'],
    ['runs/fast-20261124-180544', 9, 'runs…0544'],
    ['ankle boot', 3, 'a…t'],
    ['ankle boot', 2, 'an'],
    ['ankle boot', 0, ''],
    ['おきすつなはまやれを', 10, 'おき…れを'],
    // Half of a wide letter is left free.
    ['おきすつなはまやれを', 8, 'おき…を'],
    [`${decomposed}${decomposed}`, 5, 'Mu\u0308…er'],
  ])('%j to %d columns', (text, columns, expected) => {
    expect(shorten(text, columns, '…')).toBe(expected);
  });

  it('never takes more columns than there are, and leaves what fits', () => {
    const letters = fc.constantFrom('a', ' ', '/', 'は', '数', 'か\u3099', 'e\u0301', '🙂', 'ﾊ', '\u0301');
    const texts = fc.array(letters, { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.nat(40), fc.constantFrom('…', '...'), (text, columns, mark) => {
        const short = shorten(text, columns, mark);
        expect(textWidth(short)).toBeLessThanOrEqual(columns);
        if (textWidth(text) <= columns) expect(short).toBe(text);
        // No letter loses its marks, and none is made up.
        for (const part of short.split(mark)) expect(text).toContain(part);
      }),
    );
  });
});

describe('wrapping', () => {
  it.each([
    ['one two three', 80, ['one two three']],
    ['one two three', 7, ['one two', 'three']],
    ['one two three', 1, ['one', 'two', 'three']],
    ['数字 数字', 8, ['数字', '数字']],
    ['', 10, ['']],
  ])('%j to %d columns', (text, columns, lines) => {
    expect(wrapWords(text, columns)).toEqual(lines);
  });
});

it.each([
  [{ isTTY: true, columns: 80 }, 79],
  [{ isTTY: true, columns: 0 }, 79],
  [{ isTTY: true }, 79],
  [{ isTTY: false, columns: 80 }, Number.POSITIVE_INFINITY],
  [{}, Number.POSITIVE_INFINITY],
])('a line of %j takes %d columns at most', (stream, columns) => {
  expect(lineWidth(stream)).toBe(columns);
});
