import { type CommandSpec, data, json, limit, live, offline, quiet, threads } from '../spec.js';
import { integer, interval, nonEmpty, numberAbove, oneOf } from '../values.js';

export const trainSpec = {
  summary: 'Train LeNet-5 and write a run folder (checkpoint, metrics, curves).',
  examples: [
    ['rownet train', 'the fast recipe on MNIST, from start to test accuracy'],
    ['rownet train --recipe article --epochs 20', "the article's own run"],
    ['rownet train --data fashion-mnist --seed 7 --out runs/fashion', 'other data, other folder'],
    ['rownet train --live', 'watch it learn in the browser'],
    ['rownet train --resume runs/fashion', 'go on where that run was stopped'],
    ['rownet train --json | jq .testAccuracy', 'for programs: one JSON object a line'],
  ],
  options: {
    recipe: {
      flags: '--recipe <name>',
      description: "fast, or article (the article's run, step by step)",
      fallback: 'fast',
      read: oneOf('fast', 'article'),
    },
    epochs: {
      flags: '--epochs <n>',
      description: 'passes over the training images',
      fallback: "the recipe's",
      read: integer(1, 100_000),
    },
    batchSize: {
      flags: '--batch-size <n>',
      description: 'images a step',
      fallback: "the recipe's: article 128, fast 64, down to 16 in a short run",
      read: integer(1, 65_536),
    },
    lr: {
      flags: '--lr <x>',
      description: 'learning rate, taken as it is; the peak of it where the recipe has a schedule',
      fallback: "the recipe's: article 0.001, fast 0.1, less for small batches and short runs",
      read: numberAbove(0, 1000),
    },
    seed: {
      flags: '--seed <n>',
      description: 'seed of the initial parameters and of the order of the images',
      fallback: '1',
      read: integer(0),
    },
    threads,
    engine: {
      flags: '--engine <name>',
      description: 'how the net is run: lanes (fused), rows (layer by layer), or auto (lanes where it can)',
      fallback: 'auto',
      read: oneOf('auto', 'lanes', 'rows'),
    },
    data: { ...data, fallback: 'mnist' },
    limit,
    out: {
      flags: '--out <folder>',
      description: 'run folder, new or empty',
      fallback: 'runs/<recipe>-<time>',
      read: nonEmpty('a folder'),
    },
    resume: {
      flags: '--resume [run]',
      description: 'continue a run, given by its folder or checkpoint (or by --out), up to --epochs',
      read: nonEmpty('a run folder or a checkpoint'),
    },
    checkpointEvery: {
      flags: '--checkpoint-every <n>',
      description:
        'write a checkpoint after n epochs, or after seconds, as in 30s, also within an epoch; say so',
      fallback: '1',
      read: interval(),
    },
    requireAccuracy: {
      flags: '--require-accuracy <x>',
      description: 'exit with code 5 when the test accuracy ends below x (0.99 is 99 %)',
      read: numberAbove(0, 1),
    },
    live,
    tensorboard: {
      flags: '--tensorboard [folder]',
      description: 'write an event file for TensorBoard, in this folder or the run folder',
      read: nonEmpty('a folder'),
    },
    json,
    quiet,
    offline,
  },
} as const satisfies CommandSpec;
