// Ten classes in pictures of 3x32x32, as CIFAR-10 has them, where CIFAR-10 itself is not at hand: handwritten digits.
import { Random } from '../../dist/index.js';

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const NOISE = 24;

/**
 * The first `count` digits, padded to 32x32, each in a light colour of its own on a gradient between two dark ones, with
 * normal noise on every value.
 */
export function colouredDigits({ images: digits, labels }, count, seed) {
  const random = new Random(seed);
  const dark = () => [random.integer(96), random.integer(96), random.integer(96)];
  const images = new Uint8Array(count * 3 * PIXELS);
  for (let index = 0; index < count; index += 1) {
    const [from, to] = [dark(), dark()];
    const ink = dark().map((value) => 255 - value);
    const angle = (2 * Math.PI * random.integer(3600)) / 3600;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    for (let pixel = 0; pixel < PIXELS; pixel += 1) {
      const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
      const along = 0.5 + (dx * (x - SIDE / 2) + dy * (y - SIDE / 2)) / (SIDE * Math.SQRT2);
      const cover = digits[index * PIXELS + pixel] / 255;
      for (let channel = 0; channel < 3; channel += 1) {
        const behind = from[channel] + (to[channel] - from[channel]) * along;
        const value = behind + (ink[channel] - behind) * cover + NOISE * random.normal();
        images[(index * 3 + channel) * PIXELS + pixel] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
  }
  const data = { images, labels: labels.slice(0, count), count, shape: [3, SIDE, SIDE], classes: 10 };
  return { name: 'coloured digits', ...data };
}
