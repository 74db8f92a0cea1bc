// Plans of random steps, and their methods.
import { addon, checked, codes, maybe, seeds } from '../calls.mjs';
import { trainPlan } from './plan-training.mjs';

/** @typedef {import('../operands.mjs').Operands} Operands */

/** Steps that fit each other, the floats of their parameters and the classes. @param {Operands} o */
function plan(o) {
  let [c, h, w] = [o.integer(1, 3), o.integer(1, 12), o.integer(1, 12)];
  const input = [c, h, w];
  /** @type {any[]} */
  const steps = [];
  let [arena, at] = [0, 0];
  /** Reads tensor `at`: 0 is the input, n the output of the nth step. @param {object} step */
  const push = (step) => {
    steps.push(at === steps.length ? step : { ...step, from: at });
    at = steps.length;
  };
  let linear = false;
  const take = (/** @type {number} */ floats) => {
    arena += floats + o.integer(0, 2);
    return arena - floats;
  };
  const activation = () => (o.random.chance(0.5) ? 'relu' : undefined);
  const linearStep = (
    /** @type {number} */ inFeatures,
    /** @type {number} */ outFeatures,
    /** @type {string | undefined} */ ending,
  ) => ({
    op: 'linear',
    inFeatures,
    outFeatures,
    activation: ending,
    weight: take(outFeatures * inFeatures),
    bias: take(outFeatures),
  });
  /** A step that gives what it takes; padded where it reads a copy. @param {boolean} padded */
  const sameStep = (padded) => {
    const kind = o.integer(0, 2);
    const pad = padded && h > 1 && w > 1 ? o.integer(0, 2) : 0;
    if (kind === 0) push({ op: 'activation', activation: 'relu' });
    else if (kind === 1)
      push(linear ? linearStep(c, c, activation()) : { op: 'maxPool2d', kernel: [1, 1], stride: [1, 1] });
    else {
      push({
        op: 'conv2d',
        outChannels: c,
        kernel: [1 + 2 * pad, 1 + 2 * pad],
        stride: [1, 1],
        padding: [pad, pad],
        activation: activation(),
        pool: false,
        weight: take(c * c * (1 + 2 * pad) ** 2),
        bias: take(c),
      });
    }
  };
  /** @param {number} levels of residuals within it */
  const residual = (levels) => {
    const source = at;
    push({ op: 'branch' });
    for (let left = o.integer(0, 2); left > 0; left -= 1) {
      if (levels > 0 && o.random.chance(0.3)) residual(levels - 1);
      else sameStep(true);
    }
    const end = at;
    at = source;
    if (o.random.chance(0.5)) sameStep(!linear);
    const other = at;
    at = end;
    push({ op: 'add', with: other, activation: activation() });
  };
  for (let left = o.integer(0, 4); left > 0; left -= 1) {
    const kind = o.integer(0, 3);
    const wasLinear = linear;
    linear = kind === 3;
    if (kind === 0) {
      const channels = o.integer(1, 9);
      const square = o.random.chance(0.4) && Math.min(h, w) >= 5;
      // No padding behind a linear step; else below the kernel, which may be larger than its input.
      const [ph, pw] = wasLinear || square ? [0, 0] : [o.integer(0, 2), o.integer(0, 2)];
      const [kh, kw] = square
        ? [5, 5]
        : [o.integer(ph + 1, Math.max(ph + 1, h + 2 * ph)), o.integer(pw + 1, Math.max(pw + 1, w + 2 * pw))];
      const [sh, sw] = square ? [1, 1] : [o.integer(1, 3), o.integer(1, 3)];
      const [oh, ow] = [Math.floor((h + 2 * ph - kh) / sh) + 1, Math.floor((w + 2 * pw - kw) / sw) + 1];
      const pooled = oh >= 2 && ow >= 2 && o.random.chance(0.5);
      push({
        op: 'conv2d',
        outChannels: channels,
        kernel: [kh, kw],
        stride: [sh, sw],
        padding: [ph, pw],
        activation: activation(),
        pool: pooled,
        weight: take(channels * c * kh * kw),
        bias: take(channels),
      });
      [c, h, w] = [channels, pooled ? oh >> 1 : oh, pooled ? ow >> 1 : ow];
    } else if (kind === 1) {
      const [kh, kw] = [o.integer(1, h), o.integer(1, w)];
      const [sh, sw] = [o.integer(1, 3), o.integer(1, 3)];
      push({ op: 'maxPool2d', kernel: [kh, kw], stride: [sh, sw] });
      [h, w] = [Math.floor((h - kh) / sh) + 1, Math.floor((w - kw) / sw) + 1];
    } else if (kind === 2) {
      push({ op: 'activation', activation: 'relu' });
    } else {
      const outs = o.integer(1, 20);
      push(linearStep(c * h * w, outs, activation()));
      [c, h, w] = [outs, 1, 1];
    }
    if (o.random.chance(0.3)) residual(2);
  }
  const classes = o.integer(1, 12);
  push(linearStep(c * h * w, classes, undefined));
  if (o.random.chance(0.1)) {
    [c, h, w, linear] = [classes, 1, 1, true];
    residual(1);
  }
  return { input, steps, classes, arena };
}

