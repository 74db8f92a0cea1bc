/** The options of `train` that say what is trained, and how. */
import { netNames } from '../../nets/names.js';
import {
  augmentation,
  integer,
  names,
  netOrFile,
  numberAbove,
  oneOf,
  scheduleText,
  share,
} from './values.js';

export const net = {
  flags: '--net <net>',
  description: `${netNames.join(', ')}; or a module, such as ./net.mjs, that exports a net, a class of nets or a function that makes one`,
  fallback: 'lenet5',
  read: netOrFile(),
};
export const colour = {
  flags: '--colour',
  description:
    'train on red, green and blue, three channels, of class folders and npz files; else they become grey (cifar10 always has colours)',
};
const dropout = {
  flags: '--dropout <p>',
  description: 'share of values that training drops, where the net has a place for it',
  fallback: "the net's",
  read: numberAbove(0, 0.999),
};
const optimizer = {
  flags: '--optimizer <name>',
  description: 'sgd, as the recipe has it, or adam, adamw or rmsprop at their usual rates',
  fallback: 'sgd',
  read: oneOf('sgd', 'adam', 'adamw', 'rmsprop'),
};
const schedule = {
  flags: '--schedule <name>',
  description:
    'how the learning rate goes: constant, cosine, oneCycle, or step:EVERY:FACTOR, times FACTOR after so many epochs',
  fallback: "the recipe's: article constant, fast oneCycle; step:EVERY: 0.1; step: three equal parts",
  read: scheduleText(),
};
const warmup = {
  flags: '--warmup <share>',
  description: 'share of all steps in which the rate climbs to that of the schedule, 0 to 1',
  fallback: "the recipe's: fast 0.3, none before a constant rate",
  read: share(),
};
const keepBest = {
  flags: '--keep-best [figure]' as const,
  description: 'keep the parameters of the best epoch by testAccuracy, testLoss or loss, for --weights best',
  fallback: 'off; without a figure testAccuracy',
  read: oneOf('testAccuracy', 'testLoss', 'loss'),
};
const patience = {
  flags: '--patience <n>',
  description: 'stop when the figure of --keep-best has not improved for n epochs',
  fallback: 'off',
  read: integer(1, 100_000),
};
const averaging = {
  flags: '--averaging <decay>',
  description:
    'average the parameters over the steps, for --weights averaged: 0.999 looks back about 1,000 steps',
  fallback: 'off',
  read: numberAbove(0, 0.999_999),
};
const augment = {
  flags: '--augment <changes>',
  description:
    'move the training images at random: shift (pixels), rotate, shear (degrees), scale, flip (shares), elastic=ALPHA:SIGMA; as in shift=2,rotate=10',
  fallback: 'off',
  read: augmentation(),
};
const freeze = {
  flags: '--freeze <names>',
  description: 'layers or parameters that are not trained, such as conv1,conv2',
  fallback: 'off',
  read: names('layers'),
};
export const requireAccuracy = {
  flags: '--require-accuracy <x>',
  description: 'exit with code 5 when the test accuracy ends below x (0.99 is 99 %)',
  read: numberAbove(0, 1),
};

/** In the order of help. */
export const tuning = {
  optimizer,
  schedule,
  warmup,
  dropout,
  keepBest,
  patience,
  averaging,
  augment,
  freeze,
};
