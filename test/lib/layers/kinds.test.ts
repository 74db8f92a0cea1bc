/** What each kind of layer says of itself. */
import { describe, expect, it } from 'vitest';
import * as rownet from '../../../lib/index.js';
import type { LayerKind } from '../../../lib/layers/kind.js';
import { isView, kindOf, layerKinds } from '../../../lib/layers/kinds.js';
import type { Layer } from '../../../lib/layers/layer.js';
import type { Shape } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';
import { distinctTensor, normalTensor } from '../../support/random-data.js';

/** A layer of every kind with an input, and its FLOP for that. */
const examples: Readonly<Record<keyof typeof layerKinds, readonly [Layer, Shape, number]>> = {
  conv2d: [
    new rownet.Conv2d({ inChannels: 3, outChannels: 2, kernel: [3, 2], stride: [2, 1], padding: [1, 2] }),
    [2, 3, 5, 4],
    2 * (2 * 3 * 7) * (2 * 3 * 3 * 2),
  ],
  maxPool2d: [new rownet.MaxPool2d({ kernel: [3, 2], stride: [1, 3] }), [2, 2, 5, 6], 0],
  avgPool2d: [
    new rownet.AvgPool2d({ kernel: [3, 2], stride: [1, 3], padding: [1, 0] }),
    [2, 2, 5, 6],
    2 * 2 * 5 * 2 * 6,
  ],
  globalAvgPool2d: [new rownet.GlobalAvgPool2d(), [2, 3, 4, 5], 6],
  softmax: [new rownet.Softmax(), [3, 4], 0],
  batchNorm1d: [new rownet.BatchNorm1d({ features: 3, momentum: 1 }), [2, 3], 2 * 2 * 3],
  dropout2d: [new rownet.Dropout2d({ p: 0.25 }), [2, 3, 2, 2], 0],
  linear: [new rownet.Linear({ inFeatures: 7, outFeatures: 5 }), [3, 7], 2 * 3 * 7 * 5],
  relu: [new rownet.ReLU(), [2, 3], 0],
  sigmoid: [new rownet.Sigmoid(), [2, 3], 0],
  tanh: [new rownet.Tanh(), [2, 3], 0],
  leakyRelu: [new rownet.LeakyReLU({ negativeSlope: 0.25 }), [2, 3], 0],
  flatten: [new rownet.Flatten(), [2, 3, 4, 1], 0],
  batchNorm2d: [new rownet.BatchNorm2d({ features: 3, eps: 0.5 }), [2, 3, 4, 2], 2 * 2 * 3 * 4 * 2],
  dropout: [new rownet.Dropout({ p: 0.25 }), [2, 6], 0],
};

describe.each(Object.entries(examples))('%s', (name, [layer, shape, flop]) => {
  const kind = kindOf(layer) as LayerKind;

  it('is found by its class, which is public', () => {
    expect(kind).toBe(layerKinds[name as keyof typeof layerKinds]);
    expect(layer.kind).toBe(name);
    expect(Object.values(rownet)).toContain(kind.type);
  });

  it('makes a layer from its description; a subclass is another kind', () => {
    const { kind: _, ...options } = layer.describe();
    expect(new kind.type(options as never).describe()).toEqual(layer.describe());
    class Other extends (kind.type as new (options: object) => Layer) {}
    expect(kindOf(new Other(options))).toBeUndefined();
  });

  it('has plain loops that give what forward does', () => {
    for (const { value } of [...layer.parameters(), ...(layer.buffers?.() ?? [])]) {
      value.data.set(normalTensor(value.shape, value.size).data.map((one) => Math.abs(one) + 0.5));
    }
    const x = distinctTensor(shape, 1);
    const y = layer.forward(x);
    const expected = kind.reference(layer, Float64Array.from(x.data), shape, y.shape);
    expectClose(y.data, expected, 1e-5, name, y.shape);
    expect(kind.flop(layer, y.shape)).toBe(flop);
    expect(isView(layer)).toBe(y.data.buffer === x.data.buffer);
  });

  it('names its parameters and buffers to ONNX', () => {
    const { inputs = [], constants = {} } = kind.onnx(layer);
    const own = [...layer.parameters(), ...(layer.buffers?.() ?? [])].map((one) => one.name);
    expect([...inputs].sort()).toEqual([...own, ...Object.keys(constants)].sort());
  });
});
