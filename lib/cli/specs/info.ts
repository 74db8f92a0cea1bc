import { type CommandSpec, json, threads } from '../spec.js';

export const infoSpec = {
  summary: 'Show versions, CPU, addon, instruction set, threads, and where data is found.',
  examples: [
    ['rownet info', 'to read, or to paste into a bug report'],
    ['rownet info --json', 'the same for programs'],
  ],
  options: { threads, json },
} as const satisfies CommandSpec;
