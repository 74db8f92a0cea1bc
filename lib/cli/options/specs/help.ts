import type { CommandSpec } from '../spec.js';

export const helpSpec = {
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
} as const satisfies CommandSpec;
