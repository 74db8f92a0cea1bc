/** Names that have no room are cut, and stay apart. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shorten, textWidth } from '../../../lib/plots/text.js';

it.each([
  ['short', 100, 'short'],
  ['a-name-that-is-too-long-1', 100, 'a-nam…long-1'],
  ['\u{1f600}\u{1f600}\u{1f600}\u{1f600}', 45, '\u{1f600}…\u{1f600}'],
  ['anything', 0, '…'],
])('%j in %i pixels is %j', (text, width, expected) => {
  expect(shorten(text, width)).toBe(expected);
});

it('a name never takes more room than it has, but for the mark itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 12, max: 400 }), (text, width) => {
      expect(textWidth(shorten(text, width))).toBeLessThanOrEqual(width);
    }),
  );
});
