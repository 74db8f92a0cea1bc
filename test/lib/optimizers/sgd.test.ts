import { describe, expect, it } from 'vitest';
import type { Net } from '../../../lib/nets/net.js';
import { SGD, type SGDOptions } from '../../../lib/optimizers/sgd.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, SHAPE, STATE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

/** Rows of each parameter's gradient for 4 images: 2x3 pixels in the convolution. */
const ROWS: Record<string, number> = { 'conv.bias': 24, 'fc.bias': 4 };

function backward(net: Net, seed: number): void {
  net.forward(normalTensor([4, ...tinyInput], seed));
  net.backward(normalTensor([4, 3], seed + 1));
}

/** The rule in double precision, one step after another. */
class Reference {
  readonly values: Map<string, Float64Array>;
  readonly velocity = new Map<string, Float64Array>();
  readonly #options: SGDOptions;

  constructor(net: Net, options: SGDOptions) {
    this.values = new Map(net.parameters().map(({ name, value }) => [name, Float64Array.from(value.data)]));
    this.#options = options;
  }

  step(net: Net, lr: number): void {
    const { momentum = 0, nesterov = false, weightDecay = 0, biasGradient = 'sum' } = this.#options;
    for (const { name, kind, grad } of net.parameters()) {
      const value = this.values.get(name) as Float64Array;
      const divisor = kind === 'bias' && biasGradient === 'mean' ? ROWS[name] : 1;
      const decay = kind === 'weight' ? weightDecay : 0;
      const g = value.map((w, index) => grad.data[index] / divisor + decay * w);
      const before = this.velocity.get(name) ?? new Float64Array(g.length);
      const v = g.map((gradient, index) => momentum * before[index] + gradient);
      this.velocity.set(name, v);
      this.values.set(
        name,
        value.map((w, index) => w - lr * (nesterov ? g[index] + momentum * v[index] : v[index])),
      );
    }
  }
}

