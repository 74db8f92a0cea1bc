/** A state_dict that PyTorch saved, loaded into a net of the same names: test/fixtures/pytorch/state_dicts.py. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { loadParams } from '../../../lib/formats/params.js';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { LeakyReLU } from '../../../lib/layers/leaky-relu.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Sigmoid } from '../../../lib/layers/sigmoid.js';
import { Tanh } from '../../../lib/layers/tanh.js';
import { Net } from '../../../lib/nets/net.js';
import { Tensor } from '../../../lib/tensor.js';
import { expectClose } from '../../support/comparer.js';

const fixtures = new URL('../../fixtures/pytorch/', import.meta.url);

const expected = JSON.parse(readFileSync(new URL('state_dicts.json', fixtures), 'utf8')) as Readonly<
  Record<string, { readonly shape: number[]; readonly x: number[]; readonly scores: number[] }>
>;

const nets: Readonly<Record<string, () => Sequential>> = {
  small: () =>
    new Sequential({
      conv1: new Conv2d({ inChannels: 1, outChannels: 4, kernel: 3 }),
      bn1: new BatchNorm2d({ features: 4 }),
      relu1: new ReLU(),
      pool1: new MaxPool2d({ kernel: 2 }),
      flatten: new Flatten(),
      fc1: new Linear({ inFeatures: 4 * 4 * 3, outFeatures: 5 }),
    }),
  every: () =>
    new Sequential({
      block: new Sequential({
        conv: new Conv2d({
          inChannels: 2,
          outChannels: 6,
          kernel: [3, 2],
          padding: [1, 0],
          dilation: [1, 2],
          bias: false,
        }),
        norm: new BatchNorm2d({ features: 6, eps: 1e-3 }),
        act: new ReLU(),
      }),
      pool: new MaxPool2d({ kernel: 3, stride: 2 }),
      depthwise: new Conv2d({ inChannels: 6, outChannels: 12, kernel: 3, padding: 1, groups: 6 }),
      sigmoid: new Sigmoid(),
      drop1: new Dropout({ p: 0.25 }),
      norm2: new BatchNorm2d({ features: 12, affine: false }),
      tanh: new Tanh(),
      flatten: new Flatten(),
      fc1: new Linear({ inFeatures: 12 * 5 * 3, outFeatures: 9, bias: false }),
      leaky: new LeakyReLU({ negativeSlope: 0.1 }),
      drop2: new Dropout({ p: 0.25 }),
      fc2: new Linear({ inFeatures: 9, outFeatures: 5 }),
    }),
};

let warnings: MockInstance<typeof process.emitWarning>;
beforeEach(() => {
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  warnings.mockRestore();
});

describe.each(Object.keys(nets))('the net %s', (name) => {
  const { shape, x, scores } = expected[name];
  const net = new Net(nets[name](), { inputShape: shape.slice(1), seed: 9 });
  const path = fileURLToPath(new URL(`state_dict_${name}.safetensors`, fixtures));
  const counters = [...net.getParams().keys()].filter((name) => name.endsWith('.running_mean'));

  it('takes parameters and running values, and tells that the counters are left out', () => {
    const params = loadParams(path);
    net.setParams(params);
    expect([...params.keys()].sort()).toEqual([...net.getParams().keys()].sort());
    expect(counters.length).toBeGreaterThan(0);
    const names = counters.map((one) => one.replace('running_mean', 'num_batches_tracked'));
    const said = warnings.mock.calls.map(([message]) => String(message));
    expect(said).toEqual([expect.stringMatching(/: left out .*: integers are no parameters of a net$/)]);
    for (const one of names) expect(said[0]).toContain(`"${one}" (I64)`);
  });

  it.each(['rows', 'lanes'] as const)('gives the scores of PyTorch on %s', (engine) => {
    net.setParams(loadParams(path));
    const { data } = createEngine(engine, net, { normalization: { scale: 1, shift: 0 } }).predict(
      Tensor.from(x, shape),
    );
    expectClose(data, scores, 1e-5 * Math.max(...scores.map(Math.abs)), `${name} on ${engine}`);
  });
});
