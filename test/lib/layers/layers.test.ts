/** What all layers have in common, and the values and gradients of each against the oracle. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AvgPool2d } from '../../../lib/layers/avg-pool2d.js';
import { BatchNorm1d } from '../../../lib/layers/batch-norm1d.js';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Dropout2d } from '../../../lib/layers/dropout2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { GlobalAvgPool2d } from '../../../lib/layers/global-avg-pool2d.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Sigmoid } from '../../../lib/layers/sigmoid.js';
import { Softmax } from '../../../lib/layers/softmax.js';
import { type Shape, sizeOf, Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { finiteDifferences } from '../../support/finite-differences.js';
import { itRefuses, SHAPE, STATE, TYPE, wrong } from '../../support/misuse.js';
import * as oracle from '../../support/oracle.js';
import { distinctTensor, normalTensor } from '../../support/random-data.js';
import { anyWindow, propertyRuns } from '../../support/windows.js';

/** The layer in double precision: x, then the parameters in the layer's order. */
type Oracle = (x: Float64Array, shape: Shape, params: readonly Float64Array[]) => Float64Array;

interface LayerCase {
  readonly name: string;
  make(): Layer;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly oracle: Oracle;
  readonly text: string;
  readonly description: object;
}

const conv = (geometry: oracle.Geometry, outChannels: number): Oracle => {
  return (x, shape, [weight, bias]) =>
    oracle.conv2d(x, weight, bias, { shape: shape as oracle.Shape4, outChannels, geometry }).values;
};

const pool = (kernel: [number, number], stride: [number, number]): Oracle => {
  return (x, shape) => oracle.maxPool2d(x, shape as oracle.Shape4, { kernel, stride, padding: [0, 0] }).y;
};

