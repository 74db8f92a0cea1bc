/** ONNX models: their structure, read by an independent reader, and what ONNX Runtime makes of them. */
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../lib/data/datasets.js';
import { imagesToTensor, mnistNormalization } from '../../../lib/data/normalize.js';
import { ArgumentRangeError, ArgumentTypeError } from '../../../lib/errors.js';
import { exportOnnx, type OnnxOptions } from '../../../lib/export/onnx-graph.js';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { LeakyReLU } from '../../../lib/layers/leaky-relu.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Sigmoid } from '../../../lib/layers/sigmoid.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Tanh } from '../../../lib/layers/tanh.js';
import { Net } from '../../../lib/nets/net.js';
import type { Tensor } from '../../../lib/tensor.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { findOnnxRuntime, runOnnx } from '../../support/onnxruntime.js';
import { bytesOf, fields, messages, texts } from '../../support/protobuf.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyNet } from '../../support/tiny-net.js';

const normalization = mnistNormalization;

async function read(net: Net, options?: OnnxOptions) {
  const model = fields(await exportOnnx(net, options));
  const [graph] = messages(model, 7);
  return { model, graph, nodes: messages(graph, 1) };
}

describe('the model of LeNet-5', async () => {
  const net = new LeNet5({ seed: 3 });
  const { model, graph, nodes } = await read(net, { normalization });

  it('says which ONNX it is', () => {
    expect(model.get(1)).toEqual([7]);
    expect(messages(model, 8).map((opset) => opset.get(2))).toEqual([[13]]);
    expect(texts(model, 2)).toEqual(['rownet']);
    expect(texts(graph, 2)).toEqual(['LeNet5']);
  });

  it('has the operators of the net, each on the output of the one before', () => {
    expect(nodes.flatMap((node) => texts(node, 4)).join(' ')).toBe(
      'Conv Relu MaxPool Conv Relu MaxPool Conv Relu Flatten Gemm Relu Gemm',
    );
    expect(nodes.flatMap((node) => texts(node, 3))).toEqual(net.layer.layers.map(({ name }) => name));
    const outputs = nodes.flatMap((node) => texts(node, 2));
    expect(nodes.map((node) => texts(node, 1)[0])).toEqual(['input', ...outputs.slice(0, -1)]);
    expect(new Set(outputs).size).toBe(nodes.length);
    expect(outputs.at(-1)).toBe('logits');
    expect(nodes.flatMap((node) => texts(node, 1).slice(1))).toEqual([...net.getParams().keys()]);
  });

  it('holds the parameters under their names, and nothing else', () => {
    const tensors = messages(graph, 5);
    const params = net.getParams();
    expect(tensors.flatMap((tensor) => texts(tensor, 8))).toEqual([...params.keys()]);
    for (const tensor of tensors) {
      const { shape, data } = params.get(texts(tensor, 8)[0])!;
      expect(tensor.get(1)).toEqual(shape);
      expect(tensor.get(2)).toEqual([1]);
      expect(bytesOf(tensor.get(9)?.[0]).equals(Buffer.from(data.buffer))).toBe(true);
    }
  });

  it('takes any number of images, and says how they are normalized', () => {
    const shape = (value: ReturnType<typeof fields>) => {
      const [tensorType] = messages(messages(value, 2)[0], 1);
      expect(tensorType.get(1)).toEqual([1]);
      return messages(messages(tensorType, 2)[0], 1).map((axis) => axis.get(1)?.[0] ?? texts(axis, 2)[0]);
    };
    const [input, output] = [messages(graph, 11), messages(graph, 12)];
    expect(input.map((value) => [texts(value, 1)[0], shape(value)])).toEqual([['input', ['N', 1, 32, 32]]]);
    expect(output.map((value) => [texts(value, 1)[0], shape(value)])).toEqual([['logits', ['N', 10]]]);
    const metadata = Object.fromEntries(
      messages(model, 14).map((entry) => [texts(entry, 1)[0], texts(entry, 2)[0]]),
    );
    expect(metadata).toEqual({
      input: 'normalized',
      scale: String(normalization.scale),
      shift: String(normalization.shift),
    });
  });

  it('is the same file for the same net', async () => {
    const again = await exportOnnx(new LeNet5({ seed: 3 }), { normalization });
    expect(Buffer.from(await exportOnnx(net, { normalization })).equals(again)).toBe(true);
  });
});

