// Run by the tests in a process of its own, since ROWNET_MAX_ISA is read once a process:
//   node addon-program.mjs train      trains a small net, prints { isa, losses, correct } as JSON
//   node addon-program.mjs names      prints the names of the functions that choose a level, as JSON
//   node addon-program.mjs NAME       calls that function, before any other
// It calls the addon itself, so that nothing in between chooses a level earlier or hides an error.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const addon = createRequire(import.meta.url)(join(root, 'build', 'Release', 'rownet.node'));
addon.setThreads(2);

const floats = (n) => new Float32Array(n);

const sgd = (params, grads, velocity, numbers) => ({
  ...{ rule: 'sgd', params, grads, state: [velocity], numbers },
  segments: Float64Array.of(0, params.length, 1e-4, 1, 1),
});

function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

// 64 pictures of 8 x 8 bytes with one bright quarter, which is the class.
function train() {
  const [n, channels, hidden, classes] = [64, 5, 5 * 3 * 3, 4];
  const next = random(1);
  const pixels = new Uint8Array(n * 64);
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  pixels.forEach((_, i) => {
    const [image, y, x] = [i >> 6, (i >> 3) & 7, i & 7];
    const bright = labels[image] === (y >> 2) * 2 + (x >> 2);
    pixels[i] = 100 + 60 * next() + (bright ? 60 : 0);
  });
  const initial = (size, scale) => floats(size).map(() => scale * next());
  const weights = {
    w1: initial(channels * 9, 0.3),
    b1: floats(channels),
    w2: initial(classes * hidden, 0.15),
    b2: floats(classes),
  };
  const gradients = Object.fromEntries(
    Object.entries(weights).map(([name, { length }]) => [name, floats(length)]),
  );
  const velocities = Object.fromEntries(
    Object.entries(weights).map(([name, { length }]) => [name, floats(length)]),
  );
  const conv = [n, 1, 8, 8, 3, 3, 1, 1, 0, 0];
  const pool = [n, channels, 6, 6, 2, 2, 2, 2, 0, 0];
  const x = floats(n * 64);
  const y1 = floats(n * channels * 36);
  const d1 = floats(y1.length);
  const p1 = floats(n * hidden);
  const dp1 = floats(p1.length);
  const argmax = new Uint16Array(p1.length);
  const logits = floats(n * classes);
  const dlogits = floats(logits.length);
  const indices = Uint32Array.from({ length: n }, (_, i) => i);
  const losses = [];
  let correct = 0;
  for (let step = 0; step < 60; step++) {
    const { w1, b1, w2, b2 } = weights;
    addon.gatherImages(pixels, 64, indices, 1 / 128, -1, x);
    addon.conv2dForward(conv, channels, x, w1, b1, y1);
    addon.activationForward('relu', 0, y1, y1);
    addon.maxPool2dForward(pool, y1, p1, argmax);
    addon.linearForward(n, hidden, classes, p1, w2, b2, logits);
    const result = addon.softmaxCrossEntropy(n, classes, logits, labels, 1 / n, dlogits);
    losses.push(result.loss / n);
    correct = result.correct;
    addon.linearBackward(n, hidden, classes, p1, w2, dlogits, dp1, gradients.w2, gradients.b2);
    addon.maxPool2dBackward(pool, dp1, argmax, d1);
    addon.activationBackward('relu', 0, null, y1, d1, d1);
    addon.conv2dBackward(conv, channels, x, w1, d1, null, gradients.w1, gradients.b1);
    for (const name of Object.keys(weights)) {
      addon.updateSegments(sgd(weights[name], gradients[name], velocities[name], [0.1, 0.9, 1]));
    }
  }
  return { isa: addon.info().isa, levels: addon.info().isaLevels, losses, correct };
}

// Large enough that each is shared out over the pool's threads.
const many = [8, 2, 32, 32, 2, 2, 2, 2, 0, 0];
const size = 8 * 2 * 32 * 32;
const pooled = size / 4;
const calls = {
  // One linear step of 4 features to 2; parameters from the start of the arena.
  LanePlan: () =>
    new addon.LanePlan(
      [1, 2, 2],
      [{ op: 'linear', inFeatures: 4, outFeatures: 2, weight: 0, bias: 8 }],
      'crossEntropy',
    ),
  LayerStep: () => new addon.LayerStep([1, 2, 2], { op: 'dropout', p: 0.5, place: 0 }),
  info: () => addon.info(),
  fmaBurst: () => addon.fmaBurst(2, 0.01),
  im2row: () => addon.im2row(many, floats(size), floats(size)),
  row2im: () => addon.row2im(many, floats(size), floats(size), true),
  pool2row: () => addon.pool2row(many, floats(size), floats(size)),
  row2pool: () => addon.row2pool(many, floats(size), floats(size), false),
  sgemm: () =>
    addon.sgemm(false, false, 64, 64, 64, 1, floats(4096), 64, floats(4096), 64, 0.5, floats(4096), 64),
  conv2dForward: () => addon.conv2dForward(many, 3, floats(size), floats(24), floats(3), floats(pooled * 3)),
  conv2dBackward: () =>
    addon.conv2dBackward(many, 3, floats(size), floats(24), floats(pooled * 3), null, floats(24), floats(3)),
  maxPool2dForward: () => addon.maxPool2dForward(many, floats(size), floats(pooled), new Uint16Array(pooled)),
  maxPool2dBackward: () =>
    addon.maxPool2dBackward(many, floats(pooled), new Uint16Array(pooled), floats(size)),
  activationForward: () => addon.activationForward('relu', 0, floats(size), floats(size)),
  activationBackward: () =>
    addon.activationBackward('relu', 0, null, floats(size), floats(size), floats(size)),
  linearForward: () => addon.linearForward(64, 64, 64, floats(4096), floats(4096), floats(64), floats(4096)),
  linearBackward: () =>
    addon.linearBackward(
      64,
      64,
      64,
      floats(4096),
      floats(4096),
      floats(4096),
      null,
      floats(4096),
      floats(64),
    ),
  updateSegments: () => addon.updateSegments(sgd(floats(size), floats(size), null, [0.1, 0, 0])),
  gatherImages: () =>
    addon.gatherImages(new Uint8Array(size), 256, Uint32Array.of(0, 1, 2, 3), 1, 0, floats(1024)),
  gatherChannels: () =>
    addon.gatherChannels(
      new Uint8Array(size),
      4,
      64,
      Uint32Array.of(0, 1),
      floats(4),
      floats(4),
      floats(512),
    ),
  augmentImages: () => addon.augmentImages(new Uint8Array(size), 1, 8, 8, Uint32Array.of(0), ...moved()),
  augmentFloats: () => addon.augmentFloats(floats(size), 1, 8, 8, Uint32Array.of(0), ...moved()),
  gatherFloats: () =>
    addon.gatherFloats(floats(size), 4, 64, Uint32Array.of(0, 1), floats(4), floats(4), floats(512)),
};

/** What augmentations take behind their indices. */
function moved() {
  return [floats(1), floats(1), Float64Array.of(1, 10, 0.1, 5, 4, 1, 0.5, 1, 0), floats(64)];
}

const [name = ''] = process.argv.slice(2);
if (name === 'train') {
  console.log(JSON.stringify(train()));
} else if (name === 'names') {
  console.log(JSON.stringify(Object.keys(calls)));
} else {
  calls[name]();
}
