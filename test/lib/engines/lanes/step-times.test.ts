/** Timed steps of the lanes engine, and the binding beneath them. */
import { describe, expect, it } from 'vitest';
import { LanesEngine } from '../../../../lib/engines/lanes/engine.js';
import { compileNet } from '../../../../lib/engines/lanes/compile.js';
import { LeNet5 } from '../../../../lib/nets/lenet5.js';
import { SGD } from '../../../../lib/optimizers/sgd.js';
import { itRefuses, RANGE, resizableBuffer, TYPE, wrong } from '../../../support/misuse.js';
import { randomImages } from '../../../support/random-data.js';

const train = randomImages(40, [1, 32, 32], 10, 5);
const normalization = { scale: 1 / 128, shift: -1 };
const indices = Uint32Array.from({ length: 37 }, (_, index) => (7 * index) % 40);

describe('LanesEngine.timeStep', () => {
  it.each([
    ['with an update', true],
    ['without', false],
  ])('trains to the bits of trainStep, %s', (_, updates) => {
    const run = (timed: boolean) => {
      const net = new LeNet5({ seed: 3 });
      const optimizer = new SGD(net, { lr: 0.05, momentum: 0.9 });
      const engine = new LanesEngine(net, { normalization, train });
      const losses = [1, 2, 3].map(() => {
        const update = updates ? optimizer.update() : undefined;
        const { loss, correct } = timed
          ? engine.timeStep(indices, { update })
          : engine.trainStep(indices, { update });
        return [loss, correct];
      });
      const [parameters, gradients] = [net.arena, net.gradArena].map(bits);
      return { losses, parameters, gradients, rows: net.parameters()[0].rows };
    };
    expect(run(true)).toEqual(run(false));
  });

  it('has the time of each fused step', () => {
    const net = new LeNet5({ seed: 3 });
    const engine = new LanesEngine(net, { normalization, train });
    const { times } = engine.timeStep(indices, { update: new SGD(net, { lr: 0.05 }).update() });
    expect(times.steps.map(({ layers }) => layers.join('+'))).toEqual([
      ...['conv1+relu1+pool1', 'conv2+relu2+pool2', 'conv3+relu3', 'fc1+relu4', 'fc2'],
    ]);
    const { gather, loss, update, steps } = times;
    const all = [gather, loss, update, ...steps.flatMap(({ forward, backward }) => [forward, backward])];
    for (const seconds of all) expect(seconds).toBeGreaterThan(0);
    expect(engine.timeStep(indices).times.update).toBe(0);
  });
});

describe('seconds of NativeLanePlan.trainStep', () => {
  const net = new LeNet5({ seed: 3 });
  const compiled = compileNet(net);
  const velocities = new Float32Array(net.arena.length);
  const time = (seconds: Float64Array, images = train.images) => {
    if ('reason' in compiled) throw new Error(compiled.reason);
    const { arena, gradArena } = net;
    const update = {
      rule: 'sgd',
      params: arena,
      grads: gradArena,
      state: [velocities],
      segments: Float64Array.of(0, arena.length, 0, 1, 1),
      numbers: [0, 0, 0],
    };
    const batch = { images, labels: train.labels, indices, scale: 1, shift: 0 };
    const numbers = { gradScale: 1, seed: 0, step: 0 };
    const buffers = new Float32Array(0);
    return compiled.plan.trainStep({ ...batch, ...numbers, parameters: arena, buffers, update, seconds });
  };
  const where = 'LanePlan.trainStep: expected';
  itRefuses(TYPE, {
    [`${where} seconds to be a Float64Array`]: [
      () => time(wrong(null)),
      () => time(wrong(new Float32Array(13))),
    ],
    [`${where} seconds to be backed by an ArrayBuffer that is not shared`]: () =>
      time(wrong(new Float64Array(new SharedArrayBuffer(104)))),
    'LanePlan.trainStep: expected seconds to be backed by an ArrayBuffer of fixed length (this one is res...':
      () => time(new Float64Array(resizableBuffer(104))),
  });
  itRefuses(RANGE, {
    [`${where} seconds to hold at least 13 elements but received 12`]: () => time(new Float64Array(12)),
    "LanePlan.trainStep: expected seconds to share no memory with the call's other arrays. Pass a separat...":
      [() => time(over(net.arena)), () => time(over(net.gradArena)), () => time(over(velocities))],
    'LanePlan.trainStep: expected indices below 39 but index 17 is 39': () =>
      time(new Float64Array(13), train.images.subarray(1)),
  });

  it('writes the seconds and nothing behind them', () => {
    const seconds = new Float64Array(14).fill(-1);
    time(seconds);
    expect(seconds.subarray(0, 13).every((value) => value > 0)).toBe(true);
    expect(seconds[13]).toBe(-1);
  });
});

const bits = ({ buffer }: Float32Array) => Buffer.from(buffer).toString('base64');

function over({ buffer }: Float32Array): Float64Array {
  return new Float64Array(buffer as ArrayBuffer, 0, 13);
}
