// The functions of lib/kernels.ts and the addon's own: any arguments are refused or computed with, within the operands. An
// input is the seed of the arguments.
import * as kernels from '../../../dist/kernels.js';
import { addon, checked, codes, maybe, seeds } from '../calls.mjs';

/** @typedef {import('../operands.mjs').Operands} Operands */
/** @typedef {(o: Operands) => unknown[]} Arguments */

/** Sizes of a window and its images; the output has at least one pixel. @param {Operands} o @param {boolean} padded */
function geometry(o, padded) {
  const [n, c, h, w] = [o.integer(0, 3), o.integer(1, 3), o.integer(1, 9), o.integer(1, 18)];
  const padding = padded ? [o.integer(0, 2), o.integer(0, 2)] : [0, 0];
  const kernel = [o.integer(1, h + 2 * padding[0]), o.integer(1, w + 2 * padding[1])];
  if (o.random.chance(0.3) && h > 1 && w > 1) kernel.fill(2);
  const stride = o.random.chance(0.3) ? [...kernel] : [o.integer(1, 3), o.integer(1, 3)];
  const out = [0, 1].map(
    (axis) => Math.floor(([h, w][axis] + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1,
  );
  const native = [n, c, h, w, ...kernel, ...stride, ...padding];
  const options = padded ? { kernel, stride, padding } : { kernel, stride };
  return { n, c, h, w, kernel, out, pixels: out[0] * out[1], area: kernel[0] * kernel[1], native, options };
}

/** @type {Record<string, Arguments>} */
const functions = {
  im2row(o) {
    const g = geometry(o, true);
    return [o.tensor(g.n, g.c, g.h, g.w), { ...g.options, out: o.tensor(g.n * g.pixels, g.c * g.area) }];
  },
  row2im(o) {
    const g = geometry(o, true);
    const shape = [g.n, g.c, g.h, g.w];
    return [
      o.tensor(g.n * g.pixels, g.c * g.area),
      shape,
      { ...g.options, average: o.random.chance(0.5), out: o.tensor(...shape) },
    ];
  },
  pool2row(o) {
    const g = geometry(o, false);
    return [o.tensor(g.n, g.c, g.h, g.w), { ...g.options, out: o.tensor(g.n * g.c * g.pixels, g.area) }];
  },
  row2pool(o) {
    const g = geometry(o, false);
    const shape = [g.n, g.c, g.h, g.w];
    return [
      o.tensor(g.n * g.c * g.pixels, g.area),
      shape,
      { ...g.options, average: o.random.chance(0.5), out: o.tensor(...shape) },
    ];
  },
  matmul(o) {
    const [m, n, k] = [o.integer(0, 20), o.integer(0, 40), o.integer(0, 9)];
    const [transposeA, transposeB] = [o.random.chance(0.5), o.random.chance(0.5)];
    const a = transposeA ? o.tensor(k, m) : o.tensor(m, k);
    const b = transposeB ? o.tensor(n, k) : o.tensor(k, n);
    return [a, b, { transposeA, transposeB, alpha: 2, beta: o.integer(0, 1), out: o.tensor(m, n) }];
  },
  conv2d(o) {
    const { n, c, h, w, kernel, out, options } = geometry(o, true);
    const channels = o.integer(1, 7);
    const { stride, padding } = options;
    return [
      o.tensor(n, c, h, w),
      o.tensor(channels, c, ...kernel),
      o.tensor(channels),
      { stride, padding, out: o.tensor(n, channels, ...out) },
    ];
  },
  conv2dBackward(o) {
    const { n, c, h, w, kernel, out, options } = geometry(o, true);
    const channels = o.integer(1, 7);
    const { stride, padding } = options;
    const dx = maybe(o, () => o.tensor(n, c, h, w), null);
    return [
      o.tensor(n, c, h, w),
      o.tensor(channels, c, ...kernel),
      o.tensor(n, channels, ...out),
      { stride, padding, dx, dw: o.tensor(channels, c, ...kernel), db: o.tensor(channels) },
    ];
  },
  maxPool2d(o) {
    const { n, c, h, w, out, pixels, options } = geometry(o, false);
    return [
      o.tensor(n, c, h, w),
      { ...options, out: o.tensor(n, c, ...out), argmax: o.array(Uint16Array, n * c * pixels) },
    ];
  },
  maxPool2dBackward(o) {
    const { n, c, h, w, out, pixels, options } = geometry(o, false);
    const argmax = o.array(Uint16Array, n * c * pixels, o.random.pick([1, 4, 65536]));
    return [o.tensor(n, c, ...out), argmax, [n, c, h, w], { ...options, out: o.tensor(n, c, h, w) }];
  },
  relu(o) {
    const shape = [o.integer(0, 40), o.integer(1, 3)];
    const x = o.tensor(...shape);
    return [x, { out: o.random.chance(0.3) ? x : o.tensor(...shape) }];
  },
  reluBackward(o) {
    const shape = [o.integer(0, 40), o.integer(1, 3)];
    const dy = o.tensor(...shape);
    return [o.tensor(...shape), dy, { out: o.random.chance(0.3) ? dy : o.tensor(...shape) }];
  },
  linear(o) {
    const [n, ins, outs] = [o.integer(0, 9), o.integer(1, 40), o.integer(1, 20)];
    return [o.tensor(n, ins), o.tensor(outs, ins), o.tensor(outs), { out: o.tensor(n, outs) }];
  },
  linearBackward(o) {
    const [n, ins, outs] = [o.integer(0, 9), o.integer(1, 40), o.integer(1, 20)];
    const dx = maybe(o, () => o.tensor(n, ins), null);
    return [
      o.tensor(n, ins),
      o.tensor(outs, ins),
      o.tensor(n, outs),
      { dx, dw: o.tensor(outs, ins), db: o.tensor(outs) },
    ];
  },
  softmaxCrossEntropy(o) {
    const [n, classes] = [o.integer(0, 20), o.integer(1, 20)];
    return [
      o.tensor(n, classes),
      o.array(Int32Array, n, classes),
      { grad: maybe(o, () => o.tensor(n, classes), null), gradScale: 0.5 },
    ];
  },
  sgdUpdate(o) {
    const n = o.integer(0, 40);
    const velocity = maybe(o, () => o.tensor(n), null);
    return [
      o.tensor(n),
      o.tensor(n),
      { lr: 0.5, velocity, momentum: 0.5, nesterov: o.random.chance(0.5), weightDecay: 0.5, gradScale: 2 },
    ];
  },
  gatherImages(o) {
    const [count, height, width, n] = [o.integer(1, 9), o.integer(1, 7), o.integer(1, 7), o.integer(0, 9)];
    const indices = o.array(Uint32Array, n, count);
    return [
      o.array(Uint8Array, count * height * width, 256),
      [height, width],
      indices,
      { scale: 0.5, shift: 1, out: o.tensor(n, height, width) },
    ];
  },
};

/** The addon's own arguments, where lib/kernels.ts does not stand in between. @type {Record<string, Arguments>} */
const natives = {
  im2row: (o) => windowed(o, true, (g) => [g.x(), g.rows()]),
  row2im: (o) => windowed(o, true, (g) => [g.rows(), g.x(), o.random.chance(0.5)]),
  pool2row: (o) => windowed(o, false, (g) => [g.x(), g.rows()]),
  row2pool: (o) => windowed(o, false, (g) => [g.rows(), g.x(), o.random.chance(0.5)]),
  conv2dForward: (o) => windowed(o, true, (g) => [3, g.x(), o.floats(3 * g.c * g.area), o.floats(3), g.y(3)]),
  conv2dBackward(o) {
    return windowed(o, true, (g) => {
      const weights = 3 * g.c * g.area;
      return [3, g.x(), o.floats(weights), g.y(3), maybe(o, g.x, null), o.floats(weights), o.floats(3)];
    });
  },
  maxPool2dForward: (o) =>
    windowed(o, false, (g) => [g.x(), g.y(g.c), o.array(Uint16Array, g.n * g.c * g.pixels)]),
  maxPool2dBackward: (o) =>
    windowed(o, false, (g) => [
      g.y(g.c),
      o.array(Uint16Array, g.n * g.c * g.pixels, o.random.pick([1, 4, 65536])),
      g.x(),
    ]),
  sgemm(o) {
    const [m, n, k] = [o.integer(0, 20), o.integer(0, 40), o.integer(0, 9)];
    const [transA, transB] = [o.random.chance(0.5), o.random.chance(0.5)];
    const stored = (/** @type {number} */ rows, /** @type {number} */ columns) => {
      const ld = Math.max(1, columns) + o.integer(0, 3);
      return [o.floats(rows === 0 || columns === 0 ? 0 : (rows - 1) * ld + columns), ld];
    };
    const a = transA ? stored(k, m) : stored(m, k);
    const b = transB ? stored(n, k) : stored(k, n);
    return [transA, transB, m, n, k, 2, ...a, ...b, o.integer(0, 1), ...stored(m, n)];
  },
  activationForward: (o) => [...activation(o), ...same(o, 2)],
  activationBackward: (o) => [...activation(o), ...same(o, 4)],
  linearForward(o) {
    const [n, ins, outs] = [o.integer(0, 9), o.integer(1, 40), o.integer(1, 20)];
    return [n, ins, outs, o.floats(n * ins), o.floats(outs * ins), o.floats(outs), o.floats(n * outs)];
  },
  linearBackward(o) {
    const [n, ins, outs] = [o.integer(0, 9), o.integer(1, 40), o.integer(1, 20)];
    const dx = maybe(o, () => o.floats(n * ins), null);
    return [
      n,
      ins,
      outs,
      o.floats(n * ins),
      o.floats(outs * ins),
      o.floats(n * outs),
      dx,
      o.floats(outs * ins),
      o.floats(outs),
    ];
  },
  softmaxCrossEntropy(o) {
    const [n, classes] = [o.integer(0, 20), o.integer(1, 20)];
    return [
      n,
      classes,
      o.floats(n * classes),
      o.array(Int32Array, n, classes),
      0.5,
      maybe(o, () => o.floats(n * classes), null),
    ];
  },
  updateSegments: (o) => [update(o, o.integer(4, 40))],
  gatherImages(o) {
    const [count, size, n] = [o.integer(1, 9), o.integer(1, 40), o.integer(0, 9)];
    return [
      o.array(Uint8Array, count * size, 256),
      size,
      o.array(Uint32Array, n, count),
      0.5,
      1,
      o.floats(n * size),
    ];
  },
  gatherChannels(o) {
    const [count, channels, pixels, n] = [o.integer(1, 9), o.integer(1, 5), o.integer(1, 9), o.integer(0, 9)];
    const images = o.array(Uint8Array, count * channels * pixels, 256);
    return [images, ...channelsOf(o, { count, channels, pixels, n })];
  },
  gatherFloats(o) {
    const [count, channels, pixels, n] = [o.integer(1, 9), o.integer(1, 5), o.integer(1, 9), o.integer(0, 9)];
    return [o.floats(count * channels * pixels), ...channelsOf(o, { count, channels, pixels, n })];
  },
  augmentImages(o) {
    const [count, c, h, w, n] = [
      o.integer(1, 5),
      o.integer(1, 3),
      o.integer(1, 9),
      o.integer(1, 9),
      o.integer(0, 9),
    ];
    return [
      o.array(Uint8Array, count * c * h * w, 256),
      c,
      h,
      w,
      ...moved(o, { count, c, size: c * h * w, n }),
    ];
  },
  augmentFloats(o) {
    const [count, c, h, w, n] = [
      o.integer(1, 5),
      o.integer(1, 3),
      o.integer(1, 9),
      o.integer(1, 9),
      o.integer(0, 9),
    ];
    return [o.floats(count * c * h * w), c, h, w, ...moved(o, { count, c, size: c * h * w, n })];
  },
  setThreads: (o) => [o.integer(1, 3)],
};

/** What augmentations take behind the sizes of images. @param {Operands} o @param {Record<string, number>} sizes */
function moved(o, { count, c, size, n }) {
  const settings = Float64Array.of(o.integer(0, 3), 30, 0.5, 10, o.integer(0, 9), 2, 0.5, o.integer(0, 9), 1);
  return [o.array(Uint32Array, n, count), o.floats(c), o.floats(c), settings, o.floats(n * size)];
}

/** A layer on its own, forward or backward after a forward that fits. @param {Operands} o @param {boolean} spoilt */
function callLayer(o, spoilt) {
  const [count, c, h, w] = [o.integer(0, 20), o.integer(1, 5), o.integer(1, 5), o.integer(1, 5)];
  const places = { weight: 0, bias: c, runningMean: 0, runningVar: c };
  const norm = { op: 'batchNorm2d', features: c, eps: 0.5, momentum: 0.25, ...places };
  const step = o.random.pick([norm, { op: 'dropout', p: 0.5, place: o.integer(0, 3) }]);
  const [size, pair] = [count * c * h * w, () => (step === norm ? [o.floats(c), o.floats(c)] : [])];
  const arrays = { parameters: pair(), buffers: pair() };
  const draw = { training: o.random.chance(0.5), seed: o.integer(0, 9), step: o.integer(0, 9) };
  const forward = { count, ...draw, x: o.floats(size), y: o.floats(size), ...arrays };
  const dx = maybe(o, () => o.floats(size), null);
  const backward = { x: forward.x, dy: o.floats(size), dx, ...arrays, gradients: pair() };
  const back = o.random.chance(0.5);
  /** @type {Record<string, any>} */
  const call = back ? backward : forward;
  const layer = new addon.LayerStep([c, h, w], step);
  if (back) layer.forward(forward);
  if (spoilt) {
    const list = o.random.pick([Object.values(call), arrays.parameters, arrays.buffers]);
    if (list.length > 0) o.spoil(list);
    if (list.length > 2) for (const [at, name] of Object.keys(call).entries()) call[name] = list[at];
  }
  const result = back ? layer.backward(call) : layer.forward(call);
  return {
    name: `LayerStep.${back ? 'backward' : 'forward'}`,
    args: [call, ...Object.values(arrays).flat()],
    result,
  };
}

/** What gathers of channels take behind their images. @param {Operands} o @param {Record<string, number>} sizes */
function channelsOf(o, { count, channels, pixels, n }) {
  const indices = o.array(Uint32Array, n, count);
  return [channels, pixels, indices, o.floats(channels), o.floats(channels), o.floats(n * channels * pixels)];
}

/** @param {Operands} o @param {number} n */
function update(o, n) {
  const rule = o.random.pick(addon.tables().updates);
  const slot = (_, index) => (index < rule.needed ? o.floats(n) : maybe(o, () => o.floats(n), null));
  return {
    rule: rule.name,
    params: o.floats(n),
    grads: o.floats(n),
    state: rule.slots.map(slot),
    segments: Object.assign(o.array(Float64Array, 10), [0, 2, 0.5, 1, 1, o.integer(2, 3), n - 3, 0, 2, 0.5]),
    numbers: rule.numbers.map(() => 0.5),
  };
}

/** A name and a number. @param {Operands} o */
const activation = (o) => [
  o.random.pick(addon.tables().activations).name,
  o.random.pick([0, 0.01, -0.5, 1e30]),
];

/** @param {Operands} o @param {number} count */
function same(o, count) {
  const n = o.integer(0, 40);
  return Array.from({ length: count }, () => o.floats(n));
}

/** @param {Operands} o @param {boolean} padded @param {(g: any) => unknown[]} rest */
function windowed(o, padded, rest) {
  const g = geometry(o, padded);
  const x = () => o.floats(g.n * g.c * g.h * g.w);
  const rows = () => o.floats(g.n * g.c * g.pixels * g.area);
  const y = (/** @type {number} */ channels) => o.floats(g.n * channels * g.pixels);
  return [g.native, ...rest({ ...g, x, rows, y })];
}

/** @param {Record<string, Arguments>} table @param {any} object */
const from = (table, object) => (/** @type {Operands} */ o, /** @type {boolean} */ spoilt) => {
  const name = o.random.pick(Object.keys(table));
  const args = table[name](o);
  if (spoilt) o.spoil(args);
  if (spoilt && o.random.chance(0.3)) o.spoil(args);
  return { name, args, result: object[name](...args) };
};

/** @type {Record<string, import('../targets.mjs').Target>} */
export const kernelTargets = {
  kernels: {
    codes,
    seeds,
    generated: true,
    megabytes: 2500,
    run: (bytes) => checked(bytes, from(functions, kernels)),
  },
  layers: { codes, seeds, generated: true, run: (bytes) => checked(bytes, callLayer) },
  addon: { codes, seeds, generated: true, run: (bytes) => checked(bytes, from(natives, addon)) },
};
