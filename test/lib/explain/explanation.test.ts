/** The explained numbers against the layers' own forward and backward. */
import { describe, expect, it } from 'vitest';
import { explainableLayers, explainLayer } from '../../../lib/explain/explanation.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Sigmoid } from '../../../lib/layers/sigmoid.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import { expectClose } from '../../support/comparer.js';
import { itRefuses, RANGE } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';

const strided = () =>
  new Net(
    new Sequential({
      first: new Conv2d({ inChannels: 2, outChannels: 3, kernel: [3, 2], stride: [2, 1], padding: [1, 1] }),
      pool: new MaxPool2d({ kernel: 2 }),
      second: new Conv2d({ inChannels: 3, outChannels: 4, kernel: 2 }),
      relu: new ReLU(),
      flatten: new Flatten(),
      fc: new Linear({ inFeatures: 4 * 2 * 3, outFeatures: 5 }),
    }),
    { inputShape: [2, 11, 8], seed: 3 },
  );

const nested = () =>
  new Net(
    new Sequential({
      block: new Sequential({
        conv: new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3 }),
        act: new Sigmoid(),
        pool: new MaxPool2d({ kernel: 2 }),
      }),
      flatten: new Flatten(),
      fc: new Linear({ inFeatures: 2 * 2 * 3, outFeatures: 4 }),
    }),
    { inputShape: [1, 6, 8], seed: 5 },
  );

const cases: [string, () => Net, readonly number[], string[]][] = [
  ['conv1', () => new LeNet5({ seed: 4 }), [1, 32, 32], ['conv1', 'relu1', 'pool1']],
  ['conv2', () => new LeNet5({ seed: 4 }), [1, 32, 32], ['conv2', 'relu2', 'pool2']],
  ['conv3', () => new LeNet5({ seed: 4 }), [1, 32, 32], ['conv3', 'relu3']],
  ['fc1', () => new LeNet5({ seed: 4 }), [1, 32, 32], ['fc1', 'relu4']],
  ['fc2', () => new LeNet5({ seed: 4 }), [1, 32, 32], ['fc2']],
  ['first', strided, [2, 11, 8], ['first']],
  ['second', strided, [2, 11, 8], ['second', 'relu']],
  ['fc', strided, [2, 11, 8], ['fc']],
  ['block.conv', nested, [1, 6, 8], ['block.conv', 'block.act', 'block.pool']],
];

describe.each(cases)('%s', (name, create, inputShape, layers) => {
  const net = create();
  const x = normalTensor([1, ...inputShape], 9);
  const label = 2;
  const explanation = explainLayer(net, name, x, label);

  it('is explained with what follows it', () => {
    expect(explanation.layers).toEqual(layers);
  });

  it('forward: the outputs of the layers', () => {
    const outputs = net.activations(x);
    const close = (values: Float32Array, layer: string) =>
      expectClose(values, outputs.get(layer)?.data ?? [], 1e-5, layer);
    close(explanation.sum.data, name);
    if (explanation.activation !== undefined) close(explanation.activation.output.data, layers[1]);
    if (explanation.pool !== undefined) close(explanation.pool.output.data, layers[2]);
  });

  it('backward: the gradients of the layers', () => {
    const criterion = new CrossEntropyLoss();
    const loss = criterion.forward(net.forward(x), [label]);
    const { backward } = explanation;
    expect(backward.loss).toBeCloseTo(loss, 5);
    const dx = net.backward(criterion.backward(), { inputGradient: true });
    const gradient = (suffix: string) =>
      net.parameters().find((parameter) => parameter.name === `${name}.${suffix}`)?.grad.data ?? [];
    expectClose(backward.gradWeight.data, gradient('weight'), 1e-5, 'weight');
    expectClose(backward.gradBias.data, gradient('bias'), 1e-5, 'bias');
    if (layers[0] === net.layer.layers[0].name)
      expectClose(backward.gradInput.data, dx?.data ?? [], 1e-5, 'input');
    // The loss falls along the gradient that is explained.
    expect(backward.gradInput.size).toBe(explanation.input.size);
  });

  it('has the shapes that its comments give', () => {
    const [filters, height, width] = explanation.outputShape;
    const places = height * width;
    const values = explanation.rows.shape[1];
    expect(explanation.rows.shape).toEqual([places, values]);
    expect(explanation.weight.shape).toEqual([filters, values]);
    expect(explanation.product.shape).toEqual([places, filters]);
    expect(explanation.backward.gradRows.shape).toEqual([places, values]);
    expect(explanation.backward.gradWeight.shape).toEqual([filters, values]);
  });
});

it('names the layers that can be explained', () => {
  expect(explainableLayers(new LeNet5())).toEqual(['conv1', 'conv2', 'conv3', 'fc1', 'fc2']);
});

itRefuses(RANGE, {
  'explain: expected one of the layers conv1, conv2, conv3, fc1, fc2 but received "relu1"': () =>
    explainLayer(new LeNet5(), 'relu1', normalTensor([1, 1, 32, 32], 1), 0),
});
