import { type CommandSpec, data, json, limit, offline, threads } from '../spec.js';
import { integer, nonEmpty, numberAbove, oneOf } from '../values.js';

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
      fallback: "the recipe's: fast 64, article 128",
      read: integer(1, 65_536),
    },
    lr: {
      flags: '--lr <x>',
      description: 'learning rate; the peak of it where the recipe has a schedule',
      fallback: "the recipe's",
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
    requireAccuracy: {
      flags: '--require-accuracy <x>',
      description: 'exit with code 5 when the test accuracy ends below x (0.99 is 99 %)',
      read: numberAbove(0, 1),
    },
    live: {
      flags: '--live [port]',
      description: 'serve a page on this machine that shows the training; 0 takes any free port',
      fallback: 'off; without a number 0',
      read: integer(0, 65_535),
    },
    tensorboard: {
      flags: '--tensorboard [folder]',
      description: 'write an event file for TensorBoard, in this folder or the run folder',
      read: nonEmpty('a folder'),
    },
    json,
    quiet: { flags: '--quiet', description: 'print nothing to stderr but errors' },
    offline,
  },
} as const satisfies CommandSpec;
