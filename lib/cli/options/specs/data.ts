import { type CommandSpec, json, offline, quiet } from '../spec.js';
import { nonEmpty } from '../values.js';

export const dataGetSpec = {
  summary: 'Download a data set to where the other commands find it, and check it.',
  examples: [
    ['rownet data get mnist', 'to the cache folder, or to $ROWNET_DATA_DIR/mnist'],
    ['rownet data get kmnist --out digits/kmnist', 'to a folder of your own, for --data digits/kmnist'],
    ['rownet data get mnist --offline', 'check what is there'],
  ],
  arguments: [{ name: 'set', description: 'mnist, fashion-mnist or kmnist' }],
  options: {
    out: {
      flags: '--out <folder>',
      description: 'folder for the four files',
      fallback: '$ROWNET_DATA_DIR/<set>, else <set> in the cache folder',
      read: nonEmpty('a folder'),
    },
    json,
    quiet,
    offline,
  },
} as const satisfies CommandSpec;

export const dataListSpec = {
  summary: 'List the data sets that are known by name, and where they are found.',
  examples: [
    ['rownet data list', 'to read'],
    ['rownet data list --json', 'for programs: one JSON object a set'],
  ],
  options: { json },
} as const satisfies CommandSpec;
