import { describe, expect, it } from 'vitest';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

const images = (n: number) => normalTensor([n, ...tinyInput], 1);

describe('getParams and setParams', () => {
  it('copy out and in', () => {
    const net = tinyNet();
    const params = net.getParams();
    expect([...params.keys()]).toEqual(['conv.weight', 'conv.bias', 'fc.weight', 'fc.bias']);
    const weight = params.get('conv.weight') as Tensor;
    expectSame(weight.data, net.arena.subarray(0, 12), 'conv.weight');
    weight.data[0] = 99;
    expect(net.arena[0]).not.toBe(99);
    const other = tinyNet({ seed: 8 });
    other.setParams(new Map([...params].reverse()));
    expect(other.arena[0]).toBe(99);
    expectSame(other.arena.subarray(1), net.arena.subarray(1), 'the rest');
  });

  it('set all or nothing', () => {
    const net = tinyNet();
    const before = net.arena.slice();
    const params = tinyNet({ seed: 8 }).getParams();
    params.delete('fc.bias');
    expect(() => net.setParams(params)).toThrow();
    params.set('fc.bias', Tensor.from([1, Number.NaN, 2], [3]));
    expect(() => net.setParams(params)).toThrow();
    expectSame(net.arena, before, 'parameters');
  });

  it('hint at a prefix that all names have', () => {
    const net = tinyNet();
    const prefixed = new Map(
      [...net.getParams()].map(([name, tensor]) => [`model.${name}`, tensor] as const),
    );
    expect(() => net.setParams(prefixed)).toThrow(
      /conv\.weight is missing.*\. Hint: take "model\." off the names$/,
    );
    prefixed.delete('model.fc.bias');
    expect(() => net.setParams(prefixed)).not.toThrow('Hint');
    expect(() => net.setParams(prefixed)).toThrow('fc.bias is missing');
  });

  const net = tinyNet();
  const changed = (change: (params: Map<string, Tensor>) => void) => () => {
    const params = net.getParams();
    change(params);
    net.setParams(params);
  };
  itRefuses(TYPE, {
    'setParams: expected a Map of names to tensors but received Object': () => net.setParams(wrong({})),
    '...setParams: expected fc.bias to hold 3 values but its memory has 0...': changed((params) => {
      const tensor = params.get('fc.bias') as Tensor;
      structuredClone(tensor.data.buffer, { transfer: [tensor.data.buffer as ArrayBuffer] });
    }),
  });
  itRefuses(SHAPE, {
    '...fc.bias is no Tensor but Array...': changed((params) => params.set('fc.bias', wrong([1, 2, 3]))),
  });
  itRefuses(RANGE, {
    'setParams: expected finite numbers but fc.bias[2] is -Infinity. Was it saved after training diverged?':
      changed((params) => params.set('fc.bias', Tensor.from([1, 2, Number.NEGATIVE_INFINITY], [3]))),
  });
  itRefuses([
    [
      'every name that is wrong at once',
      changed((params) => {
        params.delete('conv.bias');
        params.set('fc.weight', new Tensor([12, 3]));
        params.set('fc2.bias', new Tensor([3]));
      }),
      SHAPE,
      'setParams: expected a tensor for each parameter but conv.bias is missing; ' +
        'fc.weight should be 3x12 but is 12x3; fc2.bias is not expected',
    ],
    [
      'thousands of other names, in a message of bounded length',
      changed((params) => {
        for (let i = 0; i < 5000; i += 1) params.set('x'.repeat(1000) + i, new Tensor([1]));
      }),
      SHAPE,
      /^setParams: expected a tensor for each parameter but (x{80} is not expected; ){20}4980 more are not expected$/,
    ],
  ]);
});

describe('predict', () => {
  it('gives the scores of forward, whatever the batches', () => {
    const net = tinyNet();
    const x = images(7);
    const expected = net.forward(x).data.slice();
    for (const batchSize of [1, 2, 7, 100]) {
      const scores = net.predict(x, batchSize);
      expect(scores.shape).toEqual([7, 3]);
      // Another batch may take another path through the kernels.
      expectClose(scores.data, expected, 1e-6, `batches of ${batchSize}`);
    }
  });

  it('is a copy', () => {
    const net = tinyNet();
    const first = net.predict(images(2));
    const kept = first.data.slice();
    net.predict(normalTensor([2, ...tinyInput], 9));
    expectSame(first.data, kept, 'scores');
  });

  it('of nothing is nothing', () => {
    expect(tinyNet().predict(new Tensor([0, ...tinyInput])).shape).toEqual([0, 3]);
  });

  itRefuses(TYPE, {
    'predict: expected x to be a Tensor but received Array. Hint: new Tensor(shape, data) or Tensor.from(values, shape)':
      () => tinyNet().predict(wrong([])),
  });
  itRefuses(SHAPE, {
    'predict: expected x Nx1x3x5 (N inputs of the net) but received 2x3': () =>
      tinyNet().predict(new Tensor([2, 3])),
    '...but received 1x3x5. Hint: add the batch axis, reshape([1, 1, 3, 5])...': () =>
      tinyNet().predictByLayers(new Tensor([1, 3, 5])),
    // Its layers take them: pooling drops the last line and column.
    'predict: expected x Nx1x32x32 (N inputs of the net) but received 2x1x33x33': () =>
      new LeNet5().predict(new Tensor([2, 1, 33, 33])),
    'predict: expected x Nx1x32x32 (N inputs of the net) but received 1x1x33x33': () =>
      new LeNet5().predictByLayers(new Tensor([1, 1, 33, 33])),
  });
  itRefuses(RANGE, {
    'predict: expected batchSize to be an integer from 1 to 2147483647 but received 0': () =>
      tinyNet().predict(images(1), 0),
  });
});
