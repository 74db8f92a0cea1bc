import { type CommandSpec, json, threads } from '../spec.js';

export const infoSpec = {
  summary: 'Show versions, CPU, addon, instruction set, threads, data folders.',
  examples: [
    ['rownet info', 'to read, or to paste into a bug report'],
    ['rownet info --json', 'the same for programs'],
  ],
  options: { threads, json },
} as const satisfies CommandSpec;
