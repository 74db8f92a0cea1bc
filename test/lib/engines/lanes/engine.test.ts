/** The lanes engine against the rows engine, on nets and batches that nobody chose. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../../lib/engines/create.js';
import type { ImageSet } from '../../../../lib/engines/engine.js';
import { runtimeInfo, setThreads } from '../../../../lib/kernels/runtime.js';
import { Conv2d } from '../../../../lib/layers/conv2d.js';
import { Flatten } from '../../../../lib/layers/flatten.js';
import { Linear } from '../../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../../lib/layers/relu.js';
import { Sequential } from '../../../../lib/layers/sequential.js';
import { LeNet5 } from '../../../../lib/nets/lenet5.js';
import { Net } from '../../../../lib/nets/net.js';
import { planNet } from '../../../../lib/engines/lanes/plan.js';
import { Tensor } from '../../../../lib/tensor.js';
import { randomImages } from '../../../support/random-data.js';
import { randomNet } from '../../../support/random-net.js';

const normalization = { scale: 1 / 128, shift: -1 };
const threads = runtimeInfo().threads;
afterEach(() => setThreads(threads));

function compare(net: Net, train: ImageSet, indices: Uint32Array): void {
  const label = net.summary();
  const options = { normalization, train };
  const rows = createEngine('rows', net, options);
  const lanes = createEngine('lanes', net, options);
  const start = net.bufferArena.slice();
  const wanted = rows.trainStep(indices, { seed: 5, step: 3 });
  const buffers = net.bufferArena.slice();
  net.bufferArena.set(start);
  const gradients = net.gradArena.slice();
  const counts = net.parameters().map((parameter) => parameter.rows);
  net.gradArena.fill(Number.NaN);
  for (const parameter of net.parameters()) parameter.rows = 0;
  const step = lanes.trainStep(indices, { seed: 5, step: 3 });
  expect(Math.abs(step.loss - wanted.loss), label).toBeLessThan(1e-4 * Math.max(1, wanted.loss));
  expect(net.parameters().map((parameter) => parameter.rows)).toEqual(counts);
  const largest = gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const apart = gradients.reduce((most, value, i) => Math.max(most, Math.abs(value - net.gradArena[i])), 0);
  const moved = buffers.reduce((most, value, i) => Math.max(most, Math.abs(value - net.bufferArena[i])), 0);
  const size = buffers.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(moved / size, label).toBeLessThan(1e-4);
  // NaN fails too: it is not less than anything.
  expect(net.gradArena.every(Number.isFinite), label).toBe(true);
  expect(apart / largest, label).toBeLessThan(2e-4);
  const [all, same] = [rows.evaluate(train), lanes.evaluate(train)];
  expect(Math.abs(all.loss - same.loss), label).toBeLessThan(1e-4 * Math.max(1, all.loss));
  const x = new Tensor([2, ...net.inputShape]).data.map((_, i) => Math.sin(i));
  const input = new Tensor([2, ...net.inputShape], x);
  const [a, b] = [rows.predict(input), lanes.predict(input)];
  expect(b.shape).toEqual(a.shape);
  const scale = a.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(
    a.data.every((value, i) => Math.abs(value - b.data[i]) < 1e-4 * scale),
    label,
  ).toBe(true);
}

describe('lanes and rows agree', () => {
  it('on random nets and batch sizes', () => {
    const sizes = [1, 2, 7, 8, 15, 16, 17, 33];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(...sizes), (seed, batch) => {
        const net = randomNet(seed);
        const classes = net.outputShape[0];
        const train = randomImages(40, [...net.inputShape] as [number, number, number], classes, seed + 1);
        compare(
          net,
          train,
          Uint32Array.from({ length: batch }, (_, i) => (i * 7) % 40),
        );
      }),
      // The example is a convolution that covers its input, before one with padding.
      { numRuns: 150, examples: [[813053, 1]] },
    );
  });

  it('on random nets of every layer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(7, 16, 33), (seed, batch) => {
        const net = randomNet(seed, { all: true });
        const train = randomImages(40, net.inputShape as [number, number, number], net.outputShape[0], seed);
        compare(
          net,
          train,
          Uint32Array.from({ length: batch }, (_, i) => (i * 7) % 40),
        );
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 17])(
    'where a padded convolution follows one whose window is its whole input, batch %i',
    (batch) => {
      const layers = [
        new Conv2d({ inChannels: 1, outChannels: 2, kernel: 5 }),
        new ReLU(),
        new Conv2d({ inChannels: 2, outChannels: 5, kernel: 3, padding: 1 }),
        new Flatten(),
        new Linear({ inFeatures: 5, outFeatures: 3 }),
      ];
      const net = new Net(new Sequential(layers), { inputShape: [1, 5, 5], seed: 1 });
      const train = randomImages(40, [1, 5, 5], 3, 2);
      compare(
        net,
        train,
        Uint32Array.from({ length: batch }, (_, i) => i),
      );
    },
  );

  it.each([1, 16, 17, 100, 128, 1000])('on LeNet-5 at batch size %i', (batch) => {
    const train = randomImages(64, [1, 32, 32], 10, 5);
    compare(
      new LeNet5({ seed: 3 }),
      train,
      Uint32Array.from({ length: batch }, (_, i) => (i * 11) % 64),
    );
  });

  it('bit for bit at 1, 2, 3 and 7 threads', () => {
    const train = randomImages(200, [1, 32, 32], 10, 6);
    const gradients = [1, 2, 3, 7].map((count) => {
      setThreads(count);
      const net = new LeNet5({ seed: 4 });
      const engine = createEngine('lanes', net, { normalization, train });
      const { loss } = engine.trainStep(Uint32Array.from({ length: 200 }, (_, i) => i));
      return [loss, Buffer.from(net.gradArena.buffer).toString('base64')];
    });
    for (const other of gradients.slice(1)) expect(other).toEqual(gradients[0]);
  });
});

describe('what lanes cannot express', () => {
  it.each([
    [
      'padding that reaches the kernel',
      { conv: new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3, padding: 3 }), flatten: new Flatten() },
      'conv: padding 3x3 is not below the kernel 3x3',
    ],
    [
      'a pooling window of more than 256 values',
      { pool: new MaxPool2d({ kernel: [17, 16] }), flatten: new Flatten() },
      'pool: a window of 17x16 has more than 256 values',
    ],
  ])('%s runs on rows, and summary says so', (_, layers, reason) => {
    const front = new Sequential(layers);
    const features = front.outputShape([1, 1, 20, 20])[1];
    const net = new Net(new Sequential({ front, fc: new Linear({ inFeatures: features, outFeatures: 2 }) }), {
      inputShape: [1, 20, 20],
    });
    expect(planNet(net.layer, net.inputShape)).toEqual({ reason: `front.${reason}` });
    expect(createEngine('auto', net, { normalization }).name).toBe('rows');
    expect(net.summary()).toContain(`The lanes engine cannot run this net: front.${reason}`);
    expect(() => createEngine('lanes', net, { normalization })).toThrow(
      `engine: the lanes engine cannot run this net: front.${reason}. Use engine 'auto' or 'rows'`,
    );
  });
});
