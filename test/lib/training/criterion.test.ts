/** Trainings that go down another loss than cross entropy. */
import { expect, it } from 'vitest';
import { gatherImages } from '../../../lib/kernels/training.js';
import { MSELoss } from '../../../lib/losses/mse.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { SGD } from '../../../lib/optimizers/sgd.js';
import { Random } from '../../../lib/random.js';
import type { Recipe } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { expectClose } from '../../support/comparer.js';
import { bits, data, drain, failure, small, start } from './runs.js';

const recipe: Recipe = { ...small, criterion: 'mse', shuffle: 'none', schedule: 'constant', epochs: 2 };
const random = new Random(3);
const values = Float32Array.from({ length: 10 * data.count }, () => random.normal());

it.each([
  ['its values', { ...data, values }, values],
  [
    '1 for its label',
    data,
    Float32Array.from({ length: 10 * data.count }, (_, at) =>
      Number(data.labels[Math.floor(at / 10)] === at % 10),
    ),
  ],
])('compares scores with %s of each image, as a loop by hand', async (_, train, wanted) => {
  const { net, trainer } = start({ recipe });
  const [first] = await drain(trainer, { epochs: 1, validation: train }, train);

  const { normalization } = trainer;
  const byHand = new LeNet5({ seed: 1 });
  const criterion = new MSELoss();
  const optimizer = new SGD(byHand, { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 });
  let sum = 0;
  for (const [begin, end] of [
    [0, 32],
    [32, 64],
    [64, 70],
  ]) {
    const indices = Uint32Array.from({ length: end - begin }, (__, index) => begin + index);
    const scores = byHand.forward(gatherImages(data.images, data.shape, indices, normalization));
    sum += criterion.forward(scores, wanted.subarray(10 * begin, 10 * end)) * 10 * indices.length;
    byHand.backward(criterion.backward());
    optimizer.step();
  }
  expectClose(net.arena, byHand.arena, 1e-5, 'parameters');
  expect(first.loss).toBeCloseTo(sum / data.count, 4);
  const all = Uint32Array.from({ length: data.count }, (__, index) => index);
  const scores = net.predict(gatherImages(data.images, data.shape, all, normalization));
  expect(first.testLoss).toBeCloseTo(
    new MSELoss({ reduction: 'sum' }).forward(scores, wanted) / data.count,
    4,
  );
  expect(first.warning).toBeUndefined();
});

it('goes on to the same bits', async () => {
  const straight = start({ recipe });
  await drain(straight.trainer);
  const first = start({ recipe });
  for await (const { epoch } of first.trainer.fit(data)) if (epoch === 1) break;
  const resume = JSON.parse(JSON.stringify(first.trainer.state()));
  expect(resume.recipe.criterion).toBe('mse');
  const net = new LeNet5({ init: 'zeros' });
  net.setParams(first.net.getParams());
  const { optimizerState } = first.trainer.state();
  const second = { net, trainer: new Trainer(net, { resume: { ...resume, optimizerState } }) };
  await drain(second.trainer);
  expect(bits(second)).toBe(bits(straight));
});

it('refuses a criterion that is not known', () => {
  expect(() => start({ recipe: { ...recipe, criterion: 'hinge' as never } })).toThrow(
    failure(
      'ERR_ROWNET_RANGE',
      /recipe: criterion: expected 'crossEntropy' or 'mse' or 'bceWithLogits' but received "hinge"/,
    ),
  );
});
