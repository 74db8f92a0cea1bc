/**
 * The commands and options of `rownet`, in one table. It feeds parsing and validation (program.ts), `--help`, completion,
 * and the tables in the documentation.
 */
import * as shared from './spec.js';
import * as training from './training.js';
import { integer, interval, nonEmpty, numberAbove, oneOf, type ReadValue } from './values.js';

/** In the order of `--help`. `data get` is the command `get` of the group `data`. */
export const commands = {
  train: {
    summary: 'Train LeNet-5, or another net, and write a run folder (checkpoint, metrics, curves).',
    examples: [
      ['rownet train', 'the fast recipe on MNIST, from start to test accuracy'],
      ['rownet train --recipe article --epochs 20', "the article's own run"],
      ['rownet train --data fashion-mnist --seed 7 --out runs/fashion', 'other data, other folder'],
      ['rownet train --data photos --size 48x64', 'class folders of pictures of any size'],
      ['rownet train --net ./net.mjs', 'a net of your own'],
      ['rownet train --live', 'watch it learn in the browser'],
      ['rownet train --resume runs/fashion', 'go on where that run was stopped'],
      ['rownet train --json | jq .testAccuracy', 'for programs: one JSON object a line'],
    ],
    options: {
      net: training.net,
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
      threads: shared.threads,
      engine: {
        flags: '--engine <name>',
        description: 'how the net is run: lanes (fused), rows (layer by layer), or auto (lanes where it can)',
        fallback: 'auto',
        read: oneOf('auto', 'lanes', 'rows'),
      },
      ...training.tuning,
      data: { ...shared.data, fallback: 'mnist' },
      size: shared.size,
      resize: shared.resize,
      colour: training.colour,
      transpose: shared.transpose,
      skipEmptyClasses: shared.skipEmptyClasses,
      limit: shared.limit,
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
      requireAccuracy: training.requireAccuracy,
      live: shared.live,
      tensorboard: {
        flags: '--tensorboard [folder]',
        description: 'write an event file for TensorBoard, in this folder or the run folder',
        read: nonEmpty('a folder'),
      },
      json: shared.json,
      quiet: shared.quiet,
      offline: shared.offline,
    },
  },
  eval: {
    summary: 'Measure a checkpoint on the test images: loss, accuracy, confusion matrix.',
    examples: [
      ['rownet eval', 'the newest run'],
      ['rownet eval runs/fashion', 'on the test images of the data it was trained on'],
      [
        'rownet eval runs/fashion/checkpoint.safetensors --data ./my-digits --json',
        'on other images, as JSON',
      ],
    ],
    arguments: [shared.run],
    options: {
      data: { ...shared.data, fallback: "the checkpoint's" },
      transpose: shared.transpose,
      skipEmptyClasses: shared.skipEmptyClasses,
      limit: shared.limit,
      net: shared.net,
      weights: shared.weights,
      recipe: shared.recipe,
      size: shared.inputSize,
      threads: shared.threads,
      json: shared.json,
      offline: shared.offline,
    },
  },
  predict: {
    summary: 'Recognise image files, PNG or JPEG, one digit or thing each.',
    examples: [
      ['rownet predict digit.png', 'by the newest run'],
      ['rownet predict runs/mine digit.png', 'any size, dark on light or light on dark'],
      ['rownet predict runs/mine scans/*.jpg --json', 'all probabilities, one JSON object a file'],
    ],
    arguments: [shared.run, { name: '[files...]', description: 'PNG or JPEG files, at least one' }],
    options: {
      prepare: shared.prepare,
      net: shared.net,
      weights: shared.weights,
      recipe: shared.recipe,
      size: shared.inputSize,
      threads: shared.threads,
      json: shared.json,
    },
  },
  serve: {
    summary: 'Draw a digit in the browser and see what each layer makes of it.',
    examples: [
      ['rownet serve', 'the newest run; prints the address of a page on this machine'],
      ['rownet serve runs/mine --port 8080', 'another run, at a port of your choice'],
      ['rownet serve lenet5.safetensors --recipe fast', 'a file that holds parameters alone'],
    ],
    arguments: [shared.run],
    options: {
      port: {
        flags: '--port <n>',
        description: 'port of 127.0.0.1; 0 takes any free one',
        fallback: '0',
        read: integer(0, 65_535),
      },
      prepare: shared.prepare,
      net: shared.net,
      weights: shared.weights,
      recipe: shared.recipe,
      size: shared.inputSize,
      json: { flags: '--json', description: 'print the address as JSON' },
    },
  },
  explain: {
    summary: 'Follow one image through a layer with real numbers, forward and back.',
    examples: [
      ['rownet explain', 'a built-in digit in the first convolution of a new net'],
      ['rownet explain digit.png --checkpoint runs/mine --layer conv2', 'your image, your net'],
      ['rownet explain --html explain.html', 'a page that can be clicked through, in one file'],
    ],
    arguments: [{ name: '[image]', description: 'PNG or JPEG; a built-in 7 without it' }],
    options: {
      layer: {
        flags: '--layer <name>',
        description: 'conv1, conv2, conv3, fc1 or fc2',
        fallback: 'conv1',
        read: nonEmpty('the name of a layer'),
      },
      checkpoint: {
        flags: '--checkpoint [path]' as const,
        description: 'a run folder, or a checkpoint; alone: the newest run in runs',
        fallback: 'a new net, seed 1',
        read: nonEmpty('a checkpoint'),
      },
      filter: {
        flags: '--filter <n>',
        description: 'filter that is followed, from 0; of fc1 and fc2 an output',
        fallback: 'the one with the largest output',
        read: integer(0),
      },
      label: {
        flags: '--label <n>',
        description: 'class whose loss is differentiated',
        fallback: 'the second most probable one, whose gradients are not near 0',
        read: integer(0),
      },
      html: {
        flags: '--html <file>',
        description: 'write a page instead; one file, no network',
        read: nonEmpty('a file'),
      },
      prepare: shared.prepare,
      net: shared.net,
      weights: shared.weights,
      recipe: shared.recipe,
      size: shared.inputSize,
    },
  },
  runs: {
    summary: 'List the runs in a folder: epochs, accuracy, time, state.',
    examples: [
      ['rownet runs', 'those in runs, the newest first'],
      ['rownet runs --live', 'compare their curves in the browser'],
      ['rownet runs --json | jq -s "max_by(.bestTestAccuracy).path"', 'the best one, for programs'],
    ],
    arguments: [{ name: '[folder]', description: 'the folder that holds run folders (default: runs)' }],
    options: {
      live: { ...shared.live, description: 'serve a page on this machine that compares finished runs' },
      json: shared.json,
    },
  },
  report: {
    summary: 'Write a run as one HTML file: curves, confusion, mistakes, filters.',
    examples: [
      ['rownet report', 'of the newest run'],
      ['rownet report runs/mine', 'report.html, curves.svg and curves.png in the run folder'],
      ['rownet report runs/mine --out mine.html', 'the page elsewhere'],
    ],
    arguments: [{ ...shared.run, description: 'a run folder (default: the newest run in runs)' }],
    options: {
      out: {
        flags: '--out <file>',
        description: 'where the page is written',
        fallback: 'report.html in the run folder',
        read: nonEmpty('a file'),
      },
      net: shared.net,
      weights: shared.weights,
      threads: shared.threads,
      json: shared.json,
    },
  },
  export: {
    summary: 'Write the parameters of a checkpoint, or its net, for other systems.',
    examples: [
      [
        'rownet export runs/mine --format onnx',
        'the net as runs/mine/lenet5.onnx, for ONNX Runtime and others',
      ],
      ['rownet export runs/mine --format safetensors', 'the parameters alone, under the names of PyTorch'],
      ['rownet export runs/mine --format npz --out lenet5.npz', 'the same for NumPy'],
    ],
    arguments: [shared.run],
    options: {
      format: {
        flags: '--format <name>',
        description: 'safetensors or npz (the parameters), or onnx (the net); required',
        read: oneOf('safetensors', 'npz', 'onnx'),
      },
      out: {
        flags: '--out <file>',
        description: 'file to write',
        fallback: '<net>.<format> beside the checkpoint',
        read: nonEmpty('a file'),
      },
      force: { flags: '--force', description: 'replace a file that is there' },
      net: shared.net,
      weights: shared.weights,
      pixels: {
        flags: '--pixels',
        description: 'onnx: the graph takes pixels from 0 to 255 and normalizes them itself',
      },
      recipe: {
        flags: '--recipe <name>',
        description:
          'onnx: how images are prepared, fast or article; needed for a file that holds parameters alone',
        fallback: "the checkpoint's",
        read: oneOf('fast', 'article'),
      },
      size: shared.inputSize,
      json: shared.json,
    },
  },
  'data get': {
    summary: 'Download a data set to where the other commands find it, and check it.',
    examples: [
      ['rownet data get mnist', 'to the cache folder, or to $ROWNET_DATA_DIR/mnist'],
      ['rownet data get kmnist --out digits/kmnist', 'to a folder of your own, for --data digits/kmnist'],
      ['rownet data get mnist --offline', 'check what is there'],
    ],
    arguments: [{ name: 'set', description: 'mnist, fashion-mnist, kmnist or cifar10' }],
    options: {
      out: {
        flags: '--out <folder>',
        description: 'folder for the files',
        fallback: '$ROWNET_DATA_DIR/<set>, else <set> in the cache folder',
        read: nonEmpty('a folder'),
      },
      json: shared.json,
      quiet: shared.quiet,
      offline: shared.offline,
    },
  },
  'data list': {
    summary: 'List the data sets that are known by name, and where they are found.',
    examples: [
      ['rownet data list', 'to read'],
      ['rownet data list --json', 'for programs: one JSON object a set'],
    ],
    options: { json: shared.json },
  },
  info: {
    summary: 'Show versions, CPU, addon, instruction set, threads, data folders.',
    examples: [
      ['rownet info', 'to read, or to paste into a bug report'],
      ['rownet info --json', 'the same for programs'],
    ],
    options: { threads: shared.threads, json: shared.json },
  },
  doctor: {
    summary: 'Check the installation and the machine, and say how to mend what is wrong.',
    examples: [
      ['rownet doctor', 'a line a check'],
      ['rownet doctor --json | jq \'.checks[] | select(.status != "ok")\'', 'what is not as it should be'],
    ],
    options: { json: shared.json },
  },
  bench: {
    summary: 'Measure training and inference here, beside the peak of this CPU.',
    examples: [
      ['rownet bench', 'both engines, with AVX-512 and AVX2 where the CPU has them, each in its own process'],
      ['rownet bench --quick', 'one epoch each'],
      ['rownet bench --threads 1 --json > bench.json', 'to keep'],
    ],
    options: {
      epochs: {
        flags: '--epochs <n>',
        description: 'timed epochs of each engine and instruction set level, after one that is not timed',
        fallback: '5',
        read: integer(1, 1000),
      },
      quick: { flags: '--quick', description: 'one timed epoch, one round' },
      threads: shared.threads,
      data: { ...shared.data, fallback: 'mnist; random images of the same size where it is not installed' },
      json: shared.json,
    },
  },
  completion: {
    summary: 'Print a script that completes commands, options and values in a shell.',
    examples: [
      ['source <(rownet completion bash)', 'for this shell; in ~/.bashrc for every one'],
      ['rownet completion zsh > ~/.zfunc/_rownet', 'a folder of fpath, which compinit reads'],
    ],
    arguments: [{ name: 'shell', description: 'bash or zsh', read: oneOf('bash', 'zsh') }],
    options: {},
  },
  help: {
    summary: 'Show what rownet can do, or the options of one command.',
    examples: [
      ['rownet help', 'all commands; the same as rownet --help'],
      ['rownet help train', 'the same as rownet train --help'],
      ['rownet help data get', 'a command of two words'],
    ],
    arguments: [
      { name: '[command...]', description: 'a command; all of them without it', completes: 'commands' },
    ],
    options: {},
  },
} as const satisfies Readonly<Record<string, shared.CommandSpec>>;

/** What a group of commands is for, such as the `data` of `data get`. */
export const groups: Readonly<Record<string, string>> = {
  data: 'Data sets that are known by name.',
};

export type CommandName = keyof typeof commands;

type Value<O> = O extends { flags: `${string}[${string}]`; read: ReadValue<infer T> }
  ? T | true
  : O extends { read: ReadValue<infer T> }
    ? T
    : true;

/** The parsed options of a command: only what was given on the command line. */
export type OptionsOf<C extends CommandName> = {
  readonly [K in keyof (typeof commands)[C]['options']]?: Value<(typeof commands)[C]['options'][K]>;
};

/** The environment variables that the command line and the library read. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['ROWNET_NUM_THREADS', 'threads, where --threads is not given'],
  ['ROWNET_MAX_ISA', 'highest instruction set level to use, such as avx2'],
  ['ROWNET_DATA_DIR', 'folder in which data sets are looked for'],
  ['ROWNET_VERBOSE', '1 shows the stack trace of an error, and the steps that a training runs'],
  ['ROWNET_DATA_MIRROR', 'address to download data sets from, in place of the usual ones'],
];
