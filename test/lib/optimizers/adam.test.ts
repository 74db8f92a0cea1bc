import { describe, expect, it } from 'vitest';
import type { Net } from '../../../lib/nets/net.js';
import { Adam, type AdamOptions } from '../../../lib/optimizers/adam.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

function backward(net: Net, seed: number): void {
  net.forward(normalTensor([4, ...tinyInput], seed));
  net.backward(normalTensor([4, 3], seed + 1));
}

/** The parameters and moments after another step, the t-th, in double precision. */
function reference(net: Net, state: Map<string, Float64Array[]>, t: number, options: AdamOptions): void {
  const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
  for (const { name, kind, value, grad } of net.parameters()) {
    const size = () => new Float64Array(value.size);
    const [w, m, v] = state.get(name) ?? [Float64Array.from(value.data), size(), size()];
    for (let i = 0; i < w.length; i += 1) {
      const g = grad.data[i] + (kind === 'weight' ? weightDecay * w[i] : 0);
      m[i] = betas[0] * m[i] + (1 - betas[0]) * g;
      v[i] = betas[1] * v[i] + (1 - betas[1]) * g * g;
      const [mean, square] = [m[i] / (1 - betas[0] ** t), v[i] / (1 - betas[1] ** t)];
      w[i] -= (lr * mean) / (Math.sqrt(square) + eps);
    }
    state.set(name, [w, m, v]);
  }
}

describe('Adam', () => {
  it.each<AdamOptions>([
    {},
    { lr: 0.02, weightDecay: 0.1 },
    { lr: 0.01, betas: [0.5, 0.9], eps: 0.1 },
    { betas: [0, 0] },
  ])('%j: ten steps as plain loops in double precision', (options) => {
    const net = tinyNet();
    const optimizer = new Adam(net, options);
    const expected = new Map<string, Float64Array[]>();
    for (let t = 1; t <= 10; t += 1) {
      backward(net, 2 * t);
      reference(net, expected, t, options);
      optimizer.step();
    }
    const state = optimizer.state();
    expect(state.get('step')).toEqual(Tensor.from([10], []));
    for (const { name, value } of net.parameters()) {
      const [w, m, v] = expected.get(name) as Float64Array[];
      // Ten steps of lr each: what a step adds is rounded, and the parameter.
      expectClose(
        value.data,
        w,
        10 * (options.lr ?? 1e-3) * 2e-5 + 1e-6,
        `${JSON.stringify(options)} ${name}`,
      );
      const largest = (values: Float64Array) => Math.max(...values.map(Math.abs));
      for (const [slot, moment] of [
        ['firstMoment', m],
        ['secondMoment', v],
      ] as const) {
        const { data } = state.get(`${slot}.${name}`) as Tensor;
        expectClose(data, moment, 1e-4 * largest(moment), `${slot} of ${name}`);
      }
    }
  });

  it('moves by lr in the first step, whatever the gradient', () => {
    const net = tinyNet({ init: 'zeros' });
    backward(net, 1);
    new Adam(net, { lr: 0.5 }).step();
    for (const [index, grad] of net.gradArena.entries()) {
      if (Math.abs(grad) > 1e-3) expect(net.arena[index]).toBeCloseTo(-0.5 * Math.sign(grad), 4);
    }
  });

  it('updates parameters that share no arena to the same bits, also biases by their means', () => {
    const net = tinyNet();
    backward(net, 1);
    const apart = net.parameters().map(({ name, kind, value, grad, rows, fanIn, bound, bind }) => {
      const copy = (tensor: Tensor) => new Tensor(tensor.shape, tensor.data.slice());
      return { name, kind, rows, fanIn, bound, bind, value: copy(value), grad: copy(grad) };
    });
    const options = { weightDecay: 0.01, biasGradient: 'mean' } as const;
    const [together, single] = [new Adam(net, options), new Adam(apart, options)];
    for (let step = 0; step < 3; step += 1) {
      together.step();
      single.step();
    }
    for (const [index, { value }] of net.parameters().entries())
      expectSame(value.data, apart[index].value.data, 'in an arena and apart');
    expect(single.state()).toEqual(together.state());
  });

  it('goes on from a stored state to the same bits', () => {
    const straight = tinyNet();
    const optimizer = new Adam(straight);
    for (let seed = 0; seed < 3; seed += 1) {
      backward(straight, seed);
      optimizer.step();
    }
    const [params, state] = [straight.getParams(), optimizer.state()];
    const resumed = tinyNet({ seed: 99 });
    resumed.setParams(params);
    const next = new Adam(resumed);
    next.setState(state);
    for (const [net, adam] of [[straight, optimizer] as const, [resumed, next] as const]) {
      backward(net, 7);
      adam.step();
    }
    expectSame(resumed.arena, straight.arena, 'parameters');
    expect(next.state()).toEqual(optimizer.state());
    const late = tinyNet();
    late.setParams(params);
    const counted = new Adam(late);
    counted.setState(new Map([...state, ['step', Tensor.from([4], [])]]));
    backward(late, 7);
    counted.step();
    expect(late.arena).not.toEqual(straight.arena);
  });

  it('says what it is', () => {
    expect(`${new Adam(tinyNet())}`).toBe('Adam(lr 0.001, betas 0.9 and 0.999)');
    const options = { lr: 0.01, betas: [0.5, 0.75], eps: 1e-6, weightDecay: 0.1 } as const;
    expect(`${new Adam(tinyNet(), options)}`).toBe(
      'Adam(lr 0.01, betas 0.5 and 0.75, eps 0.000001, weightDecay 0.1)',
    );
  });

  const net = tinyNet();
  const make = (options: object) => () => new Adam(net, options);
  const put = (change: object) => () =>
    new Adam(net).setState(new Map([...new Adam(net).state(), ...Object.entries(change)]));
  itRefuses(TYPE, {
    'adam: expected lr to be a number but received string': make({ lr: '1' }),
    '...adam: expected the options lr, betas, eps, ... "momentum"...': make({ momentum: 0.9 }),
    '...adam: expected betas to be two numbers such as [0.9, 0.999]...': make({ betas: [0.9] }),
    'adam: setState: expected a Map of names to tensors but received Object': () =>
      new Adam(net).setState(wrong({})),
    'adam: setState: expected a Map of names to tensors but received undefined': () =>
      new Adam(net).setState(wrong(undefined)),
  });
  itRefuses(RANGE, {
    'adam: expected betas[0] below 1 but received 1': make({ betas: [1, 0.9] }),
    'adam: expected betas[1] below 1 but received 0.999999999': make({ betas: [0.9, 1 - 1e-9] }),
    '...betas[0] to be a number of at least 0...': make({ betas: [-0.1, 0.9] }),
    'adam: expected eps above 0, also in single precision, but received 0': make({ eps: 0 }),
    'adam: expected eps above 0, also in single precision, but received 1e-60': make({ eps: 1e-60 }),
    '...setState: expected step ... received 0.5...': put({ step: Tensor.from([0.5], []) }),
    'adam: setState: expected step to be an integer from 0 but received -1': put({
      step: Tensor.from([-1], []),
    }),
  });
  itRefuses(SHAPE, {
    '...step should be scalar but is 2...': put({ step: new Tensor([2]) }),
    '...adam: setState: ... firstMoment.conv.weight is missing; ...step is missing; velocity.fc.bias is not expected...':
      () => new Adam(net).setState(new Map([['velocity.fc.bias', new Tensor([3])]])),
  });
});
