/** Layers with a rate or weight decay of their own, and layers that are frozen. */
import { describe, expect, it } from 'vitest';
import type { Net } from '../../../lib/nets/net.js';
import { createOptimizer, type OptimizerSettings } from '../../../lib/optimizers/kinds.js';
import { SGD } from '../../../lib/optimizers/sgd.js';
import { expectSame } from '../../support/comparer.js';
import { itRefuses, RANGE, TYPE } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';

function backward(net: Net, seed: number): void {
  net.forward(normalTensor([4, ...tinyInput], seed));
  net.backward(normalTensor([4, 3], seed + 1));
}

const kinds: readonly OptimizerSettings[] = [
  { lr: 0.5, momentum: 0.5, weightDecay: 0.25 },
  { kind: 'adam', lr: 0.5, weightDecay: 0.25 },
  { kind: 'adamw', lr: 0.5, weightDecay: 0.25 },
  { kind: 'rmsprop', lr: 0.5, momentum: 0.5, weightDecay: 0.25 },
];

describe.each(kinds)('$kind', (settings) => {
  it('updates a group as an optimizer with its values would, and the others as before', () => {
    const group = { layers: ['conv'], lr: 0.125, weightDecay: 0 };
    const nets = [tinyNet(), tinyNet(), tinyNet()];
    const [grouped, all, slow] = [
      createOptimizer(nets[0], { ...settings, groups: [group] }, 'sum'),
      createOptimizer(nets[1], settings, 'sum'),
      createOptimizer(nets[2], { ...settings, lr: 0.125, weightDecay: 0 }, 'sum'),
    ];
    backward(nets[0], 3);
    for (const net of nets) net.gradArena.set(nets[0].gradArena);
    for (const net of nets.slice(1)) backward(net, 3);
    // Half the rate for both, as a schedule would have it; the gradients are those of the first step.
    grouped.step(0.25);
    all.step(0.25);
    slow.step(0.0625);
    for (const [index, { name, value }] of nets[0].parameters().entries()) {
      const other = nets[name.startsWith('conv.') ? 2 : 1].parameters()[index].value;
      expectSame(value.data, other.data, name);
    }
    expect(nets[0].arena).not.toEqual(nets[1].arena);
  });

  it.each(['sum', 'mean'] as const)(
    'leaves frozen layers and their state to the bit, gradients of biases as %s',
    (bias) => {
      const net = tinyNet();
      const before = net.arena.slice();
      const optimizer = createOptimizer(net, settings, bias, ['conv.weight', 'fc']);
      const state = optimizer.state();
      for (let seed = 0; seed < 3; seed += 1) {
        backward(net, seed);
        optimizer.step();
      }
      for (const { name, value } of net.parameters()) {
        const start = value.data.byteOffset / 4;
        const kept = before.subarray(start, start + value.size);
        if (name === 'conv.bias') expect(value.data).not.toEqual(kept);
        else expectSame(value.data, kept, name);
      }
      for (const [key, { data }] of optimizer.state()) {
        if (key !== 'step' && !key.endsWith('conv.bias')) expect(data).toEqual(state.get(key)?.data);
      }
      expect([...optimizer.state().keys()]).toEqual([
        ...createOptimizer(tinyNet(), settings, bias).state().keys(),
      ]);
      expect(String(optimizer)).toContain('frozen conv.weight and fc');
    },
  );
});

const make = (options: object) => () => new SGD(tinyNet(), { lr: 0.1, ...options });
const group = (part: object) => make({ groups: [{ layers: ['conv'], ...part }] });
itRefuses([
  [
    'a layer that is not there',
    make({ freeze: ['cnv'] }),
    RANGE,
    'sgd: freeze: expected a layer or parameter of conv, fc but received "cnv". Hint: did you mean conv?',
  ],
  ['a part of a name', make({ freeze: ['con'] }), RANGE, /received "con"\. Hint: did you mean conv\?/],
  ['a far name', make({ freeze: ['encoder'] }), RANGE, /received "encoder"\. Hint: there are conv, fc/],
  ['everything frozen', make({ freeze: ['conv', 'fc'] }), RANGE, /freeze: expected something left to train/],
  [
    'a text',
    make({ freeze: 'conv' }),
    TYPE,
    /freeze: expected names of layers such as \['conv1'\] but received string/,
  ],
  ['a group without layers', make({ groups: [{ lr: 1 }] }), TYPE, /groups\[0\]: expected names of layers/],
  [
    'a layer that no group can have',
    group({ layers: ['fc1'] }),
    RANGE,
    /groups\[0\]: .* received "fc1"\. Hint: did you mean fc\?/,
  ],
  [
    'a layer in two groups',
    make({ groups: [{ layers: ['conv'] }, { layers: ['conv.bias'] }] }),
    RANGE,
    /conv\.bias is in two/,
  ],
  ['a negative rate', group({ lr: -1 }), RANGE, /groups\[0\]: expected lr to be a number of at least 0/],
  [
    'a rate beside one of 0',
    make({ lr: 0, groups: [{ layers: ['conv'], lr: 1 }] }),
    RANGE,
    /where that of the optimizer is 0/,
  ],
  [
    'another option',
    group({ momentum: 1 }),
    TYPE,
    /groups\[0\]: expected the options layers, lr or weightDecay/,
  ],
  ['no list', make({ groups: { conv: 1 } }), TYPE, /expected groups to be a list such as/],
]);
