import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Sigmoid } from '../../../lib/layers/sigmoid.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import { restoreNet } from '../../../lib/nets/restore.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';
import { randomNet } from '../../support/random-net.js';
import { propertyRuns } from '../../support/windows.js';

function expectRestored(net: Net): void {
  const restored = restoreNet(net.architecture);
  expect(restored.architecture).toBe(net.architecture);
  for (const { kind, value } of restored.parameters()) {
    expect(value.data.every((one) => one === (kind === 'scale' ? 1 : 0))).toBe(true);
  }
  restored.setParams(net.getParams());
  const x = normalTensor([2, ...net.inputShape], 1);
  expect(restored.predict(x)).toEqual(net.predict(x));
}

describe('restoreNet', () => {
  it('gives a net back that has the same results', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.boolean(), (seed, all) =>
        expectRestored(randomNet(seed, { all })),
      ),
      propertyRuns,
    );
  });

  it('takes named and nested layers', () => {
    expectRestored(new LeNet5({ seed: 1 }));
    const blocks = new Sequential([
      new Sequential({ flat: new Flatten() }),
      new Sequential([new Linear({ inFeatures: 4, outFeatures: 3 })]),
    ]);
    expectRestored(new Net(blocks, { inputShape: [1, 2, 2] }));
    const norm = new BatchNorm2d({ features: 1, momentum: 0.5, affine: false });
    const others = new Sequential({ norm, act: new Sigmoid(), drop: new Dropout({ p: 0.1 }) });
    const net = new Net(others, { inputShape: [1, 2, 2] });
    net.forward(normalTensor([3, 1, 2, 2], 2));
    expectRestored(net);
  });

  const text = (layers: unknown, kind = 'sequential') => JSON.stringify({ inputShape: [4], kind, layers });
  const nested = (levels: number): object =>
    levels === 0
      ? { name: '0', kind: 'relu' }
      : { name: '0', kind: 'sequential', layers: [nested(levels - 1)] };
  itRefuses(TYPE, {
    '...restoreNet: expected an architecture, a text...': () => restoreNet(wrong({})),
    '...linear: expected the options inFeatures, outFeatures or bias but received "biases"...': () =>
      restoreNet(text([{ name: '0', kind: 'linear', inFeatures: 4, outFeatures: 2, biases: false }])),
  });
  itRefuses(RANGE, {
    '...restoreNet: expected JSON but received...': () => restoreNet('{'),
    '...restoreNet: net: expected a description ... received Array...': () => restoreNet('[]'),
    '...expected a sequential net ... relu...': () => restoreNet(text(undefined, 'relu')),
    '...restoreNet: net: expected layers but received number...': () => restoreNet(text(3)),
    '...restoreNet: net.act: expected a layer of conv2d, ... but received "toString"...': () =>
      restoreNet(text([{ name: 'act', kind: 'toString' }])),
    '...expected an architecture that this version of rownet writes...': () =>
      restoreNet(text([{ name: '0', kind: 'relu', slope: 0.1 }])),
    '...at most 32 levels...': () => restoreNet(text([nested(1000)])),
  });
  itRefuses(SHAPE, {
    '...linear: expected 5 input features...': () =>
      restoreNet(text([{ name: '0', kind: 'linear', inFeatures: 5, outFeatures: 2 }])),
  });
});