describe('SGD', () => {
  it('updates parameters that share no arena to the same bits', () => {
    const options = {
      lr: 0.1,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 0.01,
      biasGradient: 'mean',
    } as const;
    const net = tinyNet();
    backward(net, 1);
    const apart = net.parameters().map(({ name, kind, value, grad, rows, fanIn, bound, bind }) => {
      const copy = (tensor: Tensor) => new Tensor(tensor.shape, tensor.data.slice());
      return { name, kind, rows, fanIn, bound, bind, value: copy(value), grad: copy(grad) };
    });
    const [together, single] = [new SGD(net, options), new SGD(apart, options)];
    for (let step = 0; step < 3; step += 1) {
      together.step();
      single.step();
    }
    for (const [index, { value }] of net.parameters().entries())
      expectSame(value.data, apart[index].value.data, 'in an arena and apart');
    expect(single.state()).toEqual(together.state());
  });

  it.each<SGDOptions>([
    { lr: 0.1 },
    { lr: 0.1, weightDecay: 0.1 },
    { lr: 0.1, momentum: 0.9 },
    { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1 },
    { lr: 0.1, momentum: 0.5, biasGradient: 'mean' },
    { lr: 0.1, weightDecay: 0.1, biasGradient: 'mean' },
  ])('%j: three steps as the rule says', (options) => {
    const net = tinyNet({ init: 'article' });
    const optimizer = new SGD(net, options);
    const reference = new Reference(net, options);
    for (const [index, lr] of [undefined, 0.05, 0.2].entries()) {
      backward(net, index);
      reference.step(net, lr ?? options.lr);
      if (lr === undefined) optimizer.step();
      else optimizer.step(lr);
    }
    for (const { name, value } of net.parameters()) {
      const expected = reference.values.get(name) as Float64Array;
      const scale = Math.max(...expected.map(Math.abs));
      expectClose(value.data, expected, 2e-6 * scale, `${JSON.stringify(options)} ${name}`, value.shape);
    }
    const names = options.momentum ? net.parameters().map(({ name }) => name) : [];
    const state = optimizer.state();
    expect([...state.keys()]).toEqual(names.map((name) => `velocity.${name}`));
    for (const name of names) {
      const { data } = state.get(`velocity.${name}`) as Tensor;
      const expected = reference.velocity.get(name) as Float64Array;
      expectClose(data, expected, 2e-6 * Math.max(...expected.map(Math.abs)), `velocity of ${name}`);
    }
  });

  it('without momentum is net.update', () => {
    const [one, other] = [tinyNet(), tinyNet()];
    backward(one, 1);
    backward(other, 1);
    one.update({ lr: 0.1, reg: 0.2, biasGradient: 'mean' });
    new SGD(other, { lr: 0.1, weightDecay: 0.2, biasGradient: 'mean' }).step();
    expectSame(other.arena, one.arena, 'parameters');
  });

  it('takes parameters as well as a net', () => {
    const [one, other] = [tinyNet(), tinyNet()];
    backward(one, 1);
    backward(other, 1);
    const before = one.arena.slice();
    new SGD(one, { lr: 0.1 }).step();
    new SGD(other.parameters().slice(2), { lr: 0.1 }).step();
    expectSame(other.arena.subarray(14), one.arena.subarray(14), 'fc');
    expectSame(other.arena.subarray(0, 14), before.subarray(0, 14), 'conv stays');
  });

  it('continues from stored velocities to the same bits', () => {
    const options = { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 };
    const straight = tinyNet();
    const optimizer = new SGD(straight, options);
    backward(straight, 1);
    optimizer.step();
    const [params, state] = [straight.getParams(), optimizer.state()];
    backward(straight, 2);
    optimizer.step();

    const resumed = tinyNet({ seed: 99 });
    resumed.setParams(params);
    const next = new SGD(resumed, options);
    next.setState(state);
    backward(resumed, 2);
    next.step();
    expectSame(resumed.arena, straight.arena, 'parameters');
    const without = tinyNet();
    without.setParams(params);
    backward(without, 2);
    new SGD(without, options).step();
    expect(without.arena).not.toEqual(straight.arena);
  });

  it('state copies', () => {
    const net = tinyNet();
    const optimizer = new SGD(net, { lr: 0.1, momentum: 0.5 });
    backward(net, 1);
    optimizer.step();
    const { data } = optimizer.state().get('velocity.fc.weight') as Tensor;
    const kept = data.slice();
    optimizer.step();
    expectSame(data, kept, 'velocity');
  });

  it('says what it is', () => {
    const net = tinyNet();
    expect(`${new SGD(net, { lr: 0.1 })}`).toBe('SGD(lr 0.1)');
    const options = {
      lr: 0.1,
      momentum: 0.9,
      nesterov: true,
      weightDecay: 5e-4,
      biasGradient: 'mean',
    } as const;
    expect(`${new SGD(net, options)}`).toBe(
      'SGD(lr 0.1, momentum 0.9, nesterov, weightDecay 0.0005, biasGradient mean)',
    );
  });

  const net = tinyNet();
  const make = (options: object) => () => new SGD(net, { lr: 0.1, ...options });
  const optimizer = new SGD(net, { lr: 0.1, momentum: 0.9 });
  itRefuses(TYPE, {
    'sgd: expected a net or its parameters but received undefined': () =>
      new SGD(wrong(undefined), { lr: 1 }),
    '...sgd: expected the value of parameters[0] to be a Tensor but received undefined...': () =>
      new SGD(wrong([{ name: 'w' }]), { lr: 1 }),
    '...nesterov to be a boolean but received string...': make({ momentum: 0.9, nesterov: 'no' }),
    'sgd: expected lr to be a number but received undefined': () => new SGD(net, wrong({})),
    'sgd: setState: expected a Map of names to tensors but received Object': () =>
      optimizer.setState(wrong({})),
  });
  itRefuses(RANGE, {
    'sgd: expected lr to be a number of at least 0, finite in single precision, but received NaN': [
      make({ lr: Number.NaN }),
      () => optimizer.step(Number.NaN),
    ],
    '...lr to be a number of at least 0...': make({ lr: -1 }),
    '...lr ... finite in single precision...': make({ lr: 1e308 }),
    'sgd: expected momentum below 1 but received 1': make({ momentum: 1 }),
    'sgd: expected momentum to be a number of at least 0, finite in single precision, but received -0.1':
      make({ momentum: -0.1 }),
    'sgd: expected momentum above 0, which nesterov needs, but received 0': make({ nesterov: true }),
    'sgd: expected weightDecay to be a number of at least 0, finite in single precision, but received -1':
      make({ weightDecay: -1 }),
    "...biasGradient 'sum' or 'mean' but received \"max\"...": make({ biasGradient: 'max' }),
  });
  itRefuses(STATE, {
    'sgd: expected a backward first but conv.weight has no gradient': () =>
      new SGD(tinyNet(), { lr: 1 }).step(),
  });
  itRefuses(SHAPE, {
    '...sgd: setState: expected a tensor for each parameter but velocity.conv.weight is missing; velocity.conv.bias...':
      () => optimizer.setState(new Map()),
    'sgd: setState: expected a tensor for each parameter but velocity.fc.bias is not expected': () =>
      new SGD(net, { lr: 1 }).setState(new Map([['velocity.fc.bias', new Tensor([3])]])),
  });
  itRefuses(TYPE, {
    'sgd: expected an options object such as { lr: 0.1 }...': () => new SGD(net, wrong(undefined)),
  });
});
