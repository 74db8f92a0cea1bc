/** Class folders whose classes differ in nothing but their hue: as grey pictures they are alike. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng } from '../../lib/images/png-encode.js';
import { Random } from '../../lib/random.js';

/** Of about one luma. */
const hues = { blue: [90, 90, 230], green: [60, 131, 60], red: [200, 60, 60] } as const;

export type Hue = keyof typeof hues;

/** A disc of the hue on light, noisy paper, as a PNG of three channels. */
export function discPng(hue: Hue, seed: number, [width, height] = [34, 38]): Uint8Array {
  const random = new Random(seed);
  const [left, top, radius] = [10 + random.integer(14), 10 + random.integer(14), 5 + random.integer(5)];
  const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [(Math.floor(i / 3) % width) - left, Math.floor(i / 3 / width) - top];
    const level = x * x + y * y < radius * radius ? hues[hue][i % 3] : 215;
    return level + random.integer(25);
  });
  return encodePng(pixels, width, height);
}

/** `count` pictures a class for training, a quarter of them for testing. */
export function writeColourFolders(path: string, count: number): void {
  for (const [split, pictures] of [['train', count] as const, ['test', Math.ceil(count / 4)] as const]) {
    for (const [label, hue] of (Object.keys(hues) as Hue[]).entries()) {
      mkdirSync(join(path, split, hue), { recursive: true });
      for (let i = 0; i < pictures; i += 1) {
        const seed = 1000 * label + i + (split === 'test' ? 500 : 0);
        writeFileSync(join(path, split, hue, `${i}.png`), discPng(hue, seed));
      }
    }
  }
}
