/** Pictures on which there is nothing: one grey level, or one colour, all over. */
import { DataError } from '../errors.js';
import type { LoadedData, LoadedSplit } from './loaded.js';
import { channelsOf } from './preparation.js';

/**
 * Tells of blank training pictures: all of a class, or how many.
 * @throws DataError if all pictures of the training are of one and the same grey or colour: there is nothing to learn from them
 */
export function blankNotes({ name, train, preparation, classNames }: LoadedData): string[] {
  const { images, labels } = train;
  const { size } = preparation;
  const planes = channelsOf(preparation);
  const pixels = size[0] * size[1];
  const blank = new Map<number, number>();
  const seen = new Map<number, number>();
  let total = 0;
  for (const [i, label] of labels.entries()) {
    seen.set(label, (seen.get(label) ?? 0) + 1);
    if (!isBlank(images, i * planes * pixels, planes, pixels)) continue;
    blank.set(label, (blank.get(label) ?? 0) + 1);
    total += 1;
  }
  if (total === 0) return [];
  if (total === labels.length) refuseOne(name, train, planes, pixels);
  const lost = [...blank].filter(([label, count]) => count === seen.get(label)).map(([label]) => label);
  const names = lost.sort((a, b) => a - b).map((label) => classNames?.[label] ?? String(label));
  const classes = names.length === 0 ? '' : `; of ${names.slice(0, 8).join(', ')} all`;
  const are = total === 1 ? 'is' : 'are';
  return [
    `${total} of ${labels.length} training pictures ${are} blank, of one ${planes === 1 ? 'grey level' : 'colour'}${classes}`,
  ];
}

/** Each plane is of one level. */
function isBlank(images: Uint8Array, begin: number, planes: number, pixels: number): boolean {
  for (let first = begin; first < begin + planes * pixels; first += pixels) {
    const level = images[first];
    for (let i = first + 1; i < first + pixels; i += 1) if (images[i] !== level) return false;
  }
  return true;
}

/** Each picture is blank; together they may still differ. */
function refuseOne(name: string, { images, labels }: LoadedSplit, planes: number, pixels: number): void {
  const levels = Array.from({ length: planes }, (_, plane) => images[plane * pixels]);
  for (let plane = 0; plane < labels.length * planes; plane += 1) {
    if (images[plane * pixels] !== levels[plane % planes]) return;
  }
  const meaning = [0, 255].find((one) => levels.every((level) => level === one));
  const named = meaning === undefined ? '' : meaning === 0 ? ' (black)' : ' (white)';
  throw new DataError(
    `data: ${name}: expected pictures with something on them but all ${labels.length} training pictures are of the ` +
      `${planes === 1 ? 'grey level' : 'colour'} ${levels.join(', ')}${named} alone. Hint: look at one of them; white ink on white cannot be seen`,
  );
}
