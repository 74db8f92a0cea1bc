import { type CommandSpec, json } from '../spec.js';

export const runsSpec = {
  summary: 'List the runs in a folder: epochs, accuracy, time, and whether they are finished.',
  examples: [
    ['rownet runs', 'those in runs, the newest first'],
    ['rownet runs --json | jq -s "max_by(.bestTestAccuracy).path"', 'the best one, for programs'],
  ],
  arguments: [{ name: '[folder]', description: 'the folder that holds run folders (default: runs)' }],
  options: { json },
} as const satisfies CommandSpec;
