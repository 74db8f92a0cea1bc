/** Tanh and LeakyReLU against PyTorch, which test/fixtures/pytorch/activations.py asked. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planNet } from '../../../lib/engines/lanes/plan.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { LeakyReLU } from '../../../lib/layers/leaky-relu.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Tanh } from '../../../lib/layers/tanh.js';
import { Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, TYPE } from '../../support/misuse.js';

interface Case {
  readonly y: readonly number[];
  readonly dx: readonly number[];
}
const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/activations.json', import.meta.url), 'utf8'),
);
const slopes = [0.01, 0.3, 0, 2, -0.5];
const layers: [string, Layer][] = [
  ['tanh', new Tanh()],
  ...slopes.map((negativeSlope): [string, Layer] => [
    `leakyRelu ${Number.isInteger(negativeSlope) ? negativeSlope.toFixed(1) : negativeSlope}`,
    new LeakyReLU({ negativeSlope }),
  ]),
];

/** Each number within 1e-6 of itself: extremes stand beside small numbers. */
function expectNear(actual: Float32Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index] - value), `${index}`).toBeLessThanOrEqual(1e-6 * Math.abs(value) + 1e-37);
  }
}

describe.each(layers)('%s', (name, layer) => {
  const { x, dy } = fixture as { x: number[]; dy: number[] };
  const expected: Case = fixture[name];

  it('has the values and gradients of PyTorch', () => {
    expectNear(layer.forward(Tensor.from(x, [x.length])).data, expected.y);
    if (name !== 'tanh') {
      expectNear(layer.backward(Tensor.from(dy, [x.length])).data, expected.dx);
      return;
    }
    // 1 - y * y of a rounded y that is nearly 1: its error is that of y.
    const dx = layer.backward(Tensor.from(dy, [x.length])).data;
    for (const [index, value] of expected.dx.entries()) {
      expect(Math.abs(dx[index] - value)).toBeLessThanOrEqual(5e-7 * Math.abs(dy[index]));
    }
  });

  it('keeps NaN and is 0 at 0', () => {
    const y = layer.forward(Tensor.from([Number.NaN, 0], [2])).data;
    expect(y[0]).toBeNaN();
    expect(Math.abs(y[1])).toBe(0);
  });
});

describe('in front of max-pooling', () => {
  it.each([
    [new LeakyReLU(), 'conv+act+pool'],
    [new LeakyReLU({ negativeSlope: 1.5 }), 'conv+act+pool'],
    [new Tanh(), 'conv+act+pool'],
    // The largest value is not what the largest input gives, and its gradient needs the input.
    [new LeakyReLU({ negativeSlope: -0.1 }), 'conv, act, pool'],
  ])('%s: %s', (act, steps) => {
    const conv = new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3 });
    const net = new Sequential({ conv, act, pool: new MaxPool2d({ kernel: 2 }), flatten: new Flatten() });
    const plan = planNet(net, [1, 8, 8]);
    expect('steps' in plan && plan.steps.map((step) => step.layers.join('+')).join(', ')).toBe(steps);
  });
});

it('are shown with their slope', () => {
  expect(`${new LeakyReLU()} ${new LeakyReLU({ negativeSlope: 0.2 })} ${new Tanh()}`).toBe(
    'LeakyReLU(0.01) LeakyReLU(0.2) Tanh()',
  );
});

itRefuses([
  [
    'a slope that is no number',
    () => new LeakyReLU({ negativeSlope: '0.1' as never }),
    TYPE,
    /leakyRelu: expected negativeSlope to be a number but received string/,
  ],
  [
    'a slope of NaN',
    () => new LeakyReLU({ negativeSlope: Number.NaN }),
    RANGE,
    /leakyRelu: expected negativeSlope/,
  ],
  [
    'another option',
    () => new LeakyReLU({ slope: 1 } as never),
    TYPE,
    /leakyRelu: expected the option negativeSlope/,
  ],
]);
