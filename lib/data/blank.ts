/** Pictures on which there is nothing: one grey level all over. */
import { DataError } from '../errors.js';
import type { LoadedData, LoadedSplit } from './loaded.js';

/**
 * Tells of blank training pictures: all of a class, or how many.
 * @throws DataError if all pictures of the training are of one and the same grey: there is nothing to learn from them
 */
export function blankNotes({ name, train, size, classNames }: LoadedData): string[] {
  const { images, labels } = train;
  const pixels = size[0] * size[1];
  const blank = new Map<number, number>();
  const seen = new Map<number, number>();
  let total = 0;
  for (const [i, label] of labels.entries()) {
    seen.set(label, (seen.get(label) ?? 0) + 1);
    if (!isBlank(images, i * pixels, pixels)) continue;
    blank.set(label, (blank.get(label) ?? 0) + 1);
    total += 1;
  }
  if (total === 0) return [];
  if (total === labels.length) refuseOneGrey(name, train, pixels);
  const lost = [...blank].filter(([label, count]) => count === seen.get(label)).map(([label]) => label);
  const names = lost.sort((a, b) => a - b).map((label) => classNames?.[label] ?? String(label));
  const classes = names.length === 0 ? '' : `; of ${names.slice(0, 8).join(', ')} all`;
  const are = total === 1 ? 'is' : 'are';
  return [`${total} of ${labels.length} training pictures ${are} blank, of one grey level${classes}`];
}

function isBlank(images: Uint8Array, begin: number, pixels: number): boolean {
  const grey = images[begin];
  for (let i = begin + 1; i < begin + pixels; i += 1) if (images[i] !== grey) return false;
  return true;
}

/** Each picture is blank; together they may still differ. */
function refuseOneGrey(name: string, { images, labels }: LoadedSplit, pixels: number): void {
  const grey = images[0];
  for (let i = 0; i < labels.length; i += 1) if (images[i * pixels] !== grey) return;
  const meaning = grey === 0 ? ' (black)' : grey === 255 ? ' (white)' : '';
  throw new DataError(
    `data: ${name}: expected pictures with something on them but all ${labels.length} training pictures are of the grey ` +
      `level ${grey}${meaning} alone. Hint: look at one of them; white ink on white cannot be seen`,
  );
}
