// What the searches of this folder train besides LeNet-5: data sets and nets that are not MNIST's.
import {
  Conv2d,
  Flatten,
  LeNet5,
  Linear,
  MaxPool2d,
  Net,
  Random,
  ReLU,
  Sequential,
} from '../../dist/index.js';

/** Outlines of circles, squares, triangles and crosses: random in place, size and line width, light on dark. */
export function drawShapes(count, seed, side = 32) {
  const random = new Random(seed);
  const between = (low, high) => low + ((high - low) * random.integer(2 ** 20)) / 2 ** 20;
  const classNames = ['circle', 'cross', 'square', 'triangle'];
  const labels = Uint8Array.from({ length: count }, (_, index) => index % classNames.length);
  const images = new Uint8Array(count * side * side);
  for (const [index, label] of labels.entries()) {
    const [radius, width] = [between(5, 12), between(1, 3)];
    const [x0, y0] = [between(radius + 2, side - radius - 2), between(radius + 2, side - radius - 2)];
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const away = radius * distances[label]((x - x0) / radius, (y - y0) / radius);
        const ink = Math.min(1, Math.max(0, width / 2 + 0.5 - away));
        images[(index * side + y) * side + x] = Math.round(255 * ink);
      }
    }
  }
  return { name: 'shapes', images, labels, count, shape: [1, side, side], classes: 4, classNames };
}

/** Of a point from the outline of each shape, in radii. */
const distances = [
  (x, y) => Math.abs(Math.hypot(x, y) - 1),
  (x, y) =>
    toLines(
      x,
      y,
      [
        [-1, 0],
        [1, 0],
      ],
      [
        [0, -1],
        [0, 1],
      ],
    ),
  (x, y) =>
    toLines(x, y, [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
      [-1, -1],
    ]),
  (x, y) =>
    toLines(x, y, [
      [0, -1],
      [1, 1],
      [-1, 1],
      [0, -1],
    ]),
];

function toLines(x, y, ...lines) {
  const all = lines.flatMap((line) => line.slice(1).map((end, index) => [line[index], end]));
  return Math.min(
    ...all.map(([[ax, ay], [bx, by]]) => {
      const [dx, dy] = [bx - ax, by - ay];
      const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
      return Math.hypot(x - ax - t * dx, y - ay - t * dy);
    }),
  );
}

/** These images of a data set, in this order. */
export function pick(dataset, indices) {
  const size = dataset.images.length / dataset.count;
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  for (const [to, from] of indices.entries()) {
    images.set(dataset.images.subarray(from * size, (from + 1) * size), to * size);
    labels[to] = dataset.labels[from];
  }
  return { ...dataset, images, labels, count: indices.length };
}

/** Dark on light. */
export const invert = (dataset) => ({ ...dataset, images: dataset.images.map((pixel) => 255 - pixel) });

const conv = (inChannels, outChannels, padding = 0) =>
  new Conv2d({ inChannels, outChannels, kernel: 3, padding });
const linear = (inFeatures, outFeatures) => new Linear({ inFeatures, outFeatures });
const pool = () => new MaxPool2d({ kernel: 2 });
const build = (layers, seed) => {
  const named = layers.map((layer, index) => [`layer${index}`, layer]);
  return new Net(new Sequential(Object.fromEntries(named)), { inputShape: [1, 32, 32], seed });
};

/** Nets for images of 32x32, by name. */
export const nets = {
  lenet5: (seed, classes) => new LeNet5({ seed, classes }),
  'one matrix': (seed, classes) => build([new Flatten(), linear(1024, classes)], seed),
  'one hidden layer': (seed, classes) =>
    build([new Flatten(), linear(1024, 128), new ReLU(), linear(128, classes)], seed),
  'three hidden layers': (seed, classes) =>
    build(
      [
        ...[new Flatten(), linear(1024, 128), new ReLU(), linear(128, 64), new ReLU()],
        ...[linear(64, 64), new ReLU(), linear(64, classes)],
      ],
      seed,
    ),
  'padded 3x3': (seed, classes) =>
    build(
      [
        ...[conv(1, 8, 1), new ReLU(), pool(), conv(8, 16, 1), new ReLU(), pool()],
        ...[new Flatten(), linear(16 * 64, classes)],
      ],
      seed,
    ),
  'four convolutions': (seed, classes) =>
    build(
      [
        ...[conv(1, 8), new ReLU(), conv(8, 8), new ReLU(), pool()],
        ...[conv(8, 16), new ReLU(), conv(16, 16), new ReLU(), pool()],
        ...[new Flatten(), linear(16 * 25, 64), new ReLU(), linear(64, classes)],
      ],
      seed,
    ),
};
