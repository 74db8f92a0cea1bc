import { describe, expect, it, vi } from 'vitest';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net, type UpdateOptions } from '../../../lib/nets/net.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, SHAPE, STATE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyInput, tinyLayers, tinyNet } from '../../support/tiny-net.js';

const images = (n: number) => normalTensor([n, ...tinyInput], 1);

describe('construction', () => {
  it('moves all parameters into one arena, all gradients into a second', () => {
    const net = tinyNet();
    const shapes = net.parameters().map(({ name, value }) => [name, value.shape]);
    expect(shapes).toEqual([
      ['conv.weight', [2, 1, 2, 3]],
      ['conv.bias', [2]],
      ['fc.weight', [3, 12]],
      ['fc.bias', [3]],
    ]);
    expect(net.arena.length).toBe(12 + 2 + 36 + 3);
    let offset = 0;
    for (const { value, grad, bound } of net.parameters()) {
      expect(bound).toBe(true);
      for (const [tensor, arena] of [
        [value, net.arena],
        [grad, net.gradArena],
      ] as const) {
        expect(tensor.data.buffer).toBe(arena.buffer);
        expect(tensor.data.byteOffset).toBe(arena.byteOffset + 4 * offset);
      }
      offset += value.size;
    }
    expect(offset).toBe(net.gradArena.length);
  });

  it('knows its shapes', () => {
    const net = tinyNet();
    expect(net.inputShape).toEqual(tinyInput);
    expect(net.outputShape).toEqual([3]);
    expect(net.toString()).toBe('Net(1x3x5 -> 3, 53 parameters)');
    expect(JSON.parse(net.architecture)).toMatchObject({
      inputShape: tinyInput,
      kind: 'sequential',
      layers: [{ name: 'conv', kind: 'conv2d', kernel: [2, 3] }, {}, {}, { inFeatures: 12 }],
    });
    expect(tinyNet({ seed: 9 }).architecture).toBe(net.architecture);
    expect(new LeNet5().architecture).not.toBe(new LeNet5({ classes: 11 }).architecture);
  });

  const taken = tinyLayers();
  new Net(taken, { inputShape: tinyInput });
  itRefuses(TYPE, {
    'net: expected a Sequential but received Array': () =>
      new Net(wrong([new ReLU()]), { inputShape: tinyInput }),
    '...net: expected an options object such as...': () => new Net(tinyLayers(), wrong(undefined)),
    'net: expected inputShape to be a shape such as [1, 32, 32] but received string': () =>
      tinyNet({ inputShape: wrong('123') }),
    '...LeNet5: expected an options object such as...': () => new LeNet5(wrong(1)),
  });
  itRefuses(SHAPE, {
    'conv2d: expected 1 input channels (axis 1) but received 2 (input 1x2x3x5)': () =>
      tinyNet({ inputShape: [2, 3, 5] }),
    'linear: expected 12 input features (axis 1) but received 18 (input 1x18)': () =>
      tinyNet({ inputShape: [1, 4, 5] }),
  });
  itRefuses(STATE, {
    'net: expected layers without a net but conv.weight belongs to one. Create new layers for each net': () =>
      new Net(taken, { inputShape: tinyInput }),
  });
  itRefuses(RANGE, {
    "init: expected 'he', 'article' or 'zeros' but received \"xavier\"": () =>
      tinyNet({ init: wrong('xavier') }),
    'Random: seed: expected an integer from 0 to 2^53 - 1 but received 1n': () =>
      tinyNet({ seed: wrong(1n) }),
    'Random: seed: expected an integer from 0 to 2^53 - 1 but received -1': () => tinyNet({ seed: -1 }),
    'Random: seed: expected an integer from 0 to 2^53 - 1 but received 1.5': () => tinyNet({ seed: 1.5 }),
  });
  for (const length of [Number.NaN, -1, 0.5, 0, 2 ** 31]) {
    itRefuses(RANGE, {
      [`net: expected inputShape[1] to be an integer from 1 to 2147483647 but received ${length}`]: () =>
        new Net(new Sequential([new ReLU()]), { inputShape: [1, length] }),
    });
  }
});

describe('initial values', () => {
  const statistics = (values: Float32Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) };
  };

  it('depend on the seed alone', () => {
    expectSame(new LeNet5({ seed: 5 }).arena, new LeNet5({ seed: 5 }).arena, 'seed 5 twice');
    expect(new LeNet5({ seed: 5 }).arena).not.toEqual(new LeNet5({ seed: 6 }).arena);
    expectSame(new LeNet5().arena, new LeNet5({ seed: 0 }).arena, 'the default seed');
  });

  it('he: deviation sqrt(2 / fanIn), biases 0', () => {
    for (const { name, kind, value, fanIn } of new LeNet5({ seed: 1 }).parameters()) {
      const { mean, deviation } = statistics(value.data);
      if (kind === 'bias') {
        expect([mean, deviation], name).toEqual([0, 0]);
        continue;
      }
      const expected = Math.sqrt(2 / fanIn);
      // Within 4 standard errors of samples of this size; the seed is fixed.
      const error = (4 * expected) / Math.sqrt(value.size);
      expect(Math.abs(mean), name).toBeLessThan(error);
      expect(Math.abs(deviation - expected), name).toBeLessThan(error);
    }
  });

  it('article: weights and biases of deviation 0.01', () => {
    const net = new LeNet5({ seed: 1, init: 'article' });
    const { mean, deviation } = statistics(net.arena);
    expect(Math.abs(mean)).toBeLessThan(0.04 / Math.sqrt(net.arena.length));
    expectClose([deviation], [0.01], 0.0002, 'all');
    const biases = net.parameters().filter(({ kind }) => kind === 'bias');
    const all = Float32Array.from(biases.flatMap(({ value }) => [...value.data]));
    expect(statistics(all).deviation).toBeGreaterThan(0.008);
  });

  it('zeros', () => {
    expect(new LeNet5({ init: 'zeros' }).arena.every((value) => value === 0)).toBe(true);
  });
});