const cases: readonly LayerCase[] = [
  {
    name: 'Conv2d, plain',
    make: () => new Conv2d({ inChannels: 2, outChannels: 3, kernel: 3 }),
    inputShape: [2, 2, 6, 5],
    outputShape: [2, 3, 4, 3],
    oracle: conv({ kernel: [3, 3], stride: [1, 1], padding: [0, 0] }, 3),
    text: 'Conv2d(2 -> 3, kernel 3x3)',
    description: {
      kind: 'conv2d',
      inChannels: 2,
      outChannels: 3,
      kernel: [3, 3],
      stride: [1, 1],
      padding: [0, 0],
    },
  },
  {
    name: 'Conv2d, every option',
    make: () =>
      new Conv2d({ inChannels: 3, outChannels: 2, kernel: [3, 2], stride: [2, 1], padding: [1, 2] }),
    inputShape: [1, 3, 5, 4],
    outputShape: [1, 2, 3, 7],
    oracle: conv({ kernel: [3, 2], stride: [2, 1], padding: [1, 2] }, 2),
    text: 'Conv2d(3 -> 2, kernel 3x2, stride 2x1, padding 1x2)',
    description: {
      kind: 'conv2d',
      inChannels: 3,
      outChannels: 2,
      kernel: [3, 2],
      stride: [2, 1],
      padding: [1, 2],
    },
  },
  {
    name: 'MaxPool2d, plain',
    make: () => new MaxPool2d({ kernel: 2 }),
    inputShape: [2, 3, 5, 6],
    outputShape: [2, 3, 2, 3],
    oracle: pool([2, 2], [2, 2]),
    text: 'MaxPool2d(2x2)',
    description: { kind: 'maxPool2d', kernel: [2, 2], stride: [2, 2] },
  },
  {
    name: 'MaxPool2d, overlapping',
    make: () => new MaxPool2d({ kernel: [3, 2], stride: [1, 3] }),
    inputShape: [1, 2, 5, 6],
    outputShape: [1, 2, 3, 2],
    oracle: pool([3, 2], [1, 3]),
    text: 'MaxPool2d(3x2, stride 1x3)',
    description: { kind: 'maxPool2d', kernel: [3, 2], stride: [1, 3] },
  },
  {
    name: 'Linear',
    make: () => new Linear({ inFeatures: 7, outFeatures: 5 }),
    inputShape: [3, 7],
    outputShape: [3, 5],
    oracle: (x, [n], [weight, bias]) => oracle.linear(x, weight, bias, n).values,
    text: 'Linear(7 -> 5)',
    description: { kind: 'linear', inFeatures: 7, outFeatures: 5 },
  },
  {
    name: 'ReLU',
    make: () => new ReLU(),
    inputShape: [2, 3, 4, 1],
    outputShape: [2, 3, 4, 1],
    oracle: (x) => x.map((value) => Math.max(value, 0)),
    text: 'ReLU()',
    description: { kind: 'relu' },
  },
  {
    name: 'Sigmoid',
    make: () => new Sigmoid(),
    inputShape: [2, 3, 4, 1],
    outputShape: [2, 3, 4, 1],
    oracle: (x) => x.map((value) => 1 / (1 + Math.exp(-value))),
    text: 'Sigmoid()',
    description: { kind: 'sigmoid' },
  },
  {
    name: 'BatchNorm2d, at first',
    make: () => new BatchNorm2d({ features: 3, eps: 0.5 }),
    inputShape: [2, 3, 4, 1],
    outputShape: [2, 3, 4, 1],
    oracle: (x, _, [weight, bias]) =>
      x.map((value, at) => {
        const channel = Math.floor(at / 4) % 3;
        return (value / Math.sqrt(1.5)) * weight[channel] + bias[channel];
      }),
    text: 'BatchNorm2d(3, eps 0.5)',
    description: { kind: 'batchNorm2d', features: 3, eps: 0.5, momentum: 0.1, affine: true },
  },
  {
    name: 'Dropout',
    make: () => new Dropout({ p: 0.25 }),
    inputShape: [2, 12],
    outputShape: [2, 12],
    oracle: (x) => x,
    text: 'Dropout(0.25)',
    description: { kind: 'dropout', p: 0.25 },
  },
  {
    name: 'Dropout2d',
    make: () => new Dropout2d(),
    inputShape: [2, 3, 2, 2],
    outputShape: [2, 3, 2, 2],
    oracle: (x) => x,
    text: 'Dropout2d(0.5)',
    description: { kind: 'dropout2d', p: 0.5 },
  },
  {
    name: 'BatchNorm1d, at first',
    make: () => new BatchNorm1d({ features: 4, affine: false }),
    inputShape: [3, 4],
    outputShape: [3, 4],
    oracle: (x) => x.map((value) => value / Math.sqrt(1 + 1e-5)),
    text: 'BatchNorm1d(4, affine false)',
    description: { kind: 'batchNorm1d', features: 4, eps: 1e-5, momentum: 0.1, affine: false },
  },
  {
    name: 'AvgPool2d',
    make: () => new AvgPool2d({ kernel: 2, stride: [1, 2], padding: [0, 1] }),
    inputShape: [2, 3, 3, 4],
    outputShape: [2, 3, 2, 3],
    oracle: (x) => averages(x),
    text: 'AvgPool2d(2x2, stride 1x2, padding 0x1)',
    description: { kind: 'avgPool2d', kernel: [2, 2], stride: [1, 2], padding: [0, 1] },
  },
  {
    name: 'GlobalAvgPool2d',
    make: () => new GlobalAvgPool2d(),
    inputShape: [2, 3, 4, 5],
    outputShape: [2, 3],
    oracle: (x) =>
      new Float64Array(6).map(
        (_, plane) => x.subarray(20 * plane, 20 * plane + 20).reduce((a, b) => a + b) / 20,
      ),
    text: 'GlobalAvgPool2d()',
    description: { kind: 'globalAvgPool2d' },
  },
  {
    name: 'Softmax',
    make: () => new Softmax(),
    inputShape: [2, 5],
    outputShape: [2, 5],
    oracle: (x) =>
      x.map((value, at) => {
        const row = x.subarray(at - (at % 5), at - (at % 5) + 5);
        return 1 / row.reduce((sum, other) => sum + Math.exp(other - value), 0);
      }),
    text: 'Softmax()',
    description: { kind: 'softmax' },
  },
  {
    name: 'Flatten',
    make: () => new Flatten(),
    inputShape: [2, 3, 4, 1],
    outputShape: [2, 12],
    oracle: (x) => x,
    text: 'Flatten()',
    description: { kind: 'flatten' },
  },
];

