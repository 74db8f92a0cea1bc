/** Digits drawn as strokes, in the manner of a hand: none of them is of MNIST. */
import type { GreyImage } from '../../lib/images/limits.js';
import { Random } from '../../lib/random.js';

type Point = readonly [x: number, y: number];

/** Part of an ellipse, clockwise by degrees from the right. */
function arc([cx, cy]: Point, [rx, ry]: Point, from: number, to: number): Point[] {
  const steps = Math.max(2, Math.ceil(Math.abs(to - from) / 15));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)] as const;
  });
}

const digits: readonly (readonly (readonly Point[])[])[] = [
  [arc([0.5, 0.5], [0.17, 0.28], -100, 265)],
  [
    [
      [0.53, 0.2],
      [0.49, 0.8],
    ],
  ],
  [[...arc([0.5, 0.35], [0.17, 0.15], -170, 35), [0.33, 0.77], [0.7, 0.76]]],
  [[...arc([0.48, 0.34], [0.16, 0.14], -150, 90), ...arc([0.48, 0.63], [0.19, 0.16], -90, 150)]],
  [
    [
      [0.38, 0.2],
      [0.32, 0.53],
      [0.68, 0.53],
    ],
    [
      [0.63, 0.25],
      [0.6, 0.8],
    ],
  ],
  [[[0.66, 0.22], [0.4, 0.22], [0.37, 0.46], ...arc([0.48, 0.61], [0.18, 0.17], -110, 140)]],
  [[[0.58, 0.19], [0.4, 0.45], ...arc([0.5, 0.63], [0.15, 0.16], -170, 190)]],
  [
    [
      [0.32, 0.23],
      [0.68, 0.22],
      [0.45, 0.8],
    ],
  ],
  [[...arc([0.5, 0.35], [0.14, 0.14], 60, -210), ...arc([0.5, 0.64], [0.17, 0.16], -120, 250)]],
  [[...arc([0.5, 0.36], [0.15, 0.15], 20, -340), [0.64, 0.4], [0.58, 0.8]]],
];

/** In units of the image, from 0 to 1. */
export function strokesOf(digit: number): readonly (readonly Point[])[] {
  return digits[digit];
}

export interface DrawOptions {
  /** Height and width in pixels. Default 100. */
  readonly size?: number;
  /** Width of the pen, as a share of the size. Default 0.06. */
  readonly pen?: number;
  /** Slant, scale and place vary with it. Default 0: none. */
  readonly seed?: number;
}

/** White on black. */
export function drawDigit(digit: number, { size = 100, pen = 0.06, seed = 0 }: DrawOptions = {}): GreyImage {
  const random = new Random(seed);
  const vary = (range: number) => (seed === 0 ? 0 : range * (2 * random.uniform() - 1));
  const [slant, scale, dx, dy] = [vary(0.15), 1 + vary(0.2), vary(0.08), vary(0.08)];
  const place = ([x, y]: Point): Point => [
    (0.5 + dx + scale * (x - 0.5 + slant * (0.5 - y))) * size,
    (0.5 + dy + scale * (y - 0.5)) * size,
  ];
  const strokes = digits[digit].map((stroke) => stroke.map(place));
  const radius = (pen * size) / 2;
  const grey = new Uint8Array(size * size);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      let nearest = Number.POSITIVE_INFINITY;
      for (const stroke of strokes) {
        for (let i = 1; i < stroke.length; i += 1) {
          nearest = Math.min(nearest, distance([x + 0.5, y + 0.5], stroke[i - 1], stroke[i]));
        }
      }
      grey[y * size + x] = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - nearest)));
    }
  }
  return { width: size, height: size, grey };
}

function distance([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length));
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
}
