import { describe, expect, it } from 'vitest';
import type { Net } from '../../../lib/nets/net.js';
import { Adam } from '../../../lib/optimizers/adam.js';
import { AdamW } from '../../../lib/optimizers/adamw.js';
import { expectClose, expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, TYPE } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

function backward(net: Net, seed: number): void {
  net.forward(normalTensor([4, ...tinyInput], seed));
  net.backward(normalTensor([4, 3], seed + 1));
}

describe('AdamW', () => {
  it('is Adam after the weights, and they alone, have lost their share', () => {
    const [net, plain] = [tinyNet(), tinyNet()];
    backward(net, 1);
    backward(plain, 1);
    new AdamW(net, { lr: 0.1, weightDecay: 0.5 }).step();
    for (const { kind, value } of plain.parameters()) {
      if (kind === 'weight')
        for (const [i, one] of value.data.entries()) value.data[i] = one * (1 - 0.1 * 0.5);
    }
    new Adam(plain, { lr: 0.1 }).step();
    expectClose(net.arena, plain.arena, 1e-6, 'parameters');
  });

  it('is Adam to the bits without weight decay, its state too', () => {
    const [net, plain] = [tinyNet(), tinyNet()];
    const [decoupled, adam] = [new AdamW(net, { weightDecay: 0 }), new Adam(plain)];
    for (let seed = 0; seed < 3; seed += 1) {
      backward(net, seed);
      backward(plain, seed);
      decoupled.step();
      adam.step();
    }
    expectSame(net.arena, plain.arena, 'parameters');
    expect(decoupled.state()).toEqual(adam.state());
  });

  it('says what it is', () => {
    expect(`${new AdamW(tinyNet())}`).toBe('AdamW(lr 0.001, betas 0.9 and 0.999, weightDecay 0.01)');
    expect(`${new AdamW(tinyNet(), { weightDecay: 0 })}`).toBe('AdamW(lr 0.001, betas 0.9 and 0.999)');
  });

  const make = (options: object) => () => new AdamW(tinyNet(), options);
  itRefuses([
    ['momentum', make({ momentum: 0.9 }), TYPE, /adamw: expected the options lr, betas, eps, .* "momentum"/],
    ['a beta of 1', make({ betas: [0.9, 1] }), RANGE, 'adamw: expected betas[1] below 1 but received 1'],
    ['eps 0', make({ eps: 0 }), RANGE, /adamw: expected eps above 0/],
    ['a negative decay', make({ weightDecay: -1 }), RANGE, /adamw: expected weightDecay to be a number of/],
  ]);
});