it('the attributes of a window are those of the layer', async () => {
  const layers = new Sequential([
    new Conv2d({ inChannels: 2, outChannels: 3, kernel: [3, 2], stride: [2, 1], padding: [1, 0] }),
    new MaxPool2d({ kernel: [2, 3], stride: [1, 2] }),
  ]);
  const { nodes } = await read(new Net(layers, { inputShape: [2, 9, 8] }));
  const attributes = nodes.map((node) =>
    Object.fromEntries(messages(node, 5).map((one) => [texts(one, 1)[0], one.get(8)])),
  );
  expect(attributes).toEqual([
    { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 0] },
    { kernel_shape: [2, 3], strides: [1, 2] },
  ]);
});

it('writes a normalisation with its eps as a number, and what is not trained as constants', async () => {
  const layers = new Sequential([new BatchNorm2d({ features: 2, eps: 0.25, affine: false })]);
  const { graph, nodes } = await read(new Net(layers, { inputShape: [2, 3, 5] }));
  const names = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => `0.${name}`);
  expect(texts(nodes[0], 1)).toEqual(['input', ...names]);
  const [attribute] = messages(nodes[0], 5);
  expect(texts(attribute, 1)).toEqual(['epsilon']);
  expect(bytesOf(attribute.get(2)?.[0]).readFloatLE()).toBe(0.25);
  expect(attribute.get(20)).toEqual([1]);
  expect(
    messages(graph, 5)
      .flatMap((tensor) => texts(tensor, 8))
      .sort(),
  ).toEqual([...names].sort());
});

