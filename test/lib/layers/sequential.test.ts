import { describe, expect, it, vi } from 'vitest';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';

const linear = (inFeatures: number, outFeatures: number) => new Linear({ inFeatures, outFeatures });

describe('Sequential', () => {
  it('names layers by keys, by positions, and through nesting', () => {
    const names = (layer: Sequential) => layer.parameters().map(({ name }) => name);
    expect(names(new Sequential([linear(2, 3), new ReLU(), linear(3, 1)]))).toEqual([
      '0.weight',
      '0.bias',
      '2.weight',
      '2.bias',
    ]);
    const inner = new Sequential({ first: linear(2, 2) });
    expect(names(new Sequential({ block: inner, last: linear(2, 1) }))).toEqual([
      'block.first.weight',
      'block.first.bias',
      'last.weight',
      'last.bias',
    ]);
  });

  it('named parameters are those of the layer', () => {
    const layer = linear(2, 3);
    const [weight, bias] = new Sequential({ fc: layer }).parameters();
    expect(weight.value).toBe(layer.weight.value);
    expect(weight.grad).toBe(layer.weight.grad);
    expect([weight.kind, weight.fanIn, weight.rows, weight.bound]).toEqual(['weight', 2, 0, false]);
    layer.forward(new Tensor([4, 2]));
    layer.backward(new Tensor([4, 3]));
    expect([weight.rows, bias.rows, bias.kind]).toEqual([4, 4, 'bias']);
    bias.rows = 9;
    expect(layer.bias.rows).toBe(9);
    const [value, grad] = [new Tensor([3, 2]), new Tensor([3, 2])];
    weight.bind(value, grad);
    expect(layer.weight.value).toBe(value);
    expect(weight.bound).toBe(true);
  });

  it('runs layers forwards and backwards', () => {
    const [first, second] = [linear(4, 3), linear(3, 2)];
    for (const [index, { value }] of [...first.parameters(), ...second.parameters()].entries()) {
      value.data.set(normalTensor(value.shape, index + 1).data);
    }
    const relu = new ReLU();
    const x = normalTensor([5, 4], 9);
    const dy = normalTensor([5, 2], 10);
    const y = second.forward(relu.forward(first.forward(x))).data.slice();
    const dx = first.backward(relu.backward(second.backward(dy))).data.slice();
    const layer = new Sequential([first, relu, second]);
    expect(layer.outputShape([5, 4])).toEqual([5, 2]);
    expectSame(layer.forward(x).data, y, 'forward');
    expectSame(layer.backward(dy).data, dx, 'backward');
  });

  it('backwardParameters ends at the first layer with parameters, without its input gradient', () => {
    const layers = { flatten: new Flatten(), relu: new ReLU(), fc1: linear(4, 3), fc2: linear(3, 2) };
    const backward = Object.fromEntries(
      Object.entries(layers).map(([name, layer]) => [name, vi.spyOn(layer, 'backward')]),
    );
    const layer = new Sequential(layers);
    layer.forward(normalTensor([2, 1, 2, 2], 1));
    layer.backwardParameters(new Tensor([2, 2]));
    expect(Object.entries(backward).map(([name, spy]) => [name, spy.mock.calls.length])).toEqual([
      ['flatten', 0],
      ['relu', 0],
      ['fc1', 0],
      ['fc2', 1],
    ]);
    expect(layers.fc1.weight.rows).toBe(2);
  });

  it('without parameters checks the gradient all the same', () => {
    const layer = new Sequential([new Flatten(), new ReLU()]);
    expect(() => layer.backwardParameters(new Tensor([1, 4]))).toThrow(/expected a forward before backward/);
    layer.forward(new Tensor([1, 2, 2]));
    expect(() => layer.backwardParameters(new Tensor([1, 5]))).toThrow(/expected gradOut 1x4/);
    layer.backwardParameters(new Tensor([1, 4]));
  });

  it('says what it is', () => {
    const layer = new Sequential({
      conv: new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3 }),
      rest: new Sequential([new MaxPool2d({ kernel: 2 }), new Flatten()]),
    });
    expect(layer.toString()).toBe(
      [
        'Sequential(',
        '  conv: Conv2d(1 -> 2, kernel 3x3)',
        '  rest: Sequential(',
        '    0: MaxPool2d(2x2)',
        '    1: Flatten()',
        '  )',
        ')',
      ].join('\n'),
    );
    expect(layer.describe()).toMatchObject({
      kind: 'sequential',
      layers: [
        { name: 'conv', kind: 'conv2d' },
        { name: 'rest', kind: 'sequential', layers: [{ name: '0' }, { name: '1' }] },
      ],
    });
  });

  const relu = new ReLU();
  itRefuses(TYPE, {
    'sequential: expected an array or an object of layers but received undefined': () =>
      new Sequential(wrong(undefined)),
    'sequential: expected 1 to be a layer but received Object': () => new Sequential([relu, wrong({})]),
    'sequential: expected a to be a layer but received null': () => new Sequential({ a: wrong(null) }),
    '...expected a to be a layer but received function...': () => new Sequential({ a: wrong(ReLU) }),
  });
  itRefuses(RANGE, {
    'sequential: expected at least one layer but received none': () => new Sequential([]),
    'sequential: expected names of letters, digits and _ but received "a.b"': () =>
      new Sequential({ 'a.b': relu }),
    'sequential: expected names of letters, digits and _ but received "1"': () => new Sequential({ 1: relu }),
    'sequential: expected names of letters, digits and _ but received ""': () => new Sequential({ '': relu }),
    'sequential: expected a layer of its own at b but received the one at a. Create one for each place': () =>
      new Sequential({ a: relu, b: relu }),
    '...at b.y but received the one at a.x...': () =>
      new Sequential({ a: new Sequential({ x: relu }), b: new Sequential({ y: relu }) }),
  });
});
