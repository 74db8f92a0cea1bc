/** Memory that is transferred to a worker between two steps: an error of its own, never a silent number. */
import { describe, expect, it } from 'vitest';
import type { PictureSet } from '../../../lib/data/datasets.js';
import { mnistNormalization } from '../../../lib/data/normalize.js';
import { createEngine } from '../../../lib/engines/create.js';
import { CrossEntropyLoss } from '../../../lib/losses/cross-entropy.js';
import { Tensor } from '../../../lib/tensor.js';
import { computeAccuracyInSlices } from '../../../lib/training/evaluate.js';
import type { Trainer } from '../../../lib/training/trainer.js';
import { expectSame } from '../../support/comparer.js';
import { errorOf, TYPE } from '../../support/misuse.js';
import { randomImages } from '../../support/random-data.js';
import { tinyInput, tinyNet } from '../../support/tiny-net.js';
import { data, drain, start } from './runs.js';

const transfer = ({ buffer }: ArrayBufferView) => {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
};
const copyOf = (set: PictureSet): PictureSet => ({
  ...set,
  images: set.images.slice(),
  labels: set.labels.slice(),
});
const engines = ['lanes', 'rows'] as const;

describe.each(engines)('engine %s', (engine) => {
  it.each(['images', 'labels'] as const)('%s of the training set', async (what) => {
    const { net, trainer } = start({ engine });
    const train = copyOf(data);
    let kept = new Float32Array(0);
    const onProgress = () => {
      if (train[what].length === 0) throw new Error('a step without memory');
      kept = net.arena.slice();
      transfer(train[what]);
    };
    const end = drain(trainer, { onProgress }, train);
    await expect(end).rejects.toMatchObject({ code: TYPE, message: expect.stringMatching(/detached/) });
    expectSame(net.arena, kept, 'parameters after the step before');
    expect(trainer.state().step).toBe(1);
  });

  it('parameters, between two epochs', async () => {
    const { net, trainer } = start({ engine });
    const run = async () => {
      for await (const _ of trainer.fit(data)) transfer(net.arena);
    };
    await expect(run()).rejects.toMatchObject({
      code: TYPE,
      message: expect.stringMatching(/conv1\.weight/),
    });
    expect(errorOf(() => net.getParams())).toMatchObject({ code: TYPE });
    expect(errorOf(() => net.setParams(start().net.getParams()))).toMatchObject({ code: TYPE });
  });

  it.each(['images', 'labels'] as const)('%s of an evaluation, while the event loop runs', async (what) => {
    const { net } = start();
    const many = 20_000;
    const set = {
      ...data,
      images: new Uint8Array(many * 1024),
      labels: new Uint8Array(many),
      count: many,
    };
    const normalization = mnistNormalization;
    const made = createEngine(engine, net, { normalization });
    const evaluation = computeAccuracyInSlices({ engine: made, outputs: 10 }, set, 64);
    setImmediate(() => transfer(set[what]));
    await expect(evaluation).rejects.toMatchObject({
      code: 'ERR_ROWNET_RANGE',
      message: expect.stringMatching(
        new RegExp(`computeAccuracy: expected ${what} to hold at least .* transferred`),
      ),
    });
  });
});

describe('what a layer lends out', () => {
  const x = new Tensor([2, ...tinyInput]);

  it('may go: the next forward and backward take new memory', () => {
    const net = tinyNet();
    const scores = net.forward(x);
    const [expected, gradOut] = [scores.data.slice(), new Tensor(scores.shape)];
    transfer(scores.data);
    expectSame(net.forward(x).data, expected, 'scores');
    const gradient = net.backward(gradOut, { inputGradient: true }) as Tensor;
    transfer(gradient.data);
    net.forward(x);
    expect(net.backward(gradOut, { inputGradient: true })?.size).toBe(x.size);
    const set = randomImages(4, tinyInput, 3, 1);
    transfer(net.forward(x).data);
    const engine = createEngine('rows', net, { normalization: { scale: 1, shift: 0 }, train: set });
    expect(engine.trainStep(Uint32Array.of(0, 1)).loss).toBeGreaterThan(0);
  });

  it('may not go before the backward that reads it', () => {
    const net = tinyNet();
    const outputs = [...net.forwardByLayers(x)].map(({ output }) => output);
    const gradOut = new Tensor((outputs.at(-1) as Tensor).shape);
    transfer(outputs[1].data);
    expect(errorOf(() => net.backward(gradOut))).toMatchObject({ code: TYPE });
  });

  it('the gradient of a loss may go', () => {
    const loss = new CrossEntropyLoss();
    const scores = new Tensor([2, 3]);
    const first = loss.forward(scores, [0, 1]);
    transfer(loss.backward().data);
    expect(loss.forward(scores, [0, 1])).toBe(first);
    expect(loss.backward().size).toBe(6);
  });
});

it('a trainer whose velocities are asked for hands out copies', async () => {
  const { trainer }: { trainer: Trainer } = start();
  await drain(trainer, { epochs: 1 });
  for (const tensor of trainer.state().optimizerState.values()) transfer(tensor.data);
  expect(await drain(trainer, { epochs: 2 })).toHaveLength(1);
});
