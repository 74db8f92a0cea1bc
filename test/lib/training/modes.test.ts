/** Training of layers with a mode, buffers and a place in the generator. */
import { expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Sigmoid } from '../../../lib/layers/sigmoid.js';
import { Net } from '../../../lib/nets/net.js';
import { restoreNet } from '../../../lib/nets/restore.js';
import { recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { randomImages } from '../../support/random-data.js';

const data = randomImages(22, [1, 6, 5], 3, 1);
const recipe = { ...recipes.fast, batchSize: 4, epochs: 4 };
const options = { recipe, seed: 7 };

function make(): Net {
  const layers = {
    conv: new Conv2d({ inChannels: 1, outChannels: 4, kernel: 3 }),
    norm: new BatchNorm2d({ features: 4 }),
    act: new Sigmoid(),
    first: new Dropout({ p: 0.2 }),
    flatten: new Flatten(),
    fc: new Linear({ inFeatures: 48, outFeatures: 8 }),
    second: new Dropout(),
    last: new Linear({ inFeatures: 8, outFeatures: 3 }),
  };
  return new Net(new Sequential(layers), { inputShape: [1, 6, 5], seed: 3 });
}

async function train(trainer: Trainer, epochs: number): Promise<void> {
  for await (const { epoch } of trainer.fit(data)) if (epoch === epochs) return;
}

it('goes on to the same bits from what a checkpoint holds, and evaluates alike', async () => {
  const net = make();
  await train(new Trainer(net, options), 4);

  const stopped = make();
  const trainer = new Trainer(stopped, options);
  await train(trainer, 2);
  const resumed = restoreNet(stopped.architecture);
  resumed.setParams(stopped.getParams());
  await train(new Trainer(resumed, { resume: trainer.state() }), 4);
  expect(resumed.getParams()).toEqual(net.getParams());
  expect(net.bufferArena.some((value) => value !== 0 && value !== 1)).toBe(true);

  const buffers = net.bufferArena.slice();
  const engine = createEngine('auto', net, { normalization: trainer.normalization, train: data });
  const [once, again] = [engine.evaluate(data), engine.evaluate(data, 5)];
  expect(again.predictions).toEqual(once.predictions);
  expect(net.bufferArena).toEqual(buffers);
});

it.each(['rows', 'lanes'] as const)('%s draws other masks for another seed and step', (name) => {
  const step = (seed: number, at: number) => {
    const net = make();
    const engine = createEngine(name, net, { normalization: { scale: 1 / 255, shift: 0 }, train: data });
    engine.trainStep(Uint32Array.of(0, 5, 9), { seed, step: at });
    return [...net.gradArena];
  };
  expect(step(1, 2)).toEqual(step(1, 2));
  expect(step(2, 2)).not.toEqual(step(1, 2));
  expect(step(1, 3)).not.toEqual(step(1, 2));
});