describe('update', () => {
  const updated = (options: UpdateOptions) => {
    const net = tinyNet({ init: 'article' });
    const before = net.arena.slice();
    net.forward(images(4));
    net.backward(normalTensor([4, 3], 2));
    net.update(options);
    return { net, before };
  };

  /** The article's rule in double precision; rows: 4 images, of 2x3 pixels in the convolution. */
  const expected = (net: Net, before: Float32Array, { lr, reg = 0, biasGradient = 'sum' }: UpdateOptions) => {
    let offset = 0;
    return net.parameters().flatMap(({ name, kind, grad }) =>
      Array.from(grad.data, (gradient) => {
        const value = before[offset];
        offset += 1;
        if (kind === 'weight') return value - lr * (gradient + reg * value);
        const rows = name === 'conv.bias' ? 4 * 2 * 3 : 4;
        return value - lr * (biasGradient === 'mean' ? gradient / rows : gradient);
      }),
    );
  };

  it.each<UpdateOptions>([
    { lr: 0.5 },
    { lr: 0.5, reg: 0.25 },
    { lr: 0.5, biasGradient: 'mean' },
    { lr: 1e-3, reg: 1e-3, biasGradient: 'mean' },
  ])('%j', (options) => {
    const { net, before } = updated(options);
    expectClose(net.arena, expected(net, before, options), 1e-6 * options.lr + 1e-9, JSON.stringify(options));
    expect(net.arena).not.toEqual(before);
  });

  it('the learning rate 0 changes nothing', () => {
    const { net, before } = updated({ lr: 0, reg: 1 });
    expectSame(net.arena, before, 'lr 0');
  });

  it('rows are those of the last backward', () => {
    const net = tinyNet();
    net.forward(images(4));
    net.backward(new Tensor([4, 3]));
    expect(net.parameters().map(({ rows }) => rows)).toEqual([24, 24, 4, 4]);
    net.forward(images(1));
    net.backward(new Tensor([1, 3]));
    expect(net.parameters().map(({ rows }) => rows)).toEqual([6, 6, 1, 1]);
  });

  const ready = tinyNet();
  ready.forward(images(1));
  ready.backward(new Tensor([1, 3]));
  itRefuses(STATE, {
    'update: expected a backward first but conv.weight has no gradient': () => tinyNet().update({ lr: 1 }),
  });
  itRefuses(TYPE, {
    'update: expected lr to be a number but received undefined': () => ready.update(wrong({})),
  });
  itRefuses(RANGE, {
    'update: expected lr to be a number of at least 0, finite in single precision, but received NaN': () =>
      ready.update({ lr: Number.NaN }),
    '...update: expected lr to be a number of at least 0...': () => ready.update({ lr: -1 }),
    '...finite in single precision, but received 1e+308...': () => ready.update({ lr: 1e308 }),
    'update: expected reg to be a number of at least 0, finite in single precision, but received -1': () =>
      ready.update({ lr: 1, reg: -1 }),
    "update: expected biasGradient 'sum' or 'mean' but received \"max\"": () =>
      ready.update({ lr: 1, biasGradient: wrong('max') }),
  });
});

describe('backward', () => {
  it('skips the gradient of the input unless it is asked for', () => {
    const net = tinyNet();
    const backward = vi.spyOn(net.layer.layers[0].layer, 'backward');
    net.forward(images(2));
    expect(net.backward(normalTensor([2, 3], 3))).toBeNull();
    expect(backward).not.toHaveBeenCalled();
    const grads = net.gradArena.slice();
    const dx = net.backward(normalTensor([2, 3], 3), { inputGradient: true });
    expect(dx?.shape).toEqual([2, ...tinyInput]);
    expectSame(net.gradArena, grads, 'gradients');
  });

  const afterPredict = tinyNet();
  afterPredict.forward(images(2));
  afterPredict.predict(images(2));
  const afterError = tinyNet();
  afterError.forward(images(2));
  try {
    afterError.forward(normalTensor([2, 1, 4, 5], 1));
  } catch {
    // What the next test is about.
  }
  const wrongGrad = tinyNet();
  wrongGrad.forward(images(2));
  itRefuses(STATE, {
    '...net: expected a forward before backward...': () => tinyNet().backward(new Tensor([2, 3])),
    '...a predict or an error...': [
      () => afterPredict.backward(new Tensor([2, 3])),
      () => afterError.backward(new Tensor([2, 3])),
    ],
  });
  itRefuses(SHAPE, {
    '...linear: expected gradOut 2x3...': () => wrongGrad.backward(new Tensor([3, 3])),
    'conv2d: expected 1 input channels (axis 1) but received 3 (input 2x3x3x5)': () =>
      tinyNet().forward(new Tensor([2, 3, 3, 5])),
  });
  itRefuses(TYPE, {
    'conv2d: expected x to be a Tensor but received undefined. Hint: ...': () =>
      tinyNet().forward(wrong(undefined)),
  });
});