describe('exportOnnx refuses', () => {
  it('what is no net', async () => {
    await expect(exportOnnx({} as Net)).rejects.toThrow(ArgumentTypeError);
  });

  it('a layer of a class of its own', async () => {
    class Swish extends ReLU {}
    const layers = new Sequential({ block: new Sequential({ act: new Swish() }) });
    await expect(exportOnnx(new Net(layers, { inputShape: [3] }))).rejects.toThrow(
      /^exportOnnx: block.act: expected Conv2d, (\w+, )+\w+ or Sequential but received Swish$/,
    );
    class Residual extends Sequential {
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    await expect(exportOnnx(new Net(new Residual([new ReLU()]), { inputShape: [3] }))).rejects.toThrow(
      'exportOnnx: net.layer: expected Conv2d',
    );
  });

  it('pixels without a normalization, another input, and numbers that are none', async () => {
    const net = tinyNet();
    await expect(exportOnnx(net, { input: 'pixels' })).rejects.toThrow('expected a normalization for pixels');
    await expect(exportOnnx(net, { input: 'bytes' as 'pixels' })).rejects.toThrow(
      `exportOnnx: expected input 'normalized' or 'pixels' but received "bytes"`,
    );
    const wrong = { normalization: { scale: Number.NaN, shift: 0 } };
    await expect(exportOnnx(net, wrong)).rejects.toThrow(ArgumentRangeError);
    net.arena[0] = Number.POSITIVE_INFINITY;
    await expect(exportOnnx(net)).rejects.toThrow('expected finite numbers but conv.weight has Infinity');
  });
});

describe('ONNX Runtime', () => {
  const runtime = findOnnxRuntime();
  const missing = 'needs onnxruntime-node in benchmarks/peers/.installed or node_modules, not installed';

  /** Within 1e-5 of the largest score: float32 sums in another order. */
  function expectClose(actual: Tensor, expected: Tensor): void {
    expect(actual.shape).toEqual(expected.shape);
    const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(scale).toBeGreaterThan(0);
    const error = expected.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - actual.data[i])),
      0,
    );
    expect(actual.data.every(Number.isFinite)).toBe(true);
    expect(error / scale).toBeLessThanOrEqual(1e-5);
  }

  it('gives the logits of a trained net on 1,000 images of MNIST', async (context) => {
    if (runtime === undefined) return context.skip(missing);
    const { train, test } = loadDataset('mnist', { resize: 'pad', limit: 4000 });
    const net = new LeNet5({ seed: 1 });
    for await (const { trainAccuracy } of new Trainer(net).fit(train, { epochs: 1 })) {
      expect(trainAccuracy).toBeGreaterThan(0.3);
    }
    const images = test.images.subarray(0, 1000 * 32 * 32);
    const x = imagesToTensor(images, [1, 32, 32], normalization);
    const expected = net.predict(x);
    expectClose(await runOnnx(runtime, await exportOnnx(net, { normalization }), x), expected);
    const pixels = imagesToTensor(images, [1, 32, 32], { scale: 1, shift: 0 });
    const model = await exportOnnx(net, { normalization, input: 'pixels' });
    expectClose(await runOnnx(runtime, model, pixels), expected);
  });

  const nets: Record<string, () => Net> = {
    'a stride, padding and overlapping windows': () => {
      const layers = new Sequential([
        new Conv2d({ inChannels: 3, outChannels: 5, kernel: [3, 2], stride: [2, 1], padding: [1, 0] }),
        new MaxPool2d({ kernel: 3, stride: [1, 2] }),
        new ReLU(),
        new Flatten(),
        new Linear({ inFeatures: 5 * 4 * 3, outFeatures: 7 }),
      ]);
      return new Net(layers, { inputShape: [3, 11, 9], seed: 1 });
    },
    'nested layers with names of the graph': () => {
      const layers = new Sequential({
        input: new Sequential({
          logits: new Conv2d({ inChannels: 1, outChannels: 4, kernel: 3 }),
          output: new ReLU(),
        }),
        logits: new MaxPool2d({ kernel: 2 }),
        output: new Sequential([new Flatten(), new Linear({ inFeatures: 4 * 3 * 4, outFeatures: 3 })]),
      });
      return new Net(layers, { inputShape: [1, 9, 11], seed: 2 });
    },
    'a normalisation, other activations and a dropout': () => {
      const layers = new Sequential([
        new BatchNorm2d({ features: 2, eps: 0.25 }),
        new Sigmoid(),
        new Tanh(),
        new LeakyReLU({ negativeSlope: -0.5 }),
        new BatchNorm2d({ features: 2, affine: false }),
        new Dropout(),
      ]);
      const net = new Net(layers, { inputShape: [2, 3, 5] });
      net.forward(normalTensor([4, 2, 3, 5], 7));
      return net;
    },
    'no image at all': () => {
      const layers = new Sequential([
        new Linear({ inFeatures: 6, outFeatures: 8 }),
        new ReLU(),
        new Linear({ inFeatures: 8, outFeatures: 2 }),
      ]);
      return new Net(layers, { inputShape: [6], seed: 3 });
    },
    'an image as its result': () => {
      const layers = new Sequential([
        new Conv2d({ inChannels: 2, outChannels: 2, kernel: 1 }),
        new MaxPool2d({ kernel: [1, 2] }),
      ]);
      return new Net(layers, { inputShape: [2, 3, 5], seed: 4 });
    },
  };

  it.for(Object.keys(nets))('gives the result of a net with %s', async (name, context) => {
    if (runtime === undefined) return context.skip(missing);
    const net = nets[name]();
    // Biases start at zero, which would hide them.
    net.arena.set(normalTensor([net.arena.length], 5).data);
    for (const count of [1, 6]) {
      const x = normalTensor([count, ...net.inputShape], count);
      expectClose(await runOnnx(runtime, await exportOnnx(net), x), net.predict(x));
    }
  });
});
