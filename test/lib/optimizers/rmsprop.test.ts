import { describe, expect, it } from 'vitest';
import type { Net } from '../../../lib/nets/net.js';
import { RMSprop, type RMSpropOptions } from '../../../lib/optimizers/rmsprop.js';
import type { Tensor } from '../../../lib/tensor.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, SHAPE, TYPE } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

function backward(net: Net, seed: number): void {
  net.forward(normalTensor([4, ...tinyInput], seed));
  net.backward(normalTensor([4, 3], seed + 1));
}

const all: RMSpropOptions = { lr: 0.01, alpha: 0.5, momentum: 0.5, centered: true, weightDecay: 0.1 };

describe('RMSprop', () => {
  it.each<RMSpropOptions>([{}, { alpha: 0.9, eps: 0.1, momentum: 0.9 }, all])(
    '%j: five steps as plain loops in double precision',
    (options) => {
      const {
        lr = 0.01,
        alpha = 0.99,
        eps = 1e-8,
        momentum = 0,
        centered = false,
        weightDecay = 0,
      } = options;
      const net = tinyNet();
      const optimizer = new RMSprop(net, options);
      const zeros = () => new Float64Array(net.arena.length);
      const [w, square, mean, velocity] = [Float64Array.from(net.arena), zeros(), zeros(), zeros()];
      for (let step = 0; step < 5; step += 1) {
        backward(net, 2 * step);
        let at = 0;
        for (const { kind, grad } of net.parameters()) {
          for (const one of grad.data) {
            const g = one + (kind === 'weight' ? weightDecay * w[at] : 0);
            square[at] = alpha * square[at] + (1 - alpha) * g * g;
            mean[at] = alpha * mean[at] + (1 - alpha) * g;
            const spread = square[at] - (centered ? mean[at] ** 2 : 0);
            velocity[at] = momentum * velocity[at] + g / (Math.sqrt(spread) + eps);
            w[at] -= lr * velocity[at];
            at += 1;
          }
        }
        optimizer.step();
      }
      expectClose(net.arena, w, 1e-5, `${optimizer}`);
      const state = optimizer.state();
      expectClose(
        (state.get('squareAverage.conv.weight') as Tensor).data,
        square.subarray(0, 12),
        1e-5,
        'squares',
      );
      expect(state.has('velocity.fc.bias')).toBe(momentum > 0);
      expect(state.has('gradientAverage.fc.bias')).toBe(centered);
    },
  );

  it('goes on from a stored state to the same bits', () => {
    const straight = tinyNet();
    const optimizer = new RMSprop(straight, all);
    for (let seed = 0; seed < 3; seed += 1) {
      backward(straight, seed);
      optimizer.step();
    }
    const resumed = tinyNet({ seed: 99 });
    resumed.setParams(straight.getParams());
    const next = new RMSprop(resumed, all);
    next.setState(optimizer.state());
    for (const [net, one] of [[straight, optimizer] as const, [resumed, next] as const]) {
      backward(net, 7);
      one.step();
    }
    expectSame(resumed.arena, straight.arena, 'parameters');
    expect(next.state()).toEqual(optimizer.state());
  });

  it('says what it is', () => {
    expect(`${new RMSprop(tinyNet())}`).toBe('RMSprop(lr 0.01, alpha 0.99)');
    expect(`${new RMSprop(tinyNet(), { ...all, eps: 1e-6 })}`).toBe(
      'RMSprop(lr 0.01, alpha 0.5, eps 0.000001, momentum 0.5, centered, weightDecay 0.1)',
    );
  });

  const make = (options: object) => () => new RMSprop(tinyNet(), options);
  itRefuses([
    ['betas', make({ betas: [0.9, 0.9] }), TYPE, /rmsprop: expected the options lr, alpha, .* "betas"/],
    ['alpha of 1', make({ alpha: 1 }), RANGE, 'rmsprop: expected alpha below 1 but received 1'],
    ['momentum of 1', make({ momentum: 1 }), RANGE, 'rmsprop: expected momentum below 1 but received 1'],
    ['eps 0', make({ eps: 0 }), RANGE, /rmsprop: expected eps above 0/],
    ['centered by a text', make({ centered: 'yes' }), TYPE, /rmsprop: expected centered to be/],
    [
      'the state of one without momentum',
      () => new RMSprop(tinyNet(), all).setState(new RMSprop(tinyNet()).state()),
      SHAPE,
      /rmsprop: setState: .*velocity\.conv\.weight is missing/,
    ],
  ]);
});
