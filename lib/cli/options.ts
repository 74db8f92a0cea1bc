/**
 * The commands and options of `rownet`, in one table. It feeds parsing and validation (program.ts), `--help`, and the
 * tables in the documentation (`optionsMarkdown`, `environmentMarkdown`).
 */
import { integer, nonEmpty, numberAbove, oneOf, type ReadValue } from './values.js';

export interface OptionSpec<T = unknown> {
  /** As commander writes them: `--epochs <n>`, `--json`, `--resume [run]`. */
  readonly flags: string;
  readonly description: string;
  /** The value without the option, in words; the command applies it. */
  readonly fallback?: string;
  /** Absent for a switch, which is true when given. */
  readonly read?: ReadValue<T>;
}

export interface CommandSpec {
  readonly summary: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly argument?: { readonly name: string; readonly description: string };
  readonly options: Readonly<Record<string, OptionSpec>>;
}

const json = { flags: '--json', description: 'print JSON to stdout, one object a line' };
const threads = {
  flags: '--threads <n>',
  description: 'threads to run on, 1 to 1024; the results do not depend on it',
  fallback: 'ROWNET_NUM_THREADS, else OMP_NUM_THREADS, else all cores',
  read: integer(1, 1024),
};
const data = {
  flags: '--data <name>',
  description: 'mnist, fashion-mnist, or a folder that holds the four IDX files, gzipped or not',
  read: nonEmpty('the name of a data set or a folder'),
};
const limit = {
  flags: '--limit <n>',
  description: 'use only the first n images of each split',
  fallback: 'all',
  read: integer(1),
};
const offline = { flags: '--offline', description: 'never connect to the network' };

export const commands = {
  train: {
    summary: 'Train LeNet-5 and write a run folder (checkpoint, metrics, curves).',
    examples: [
      ['rownet train', 'the fast recipe on MNIST, from start to test accuracy'],
      ['rownet train --recipe article --epochs 20', "the article's own run"],
      ['rownet train --data fashion-mnist --seed 7 --out runs/fashion', 'other data, other folder'],
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
      json,
      quiet: { flags: '--quiet', description: 'print nothing to stderr but errors' },
      offline,
    },
  },
  eval: {
    summary: 'Measure a checkpoint on the test images: loss, accuracy, confusion matrix.',
    examples: [
      ['rownet eval runs/fashion', 'on the test images of the data it was trained on'],
      [
        'rownet eval runs/fashion/checkpoint.safetensors --data ./my-digits --json',
        'on other images, as JSON',
      ],
    ],
    argument: { name: 'checkpoint', description: 'a checkpoint, or the run folder that holds it' },
    options: {
      data: { ...data, fallback: "the checkpoint's" },
      limit,
      recipe: {
        flags: '--recipe <name>',
        description:
          'how images are prepared, fast or article; needed for a file that holds parameters alone',
        fallback: "the checkpoint's",
        read: oneOf('fast', 'article'),
      },
      threads,
      json,
      offline,
    },
  },
  info: {
    summary: 'Show versions, CPU, addon, instruction set, threads, and where data is found.',
    examples: [
      ['rownet info', 'to read, or to paste into a bug report'],
      ['rownet info --json', 'the same for programs'],
    ],
    options: { threads, json },
  },
  bench: {
    summary: 'Measure training and inference here, beside the arithmetic peak of this CPU.',
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
      threads,
      data: { ...data, fallback: 'mnist; random images of the same size where it is not installed' },
      json,
    },
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

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
  ['ROWNET_MAX_ISA', 'highest instruction set level to use: portable, sse2, avx2 or avx512'],
  ['ROWNET_DATA_DIR', 'folder in which data sets are looked for'],
  ['ROWNET_VERBOSE', '1 shows the stack trace of an error'],
];

/** The options of a command as a Markdown table, for the documentation. */
export function optionsMarkdown(name: CommandName): string {
  const specs: readonly OptionSpec[] = Object.values(commands[name].options);
  const rows = specs.map(({ flags, description, fallback = '' }) => {
    // Markdown would take <time> for an element.
    const value = fallback.includes('<') ? `\`${fallback}\`` : fallback;
    return `| \`${flags}\` | ${description} | ${value} |`;
  });
  return ['| option | meaning | default |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

/** The environment variables as a Markdown table, for the documentation. */
export function environmentMarkdown(): string {
  const rows = environment.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return ['| variable | meaning |', '| --- | --- |', ...rows, ''].join('\n');
}
