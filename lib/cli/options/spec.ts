/** What a command takes, as data, and the options that several commands share. */
import { imageSize, integer, netOrFile, nonEmpty, oneOf, type ReadValue } from './values.js';

export interface OptionSpec<T = unknown> {
  /** As commander writes them: `--epochs <n>`, `--json`, `--resume [run]`. */
  readonly flags: string;
  readonly description: string;
  /** The value without the option, in words; the command applies it. */
  readonly fallback?: string;
  /** Absent for a switch, which is true when given. */
  readonly read?: ReadValue<T>;
}

export interface ArgumentSpec {
  /** `checkpoint`: required; `[image]`: optional; `files...` and `[files...]`: as many as there are. */
  readonly name: string;
  readonly description: string;
  /** Absent for the path of a file or folder, which the command looks at itself. */
  readonly read?: ReadValue<string>;
  /** What a shell offers, where it is not what `read` takes. */
  readonly completes?: 'commands';
}

export interface CommandSpec {
  readonly summary: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly arguments?: readonly ArgumentSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
}

export const json = { flags: '--json', description: 'print JSON to stdout, one object a line' };
export const threads = {
  flags: '--threads <n>',
  description: 'threads to run on, 1 to 1024; the results do not depend on it',
  fallback: 'ROWNET_NUM_THREADS, else OMP_NUM_THREADS, else all cores, at most the CPU quota',
  read: integer(1, 1024),
};
export const data = {
  flags: '--data <name>',
  description:
    'mnist, fashion-mnist, kmnist, cifar10; a folder of the four IDX files (also .gz), of class folders of images, or with a train.csv; or a .csv or .npz file',
  read: nonEmpty('the name of a data set or a folder'),
};
export const size = {
  flags: '--size <size>',
  description:
    'height and width that pictures are brought to: 48x64, or 48 for both; at least 32 for LeNet-5',
  fallback: 'what the net takes: 32x32 for LeNet-5',
  read: imageSize(1),
};
export const resize = {
  flags: '--resize <method>',
  description:
    'how pictures get their size: fit (scaled, proportions kept), stretch, pad (not scaled), bilinear, or none',
  fallback: "the recipe's (fast pad, article bilinear) where all pictures have one size that fits, else fit",
  read: oneOf('fit', 'stretch', 'pad', 'bilinear', 'none'),
};
export const transpose = {
  flags: '--transpose [how]' as const,
  description: 'exchange rows and columns of the pictures: yes or no',
  fallback: 'yes for files that are called emnist, else no',
  read: oneOf('yes', 'no'),
};
export const skipEmptyClasses = {
  flags: '--skip-empty-classes',
  description: 'leave out class folders without a picture that can be read, in place of an error',
};
export const limit = {
  flags: '--limit <n>',
  description: 'use only the first n images of each split',
  fallback: 'all',
  read: integer(1),
};
export const quiet = { flags: '--quiet', description: 'print nothing to stderr but errors' };
export const offline = { flags: '--offline', description: 'never connect to the network' };

export const live = {
  flags: '--live [port]' as const,
  description: 'serve a page on this machine that shows the training',
  fallback: 'off; without a number any free port',
  read: integer(0, 65_535),
};
export const weights = {
  flags: '--weights <which>',
  description: 'parameters of the run: last, best (of --keep-best), or averaged (of --averaging)',
  fallback: 'last',
  read: oneOf('last', 'best', 'averaged'),
};
/** Of a net that a file does not describe. */
export const net = {
  flags: '--net <net>',
  description:
    'what makes the net: a name or a module, as for train; needed for layers of its own, and for parameters alone that are not LeNet-5',
  fallback: "the checkpoint's",
  read: netOrFile(),
};
/** Of a net of which nothing else says it. */
export const inputSize = {
  flags: '--size <size>',
  description: 'height and width of the images that parameters alone are for: 48x64, or 48 for both',
  fallback: "32x32, or the checkpoint's",
  read: imageSize(1),
};
export const recipe = {
  flags: '--recipe <name>',
  description: 'how images are prepared, fast or article; needed for a file that holds parameters alone',
  fallback: "the checkpoint's",
  read: oneOf('fast', 'article'),
};

export const prepare = {
  flags: '--prepare <how>',
  description:
    "digit: find the digit, scale and centre it as MNIST was; none: only resize the image, as the training's were",
  fallback: 'digit where the net was trained on mnist, kmnist or emnist, else none',
  read: oneOf('digit', 'none'),
} as const;

/** Of a command that takes the newest run where none is named. */
export const run = {
  name: '[run]',
  description: 'a run folder, or a checkpoint (default: the newest run in runs)',
};
