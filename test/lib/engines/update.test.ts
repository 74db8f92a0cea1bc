/** `trainStep(indices, { update: optimizer.update(lr) })` against a step of the engine and one of the optimizer. */
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import type { Net } from '../../../lib/nets/net.js';
import { Adam } from '../../../lib/optimizers/adam.js';
import { AdamW } from '../../../lib/optimizers/adamw.js';
import type { Optimizer } from '../../../lib/optimizers/optimizer.js';
import { RMSprop } from '../../../lib/optimizers/rmsprop.js';
import { SGD } from '../../../lib/optimizers/sgd.js';
import { Random } from '../../../lib/random.js';

const random = new Random(5);
const train = {
  images: Uint8Array.from({ length: 40 * 1024 }, () => random.integer(256)),
  labels: Uint8Array.from({ length: 40 }, () => random.integer(10)),
  count: 40,
  shape: [1, 32, 32],
};
const normalization = { scale: 1 / 128, shift: -1 };
const indices = Uint32Array.from({ length: 37 }, (_, index) => (7 * index) % 40);
const optimizers: Record<string, (net: Net) => Optimizer> = {
  plain: (net) => new SGD(net, { lr: 0.05 }),
  'with momentum and decay': (net) =>
    new SGD(net, { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (net) => new Adam(net, { weightDecay: 0.01 }),
  AdamW: (net) => new AdamW(net, { weightDecay: 0.1 }),
  RMSprop: (net) => new RMSprop(net, { weightDecay: 0.01 }),
  'RMSprop with all that it has': (net) =>
    new RMSprop(net, { alpha: 0.9, momentum: 0.9, centered: true, weightDecay: 0.01 }),
};

function expectBits(actual: Float32Array, expected: Float32Array): void {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  expect(bytes(actual).equals(bytes(expected))).toBe(true);
}

/** The net after three steps, and the optimizer. */
function run(engine: 'lanes' | 'rows', make: (net: Net) => Optimizer, fused: boolean): [Net, Optimizer] {
  const net = new LeNet5({ seed: 3 });
  const optimizer = make(net);
  const runner = createEngine(engine, net, { normalization, train });
  for (const lr of [0.1, 0.05, 0.02]) {
    if (fused) {
      runner.trainStep(indices, { update: optimizer.update(lr) });
    } else {
      runner.trainStep(indices);
      optimizer.step(lr);
    }
  }
  return [net, optimizer];
}

describe.each(['lanes', 'rows'] as const)('%s', (engine) => {
  it.each(Object.keys(optimizers))('updates to the same bits: %s', (name) => {
    const [net, optimizer] = run(engine, optimizers[name], true);
    const [expected, expectedOptimizer] = run(engine, optimizers[name], false);
    expectBits(net.arena, expected.arena);
    expect(net.arena).not.toEqual(new LeNet5({ seed: 3 }).arena);
    const velocity = optimizer.state();
    const expectedVelocity = expectedOptimizer.state();
    expect([...velocity.keys()]).toEqual([...expectedVelocity.keys()]);
    for (const [key, { data }] of velocity) expectBits(data, expectedVelocity.get(key)?.data as Float32Array);
  });

  it('updates the net of the optimizer, not its own', () => {
    const net = new LeNet5({ seed: 3 });
    const other = new LeNet5({ seed: 4 });
    const before = net.arena.slice();
    const start = other.arena.slice();
    other.gradArena.fill(1);
    const update = new SGD(other, { lr: 0.5 }).update();
    createEngine(engine, net, { normalization, train }).trainStep(indices, { update });
    expectBits(net.arena, before);
    expectBits(
      other.arena,
      start.map((value) => value - 0.5),
    );
  });
});

describe('SGD.update', () => {
  it('leaves to step() what needs the rows of the step', () => {
    expect(new SGD(new LeNet5(), { lr: 0.1, biasGradient: 'mean' }).update()).toBeUndefined();
  });

  it('leaves to step() parameters of two nets', () => {
    const parameters = [...new LeNet5().parameters(), ...new LeNet5().parameters()];
    expect(new SGD(parameters, { lr: 0.1 }).update()).toBeUndefined();
  });
});
