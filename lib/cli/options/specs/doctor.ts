import { type CommandSpec, json } from '../spec.js';

export const doctorSpec = {
  summary: 'Check the installation and the machine, and say how to mend what is wrong.',
  examples: [
    ['rownet doctor', 'a line a check'],
    ['rownet doctor --json | jq \'.checks[] | select(.status != "ok")\'', 'what is not as it should be'],
  ],
  options: { json },
} as const satisfies CommandSpec;
