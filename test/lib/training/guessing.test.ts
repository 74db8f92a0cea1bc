/** A training that ends where guessing is says so; one that learns does not. */
import { describe, expect, it } from 'vitest';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Random } from '../../../lib/random.js';
import { guessingWarning, type Reached } from '../../../lib/training/guessing.js';
import { recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import type { TrainerOptions } from '../../../lib/training/trainer-options.js';
import { drain } from './runs.js';
import { bars as draw, xorshift32 } from './trace.js';

const { fast, article } = recipes;
/** Ten classes, as often each. */
const labels = Uint8Array.from({ length: 1000 }, (_, i) => i % 10);
const reached = (part: Partial<Reached>): Reached => ({
  on: 'test',
  labels,
  loss: Math.LN10,
  accuracy: 0.1,
  ...part,
});

describe('guessingWarning', () => {
  it('names loss and accuracy of the net and of guessing, and what to try', () => {
    const recipe = { ...fast, optimizer: { ...fast.optimizer, lr: 0.3 } };
    expect(guessingWarning(recipe, reached({ loss: 2.304, accuracy: 0.113 }))).toBe(
      'the net does no better than guessing: its loss on the test images is 2.304 (of guessing: 2.303), and ' +
        '11.30 % of them are recognised (the most frequent class: 10.00 %). Hint: a lower learning rate ' +
        '(a third of 0.3), larger batches, more epochs; and look at the pictures and their labels',
    );
  });

  it("says of the article's recipe that it begins there", () => {
    expect(guessingWarning(article, reached({ on: 'training' }))).toMatch(
      /loss on the training images .* Hint: the article's recipe stays there for about ten epochs/,
    );
    const faster = { ...article, optimizer: { ...article.optimizer, lr: 1 } };
    expect(guessingWarning(faster, reached({}))).toMatch(/Hint: a lower learning rate \(a third of 1\)/);
  });

  const rare = Uint8Array.from({ length: 1000 }, (_, i) => Number(i % 10 === 0));
  // Of one image in ten: 0.3251.
  it.each<[string, boolean, Partial<Reached>]>([
    ['the loss of guessing, and a tenth right', true, {}],
    ['a loss far above', true, { loss: 40 }],
    ['a little luck', true, { accuracy: 0.128 }],
    ['more than luck', false, { accuracy: 0.129 }],
    ['a loss a little below', true, { loss: 0.951 * Math.LN10 }],
    ['a loss that says more', false, { loss: 0.949 * Math.LN10 }],
    ['overfitting: a high loss, and much right', false, { loss: 5, accuracy: 0.6 }],
    ['the frequent class always', true, { labels: rare, loss: 0.3251, accuracy: 0.9 }],
    ['the frequent class always, but knowing when', false, { labels: rare, loss: 0.2, accuracy: 0.9 }],
    ['one class alone, of which nothing is to be learnt', false, { labels: new Uint8Array(9), accuracy: 1 }],
    ['no image', false, { labels: new Uint8Array(0) }],
  ])('%s: %s', (_, warns, part) => {
    expect(guessingWarning(fast, reached(part)) !== undefined).toBe(warns);
  });
});

describe('the last epoch of a run', () => {
  const train = draw(xorshift32(3), 400);
  const test = draw(xorshift32(4), 200);
  const shuffled = (set: typeof train) => {
    const mixed = set.labels.slice();
    const random = new Random(1);
    for (const [i] of mixed.entries()) mixed[i] = random.integer(10);
    return { ...set, labels: mixed };
  };
  const grey = (set: typeof train) => ({ ...set, images: set.images.map(() => 90) });
  const run = (options: TrainerOptions = {}) =>
    new Trainer(new LeNet5({ seed: 1, init: options.recipe === 'article' ? 'article' : 'he' }), {
      seed: 1,
      ...options,
    });

  it.each<[string, typeof train, typeof train, TrainerOptions]>([
    ['labels that say nothing', shuffled(train), shuffled(test), {}],
    ['images that show nothing', grey(train), grey(test), {}],
    ['a rate that kills the net', train, test, { lr: 3 }],
    ["the plateau of the article's recipe", train, test, { recipe: 'article' }],
  ])('warns: %s', async (_, learned, judged, options) => {
    const records = await drain(run(options), { epochs: 2, validation: judged }, learned);
    expect(records.map(({ warning }) => warning === undefined)).toEqual([true, false]);
    expect(records[1].warning).toMatch(/^the net does no better than guessing: its loss on the test images/);
    const [alone] = await drain(run(options), { epochs: 1 }, learned);
    expect(alone.warning).toMatch(/on the training images/);
  });

  it('does not warn of a good run, nor of one that has begun to learn', async () => {
    for (const options of [{ validation: test }, {}]) {
      for (const epochs of [1, 3]) {
        const records = await drain(run(), { ...options, epochs }, train);
        expect(records.map(({ warning }) => warning)).toEqual(new Array(epochs).fill(undefined));
      }
    }
    // Five steps.
    const [first] = await drain(run({ batchSize: 64 }), { epochs: 1, validation: test }, { ...train });
    expect(first.warning).toBeUndefined();
  });

  it('is warned of after a resume, too', async () => {
    const mixed = shuffled(train);
    const first = run();
    for await (const { epoch } of first.fit(mixed)) if (epoch === 1) break;
    const net = new LeNet5();
    net.setParams(first.net.getParams());
    const [second, third] = await drain(
      new Trainer(net, { resume: first.state() }),
      { validation: shuffled(test) },
      mixed,
    );
    expect(second.warning).toBeUndefined();
    expect(third.warning).toMatch(/no better than guessing/);
  });

  it('is not warned of where an abort cut it short', async () => {
    const controller = new AbortController();
    const options = { epochs: 1, signal: controller.signal, onProgress: () => controller.abort() };
    const [record] = await drain(run(), options, shuffled(train));
    expect(record.interrupted).toBe(true);
    expect(record.warning).toBeUndefined();
  });
});
