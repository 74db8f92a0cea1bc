/** Every kind of layer, alone in a net, as ONNX Runtime computes it. */
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../lib/export/onnx-graph.js';
import { AvgPool2d } from '../../../lib/layers/avg-pool2d.js';
import { BatchNorm1d } from '../../../lib/layers/batch-norm1d.js';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Dropout2d } from '../../../lib/layers/dropout2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { GlobalAvgPool2d } from '../../../lib/layers/global-avg-pool2d.js';
import { layerKinds } from '../../../lib/layers/kinds.js';
import type { Layer } from '../../../lib/layers/layer.js';
import { LeakyReLU } from '../../../lib/layers/leaky-relu.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Residual } from '../../../lib/layers/residual.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Sigmoid } from '../../../lib/layers/sigmoid.js';
import { Softmax } from '../../../lib/layers/softmax.js';
import { Tanh } from '../../../lib/layers/tanh.js';
import { Net } from '../../../lib/nets/net.js';
import { ResNet8 } from '../../../lib/nets/res-net8.js';
import type { Shape } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';
import { findOnnxRuntime, runOnnx } from '../../support/onnxruntime.js';
import { normalTensor } from '../../support/random-data.js';
import { randomNet } from '../../support/random-net.js';

/** Layers of a kind with the shape of one input. */
type Cases = readonly (readonly [layer: Layer, inputShape: Shape])[];

/** A kind that is missing here does not compile, and fails the first test. */
const cases: Readonly<Record<keyof typeof layerKinds, Cases>> = {
  conv2d: [
    [
      new Conv2d({ inChannels: 3, outChannels: 5, kernel: [3, 2], stride: [2, 1], padding: [1, 0] }),
      [3, 11, 9],
    ],
    [new Conv2d({ inChannels: 2, outChannels: 4, kernel: 3, dilation: [1, 2], bias: false }), [2, 7, 8]],
    [new Conv2d({ inChannels: 6, outChannels: 6, kernel: 3, padding: 1, groups: 6 }), [6, 5, 7]],
    [new Conv2d({ inChannels: 4, outChannels: 6, kernel: [1, 3], groups: 2, dilation: 2 }), [4, 3, 9]],
  ],
  maxPool2d: [
    [new MaxPool2d({ kernel: [2, 3], stride: [1, 2] }), [2, 5, 8]],
    [new MaxPool2d({ kernel: 3, stride: 2 }), [2, 7, 6]],
    [new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }), [2, 7, 6]],
  ],
  avgPool2d: [
    [new AvgPool2d({ kernel: [2, 3], stride: [1, 2] }), [2, 5, 8]],
    [new AvgPool2d({ kernel: 3, stride: 2, padding: 1 }), [2, 7, 6]],
  ],
  globalAvgPool2d: [[new GlobalAvgPool2d(), [3, 4, 5]]],
  softmax: [[new Softmax(), [7]]],
  linear: [
    [new Linear({ inFeatures: 7, outFeatures: 5 }), [7]],
    [new Linear({ inFeatures: 5, outFeatures: 3, bias: false }), [5]],
  ],
  relu: [[new ReLU(), [2, 3, 5]]],
  sigmoid: [[new Sigmoid(), [2, 3, 5]]],
  tanh: [[new Tanh(), [2, 3, 5]]],
  leakyRelu: [
    [new LeakyReLU({ negativeSlope: 0.25 }), [2, 3, 5]],
    [new LeakyReLU({ negativeSlope: -0.5 }), [7]],
  ],
  flatten: [[new Flatten(), [2, 3, 5]]],
  batchNorm2d: [
    [new BatchNorm2d({ features: 3, eps: 0.25 }), [3, 4, 5]],
    [new BatchNorm2d({ features: 3, affine: false }), [3, 4, 5]],
  ],
  batchNorm1d: [
    [new BatchNorm1d({ features: 5, eps: 0.25 }), [5]],
    [new BatchNorm1d({ features: 5, affine: false }), [5]],
  ],
  dropout2d: [[new Dropout2d({ p: 0.75 }), [2, 3, 5]]],
  dropout: [[new Dropout({ p: 0.75 }), [2, 3, 5]]],
};

const square = (inChannels: number, outChannels: number, stride = 1) =>
  new Conv2d({ inChannels, outChannels, kernel: 3, padding: 1, stride });
const residuals: Cases = [
  [new Residual({ body: new Sequential([square(2, 2), new ReLU(), square(2, 2)]) }), [2, 5, 4]],
  [
    new Residual({
      body: new Sequential({ conv: square(2, 3, 2), norm: new BatchNorm2d({ features: 3 }) }),
      shortcut: new Sequential({ pool: new AvgPool2d({ kernel: 2 }), conv: square(2, 3) }),
    }),
    [2, 6, 4],
  ],
  [
    new Residual({
      body: new Sequential([new Residual({ body: new Sequential([new Tanh()]) }), new ReLU()]),
      shortcut: new Sequential([new Dropout()]),
    }),
    [7],
  ],
  [new Residual({ body: new Sequential([new Flatten()]) }), [7]],
];

it('are all', () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(layerKinds).sort());
  for (const [kind, some] of Object.entries(cases)) {
    expect(new Set(some.map(([layer]) => layer.kind))).toEqual(new Set([kind]));
  }
});

describe('ONNX Runtime', () => {
  const runtime = findOnnxRuntime();

  const nets = [...Object.values(cases), residuals]
    .flat()
    .map(([layer, inputShape]) => [`${layer}`, new Net(new Sequential({ layer }), { inputShape })] as const);

  const drawn = Array.from(
    { length: 12 },
    (_, seed) => [`the drawn net ${seed}`, randomNet(seed, { all: true })] as const,
  );

  it.for([...nets, ['ResNet8', new ResNet8({ inputShape: [3, 10, 12] })] as const, ...drawn])(
    'gives the result of %s',
    async ([name, net], context) => {
      if (runtime === undefined) {
        return context.skip(
          'needs onnxruntime-node in benchmarks/peers/.installed or node_modules, not installed',
        );
      }
      // Biases and running means start at zero, which would hide them; variances are above it.
      net.arena.set(normalTensor([net.arena.length], 1).data);
      net.bufferArena.set(
        normalTensor([net.bufferArena.length], 2).data.map((value) => Math.abs(value) + 0.5),
      );
      const model = await exportOnnx(net);
      for (const count of [1, 6]) {
        const x = normalTensor([count, ...net.inputShape], count);
        const expected = net.predict(x);
        const actual = await runOnnx(runtime, model, x);
        expect(actual.shape).toEqual(expected.shape);
        const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expectClose(actual.data, expected.data, 1e-5 * largest, name, expected.shape);
      }
    },
  );
});
