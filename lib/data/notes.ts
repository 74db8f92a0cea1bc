/** What a loader tells of what it did, in words. */
import type { PicturePreparation, PreparationRequest } from './preparation.js';
import type { ResizeMethod } from './resize.js';
import type { ImageSize } from './scale.js';

/** How many pictures there are of each size, `64x64`. */
export type SizeCounts = ReadonlyMap<string, number>;

export function countSize(sizes: Map<string, number>, { height, width }: ImageSize): void {
  const text = `${height}x${width}`;
  sizes.set(text, (sizes.get(text) ?? 0) + 1);
}

const methodTexts: Readonly<Record<ResizeMethod, string>> = {
  fit: 'scaled to fit into',
  stretch: 'stretched to',
  pad: 'put in the middle of',
  bilinear: 'resized to',
  none: 'left at',
};

/**
 * `40 pictures of 64x64 and 12 of 3 other sizes are scaled to fit into 32x32 (fit)`. Nothing where it goes without saying:
 * pictures that already have the size, and small ones that are brought to it as the recipe does.
 */
export function resizeNotes(
  splits: readonly SizeCounts[],
  { resize, size, from }: PicturePreparation,
  request: PreparationRequest,
): string[] {
  const counts = new Map<string, number>();
  for (const [text, count] of splits.flatMap((sizes) => [...sizes])) {
    counts.set(text, (counts.get(text) ?? 0) + count);
  }
  const target = size.join('x');
  const asUsual = request.resize === undefined && resize === request.fitting;
  const [first, ...others] = [...counts].sort(([, a], [, b]) => b - a);
  if (others.length === 0 && (first[0] === target || asUsual)) return [];
  const rest = others.reduce((sum, [, count]) => sum + count, 0);
  const more =
    rest === 0 ? '' : ` and ${rest} of ${others.length} other ${others.length === 1 ? 'size' : 'sizes'}`;
  const through = from !== undefined && rest > 0 && resize === 'pad' ? `, by way of ${from.join('x')}` : '';
  const noun = first[1] === 1 ? 'picture' : 'pictures';
  return [
    `${first[1]} ${noun} of ${first[0]}${more} are ${methodTexts[resize]} ${target}${through} (${resize})`,
  ];
}

/** Where nobody asked, and the names of the files decided. */
export function transposeNotes(asked: boolean | undefined, transpose: boolean): string[] {
  if (asked !== undefined || !transpose) return [];
  return [
    'by their names these are files of EMNIST, whose rows are stored as columns: they are turned upright ' +
      '(--transpose no leaves them)',
  ];
}

/** @param colour whether the colours are kept */
export function colourNotes(coloured: number, pictures: number, colour: boolean): string[] {
  const told = colour ? pictures - coloured : coloured;
  if (told === 0) return [];
  const are = `${told} of ${pictures} pictures ${told === 1 ? 'is' : 'are'}`;
  return [
    colour
      ? `${are} grey: their three channels are equal`
      : `${are} in colour; rownet trains on their grey values (--colour, or colour: true, on their colours)`,
  ];
}