/** Of 2x2 windows a row and two columns apart, a column of zeros on each side of planes of 3x4. */
function averages(x: Float64Array): Float64Array {
  return new Float64Array(36).map((_, at) => {
    const [plane, oy, ox] = [Math.floor(at / 6), Math.floor(at / 3) % 2, at % 3];
    const value = (y: number, column: number) =>
      column < 0 || column > 3 ? 0 : x[12 * plane + 4 * y + column];
    const [left, right] = [2 * ox - 1, 2 * ox];
    return (value(oy, left) + value(oy, right) + value(oy + 1, left) + value(oy + 1, right)) / 4;
  });
}

function initialised(layer: Layer): Layer {
  for (const [index, { value }] of layer.parameters().entries()) {
    value.data.set(normalTensor(value.shape, 100 + index).data);
  }
  return layer;
}

const double = (tensor: Tensor) => Float64Array.from(tensor.data);

describe.each(cases)('$name', ({ name, make, inputShape, outputShape, oracle: run, text, description }) => {
  it('outputShape is the shape of the output', () => {
    const layer = initialised(make());
    expect(layer.outputShape(inputShape)).toEqual(outputShape);
    expect(layer.forward(new Tensor(inputShape)).shape).toEqual(outputShape);
  });

  it('says what it is', () => {
    const layer = make();
    expect(layer.toString()).toBe(text);
    expect(JSON.parse(JSON.stringify(layer.describe()))).toEqual(description);
  });

  it('forward as the oracle; gradients as the finite differences of the oracle', () => {
    const layer = initialised(make());
    const input = distinctTensor(inputShape, 1);
    const x = double(input);
    const params = layer.parameters().map(({ value }) => double(value));
    const y = layer.forward(input);
    expectClose(y.data, run(x, inputShape, params), 1e-4, `${name} forward`, outputShape);

    const dy = normalTensor(outputShape, 2);
    const dx = layer.backward(dy);
    expect(dx.shape).toEqual(inputShape);
    const value = () => run(x, inputShape, params);
    expectClose(dx.data, finiteDifferences(x, dy.data, value), 1e-4, `${name} dx`, inputShape);
    for (const [index, { name: part, grad }] of layer.parameters().entries()) {
      const wanted = finiteDifferences(params[index], dy.data, value);
      expectClose(grad.data, wanted, 1e-4, `${name} ${part}`, grad.shape);
    }
  });

  it('backward overwrites gradients, backwardParameters gives the same ones', () => {
    const layer = initialised(make());
    layer.forward(distinctTensor(inputShape, 3));
    const dy = normalTensor(outputShape, 4);
    const first = layer.backward(dy).data.slice();
    const grads = layer.parameters().map(({ grad }) => grad.data.slice());
    for (const { grad } of layer.parameters()) grad.data.fill(Number.NaN);
    layer.backwardParameters(dy);
    for (const [index, { grad }] of layer.parameters().entries()) expectSame(grad.data, grads[index], name);
    const other = layer.backward(normalTensor(outputShape, 9)).data.slice();
    expect(other).not.toEqual(first);
    expectSame(layer.backward(dy).data, first, `${name} again`);
  });

  it('takes batches of any size after each other, with the same results', () => {
    const layer = initialised(make());
    const [, ...rest] = inputShape;
    for (const n of [1, 4, 2, 4, 1]) {
      const x = distinctTensor([n, ...rest], n);
      const fresh = initialised(make());
      expectSame(layer.forward(x).data, fresh.forward(x).data, `${name} batch ${n}`);
      const dy = normalTensor([n, ...outputShape.slice(1)], 5);
      expectSame(layer.backward(dy).data, fresh.backward(dy).data, `${name} dx batch ${n}`);
      for (const [index, { grad, rows }] of layer.parameters().entries()) {
        expectSame(grad.data, fresh.parameters()[index].grad.data, `${name} batch ${n}`);
        const pixels = outputShape.length === 4 ? sizeOf(outputShape.slice(2)) : 1;
        expect(rows).toBe(n * pixels);
      }
    }
  });

  it('allocates no tensor in a step of the same shape, and no memory in a smaller one', () => {
    const layer = initialised(make());
    const x = distinctTensor(inputShape, 6);
    const dy = normalTensor(outputShape, 7);
    const y = layer.forward(x);
    const dx = layer.backward(dy);
    expect(layer.forward(x)).toBe(y);
    expect(layer.backward(dy)).toBe(dx);
    const smaller = distinctTensor([1, ...inputShape.slice(1)], 8);
    const part = layer.forward(smaller);
    expect(part.data.buffer).toBe(name === 'Flatten' ? smaller.data.buffer : y.data.buffer);
  });

  const gradOut = new Tensor([...outputShape.slice(0, -1), outputShape.at(-1)! + 1]);
  itRefuses(STATE, {
    '...expected a forward before backward ... Call forward...': [
      () => make().backward(new Tensor(outputShape)),
      () => make().backwardParameters(new Tensor(outputShape)),
    ],
  });
  itRefuses(TYPE, {
    '...expected x to be a Tensor but received Array...': () => make().forward(wrong([1, 2])),
  });
  for (const method of ['backward', 'backwardParameters'] as const) {
    const forwardThen = (dy: Tensor) => () => {
      const layer = make();
      layer.forward(new Tensor(inputShape));
      layer[method](dy);
    };
    itRefuses(SHAPE, {
      '...expected gradOut ... (the shape of the last output) but received...': forwardThen(gradOut),
    });
    itRefuses(TYPE, { '...expected gradOut to be a Tensor but received null...': forwardThen(wrong(null)) });
  }
});

