/** Whole nets against the double-precision oracle: scores, losses, and gradients by finite differences of the oracle. */
import { describe, expect, it } from 'vitest';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import { Random } from '../../../lib/random.js';
import type { Shape, Tensor } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';
import { finiteDifferences } from '../../support/finite-differences.js';
import * as oracle from '../../support/oracle.js';
import { OracleNet, paramsOf } from '../../support/oracle-net.js';
import { normalTensor } from '../../support/random-data.js';

/** Two convolutions with unequal sides, strides and padding, pools that overlap or drop a column, and a nested block. */
function smallNet(): Net {
  const features = new Sequential({
    conv1: new Conv2d({ inChannels: 2, outChannels: 3, kernel: [3, 2], padding: [1, 0] }),
    relu1: new ReLU(),
    pool1: new MaxPool2d({ kernel: [2, 3], stride: [2, 2] }),
    conv2: new Conv2d({ inChannels: 3, outChannels: 4, kernel: [2, 3], stride: [1, 2], padding: 1 }),
    relu2: new ReLU(),
    pool2: new MaxPool2d({ kernel: 2, stride: [1, 2] }),
  });
  const net = new Sequential({
    features,
    flatten: new Flatten(),
    fc1: new Linear({ inFeatures: 16, outFeatures: 7 }),
    relu3: new ReLU(),
    fc2: new Linear({ inFeatures: 7, outFeatures: 5 }),
  });
  return withBiases(new Net(net, { inputShape: [2, 9, 10], seed: 3 }));
}

/** He's biases are zeros, which would hide mistakes. */
function withBiases(net: Net): Net {
  const random = new Random(4);
  for (const { kind, value } of net.parameters()) {
    if (kind === 'bias')
      for (let index = 0; index < value.size; index += 1) value.data[index] = random.normal() / 5;
  }
  return net;
}

function problem(net: Net, n: number) {
  const shape: Shape = [n, ...net.inputShape];
  const input = normalTensor(shape, 5);
  const classes = net.outputShape[0];
  const labels = Int32Array.from({ length: n }, (_, row) => (3 * row + 1) % classes);
  return {
    input,
    x: Float64Array.from(input.data),
    labels,
    reference: new OracleNet(net),
    params: paramsOf(net),
  };
}

/** A scale for absolute bounds. */
const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((max, v) => Math.max(max, Math.abs(v)), 0);

/** Single precision over a dozen layers: measured at most 1e-6 of the largest value. */
const RELATIVE_BOUND = 5e-6;

function expectNear(actual: Tensor, expected: ArrayLike<number>, name: string): void {
  expectClose(actual.data, expected, RELATIVE_BOUND * largest(expected), name, actual.shape);
}

describe.each([
  ['a small net, 3 images', smallNet, 3],
  ['a small net, 1 image', smallNet, 1],
  ['LeNet5, 2 images', () => withBiases(new LeNet5({ seed: 2 })), 2],
] as const)('%s', (name, make, n) => {
  it('scores, loss and every gradient as the oracle', () => {
    const net = make();
    const { input, x, labels, reference, params } = problem(net, n);
    const expected = reference.forward(params, x, n);
    const scores = net.forward(input);
    expectNear(scores, expected, `${name}: scores`);

    const { loss, dlogits } = oracle.softmaxCrossEntropy(expected, labels);
    const criterion = new CrossEntropyLoss({ reduction: 'sum' });
    expectClose([criterion.forward(scores, labels)], [loss], RELATIVE_BOUND * loss, `${name}: loss`);
    const dx = net.backward(criterion.backward(), { inputGradient: true }) as Tensor;
    expectNear(dx, reference.backward(dlogits), `${name}: dx`);
    for (const { name: parameter, grad } of net.parameters()) {
      expectNear(grad, reference.gradients.get(parameter) as Float64Array, `${name}: ${parameter}`);
    }
    expect([...reference.gradients.keys()].sort()).toEqual(
      net
        .parameters()
        .map((p) => p.name)
        .sort(),
    );
  });

  it('gradients as finite differences of the oracle, for a random cotangent', () => {
    const net = make();
    const { input, x, reference, params } = problem(net, n);
    const dy = normalTensor([n, ...net.outputShape], 6);
    net.forward(input);
    const dx = net.backward(dy, { inputGradient: true }) as Tensor;
    const run = () => reference.forward(params, x, n);
    // A small h keeps all but a few points on one side of every kink of ReLU and max; those few would fail loudly.
    const options = { h: 2 ** -20 };
    const compare = (at: Float64Array, gradient: Tensor, part: string, seed: number) => {
      const picks = pick(at.length, seed);
      const expected = finiteDifferences(at, dy.data, run, { ...options, picks });
      const actual = picks.map((index) => gradient.data[index]);
      expectClose(actual, expected, RELATIVE_BOUND * largest(gradient.data), `${name}: ${part}`);
    };
    compare(x, dx, 'dx', 0);
    for (const [index, { name: part, grad }] of net.parameters().entries()) {
      compare(params.get(part) as Float64Array, grad, part, index + 1);
    }
  });
});

/** Up to twelve different indices below `size`. */
function pick(size: number, seed: number): number[] {
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  new Random(seed).shuffle(order);
  return [...order.subarray(0, 12)];
}