/** Puts something else in place of one field. @param {Operands} o @param {Record<string, unknown>} object */
function spoilField(o, object) {
  const values = Object.values(object);
  o.spoil(values);
  for (const [at, name] of Object.keys(object).entries()) object[name] = values[at];
}

/** A plan in training, or with the arguments of one of its methods. @param {Operands} o @param {boolean} spoilt */
function callPlan(o, spoilt) {
  const { input, steps, classes, arena } = plan(o);
  if (!spoilt && o.random.chance(0.7)) return trainPlan(o, { input, steps, classes, arena });
  /** @type {unknown[]} */
  const planArgs = [
    input,
    steps,
    ...o.random.pick([['crossEntropy'], ['crossEntropy', 0.25], ['mse'], ['bceWithLogits']]),
  ];
  if (spoilt && o.random.chance(0.4)) {
    if (o.random.chance(0.5)) o.spoil(planArgs);
    else spoilField(o, o.random.pick(steps));
  }
  const made = new addon.LanePlan(...planArgs);
  const size = input[0] * input[1] * input[2];
  const [count, n] = [o.integer(1, 5), o.integer(0, 40)];
  const batch = {
    images: o.array(Uint8Array, count * size, 256),
    labels: o.array(Uint8Array, count, classes),
    values: o.array(Float32Array, count * classes, 2),
    indices: o.array(Uint32Array, n, count),
    scale: 1 / 64,
    shift: -2,
    parameters: o.floats(arena),
    buffers: o.floats(0),
  };
  const gradients = o.floats(arena);
  const segments = Object.assign(o.array(Float64Array, 5), [0, arena, 0, 1, 1]);
  const state = [maybe(o, () => o.floats(arena), null)];
  const params = batch.parameters;
  const update = { rule: 'sgd', params, grads: gradients, state, segments, numbers: [0.5, 0.5, 0] };
  if (spoilt && o.random.chance(0.4)) spoilField(o, update);
  const seconds = o.array(Float64Array, 3 + 2 * steps.length);
  const step = { ...batch, gradScale: 1 / 64, seed: 1, step: 2, seconds: maybe(o, () => seconds, undefined) };
  const calls = {
    trainStep: o.random.chance(0.5) ? { ...step, gradients } : { ...step, update },
    evaluate: { ...batch, predictions: o.array(Int32Array, n) },
    predict: [n, o.floats(n * size), params, batch.buffers, o.floats(n * classes)],
  };
  const method = o.random.pick(/** @type {(keyof typeof calls)[]} */ (Object.keys(calls)));
  const call = calls[method];
  if (spoilt && Array.isArray(call)) o.spoil(call);
  else if (spoilt) spoilField(o, call);
  const args = Array.isArray(call) ? call : [call];
  return { name: method, args: Object.values(call), result: made[method](...args) };
}

/** @type {Record<string, import('../targets.mjs').Target>} */
export const planTargets = {
  plans: { codes, seeds, generated: true, run: (bytes) => checked(bytes, callPlan) },
};