describe('shapes of any window', () => {
  it('a convolution, a pool and a sequence of both agree with what forward makes', () => {
    fc.assert(
      fc.property(
        anyWindow,
        fc.integer({ min: 1, max: 4 }),
        ({ shape, kernel, stride, padding }, outChannels) => {
          const layer = new Sequential([
            new Conv2d({ inChannels: shape[1], outChannels, kernel, stride, padding }),
            new ReLU(),
            new MaxPool2d({ kernel: 1, stride }),
            new Flatten(),
          ]);
          const x = normalTensor(shape, 1);
          const y = layer.forward(x);
          expect(layer.outputShape(shape)).toEqual(y.shape);
          expect(y.shape[0]).toBe(shape[0]);
          expect(layer.backward(new Tensor(y.shape)).shape).toEqual(shape);
        },
      ),
      propertyRuns,
    );
  });
});

describe('parameters', () => {
  it('have the layouts of PyTorch and are zeros at first', () => {
    const [weight, bias] = new Conv2d({ inChannels: 2, outChannels: 3, kernel: [4, 5] }).parameters();
    expect([weight.name, weight.kind, weight.value.shape, weight.fanIn]).toEqual([
      'weight',
      'weight',
      [3, 2, 4, 5],
      40,
    ]);
    expect([bias.name, bias.kind, bias.value.shape, bias.fanIn]).toEqual(['bias', 'bias', [3], 40]);
    expect(weight.value.data.every((value) => value === 0)).toBe(true);
    const [matrix, offset] = new Linear({ inFeatures: 7, outFeatures: 5 }).parameters();
    expect([matrix.value.shape, matrix.fanIn, offset.value.shape, offset.fanIn]).toEqual([[5, 7], 7, [5], 7]);
    expect([matrix.rows, matrix.bound]).toEqual([0, false]);
  });

  it('bind copies the value, clears the gradient, and works once', () => {
    const { weight } = new Linear({ inFeatures: 2, outFeatures: 1 });
    weight.value.data.set([3, 4]);
    const arena = new Float32Array(5).fill(9);
    const [value, grad] = [
      new Tensor([1, 2], arena.subarray(1, 3)),
      new Tensor([1, 2], arena.subarray(3, 5)),
    ];
    expect(() => weight.bind(new Tensor([2, 1]), grad)).toThrow(
      'weight: expected memory of shape 1x2 but received 2x1',
    );
    expect(() => weight.bind(value, new Tensor([2]))).toThrow(RangeError);
    weight.bind(value, grad);
    expect([...arena]).toEqual([9, 3, 4, 0, 0]);
    expect(weight.bound).toBe(true);
    expect(() => weight.bind(value, grad)).toThrow(/belongs to one. Create new layers for each net/);
  });
});
