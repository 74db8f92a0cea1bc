// Plans of random steps, and their methods.
import { addon, checked, codes, maybe, seeds } from '../calls.mjs';
import { trainPlan } from './plan-training.mjs';

/** @typedef {import('../operands.mjs').Operands} Operands */

/** Steps that fit each other, the floats of their parameters and the classes. @param {Operands} o */
function plan(o) {
  let [c, h, w] = [o.integer(1, 3), o.integer(1, 12), o.integer(1, 12)];
  const input = [c, h, w];
  const steps = [];
  let arena = 0;
  let linear = false;
  const take = (/** @type {number} */ floats) => {
    arena += floats + o.integer(0, 2);
    return arena - floats;
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
      steps.push([
        0,
        channels,
        kh,
        kw,
        sh,
        sw,
        ph,
        pw,
        0,
        0,
        o.integer(0, 1),
        Number(pooled),
        take(channels * c * kh * kw),
        take(channels),
      ]);
      [c, h, w] = [channels, pooled ? oh >> 1 : oh, pooled ? ow >> 1 : ow];
    } else if (kind === 1) {
      const [kh, kw] = [o.integer(1, h), o.integer(1, w)];
      const [sh, sw] = [o.integer(1, 3), o.integer(1, 3)];
      steps.push([1, 0, kh, kw, sh, sw, 0, 0, 0, 0, 0, 0, 0, 0]);
      [h, w] = [Math.floor((h - kh) / sh) + 1, Math.floor((w - kw) / sw) + 1];
    } else if (kind === 2) {
      steps.push([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    } else {
      const outs = o.integer(1, 20);
      steps.push([
        3,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        c * h * w,
        outs,
        o.integer(0, 1),
        0,
        take(outs * c * h * w),
        take(outs),
      ]);
      [c, h, w] = [outs, 1, 1];
    }
  }
  const classes = o.integer(1, 12);
  steps.push([3, 0, 0, 0, 0, 0, 0, 0, c * h * w, classes, 0, 0, take(classes * c * h * w), take(classes)]);
  return { input, steps, classes, arena };
}

/** A plan in training, or with the arguments of one of its methods. @param {Operands} o @param {boolean} spoilt */
function callPlan(o, spoilt) {
  const { input, steps, classes, arena } = plan(o);
  if (!spoilt && o.random.chance(0.7)) return trainPlan(o, { input, steps, classes, arena });
  const planArgs = [...input, steps];
  if (spoilt && o.random.chance(0.4)) o.spoil(o.random.chance(0.5) ? planArgs : o.random.pick(steps));
  const made = new addon.LanePlan(...planArgs);
  const size = input[0] * input[1] * input[2];
  const [count, n] = [o.integer(1, 5), o.integer(0, 40)];
  const batch = [
    o.array(Uint8Array, count * size, 256),
    o.array(Uint8Array, count, classes),
    o.array(Uint32Array, n, count),
    1 / 64,
    -2,
  ];
  const [params, grads] = [o.floats(arena), o.floats(arena)];
  const segments = Object.assign(o.array(Float64Array, 4), [0, arena, 0, 1]);
  const state = [maybe(o, () => o.floats(arena), null)];
  const update = { rule: 'sgd', params, grads, state, segments, numbers: [0.5, 0.5, 0] };
  if (spoilt && o.random.chance(0.4)) o.spoil([update]);
  const step = [...batch, params, 1 / 64, grads, o.random.chance(0.5) ? update : null];
  const calls = {
    trainStep: step,
    timeStep: [...step, o.array(Float64Array, 3 + 2 * steps.length)],
    evaluate: [...batch, o.floats(arena), o.array(Int32Array, n)],
    predict: [n, o.floats(n * size), o.floats(arena), o.floats(n * classes)],
  };
  const method = o.random.pick(/** @type {(keyof typeof calls)[]} */ (Object.keys(calls)));
  const args = calls[method];
  if (spoilt) o.spoil(args);
  return { name: method, args, result: made[method](...args) };
}

/** @type {Record<string, import('../targets.mjs').Target>} */
export const planTargets = {
  plans: { codes, seeds, generated: true, run: (bytes) => checked(bytes, callPlan) },
};
