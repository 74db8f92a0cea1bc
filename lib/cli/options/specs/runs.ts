import { type CommandSpec, json, live } from '../spec.js';

export const runsSpec = {
  summary: 'List the runs in a folder: epochs, accuracy, time, state.',
  examples: [
    ['rownet runs', 'those in runs, the newest first'],
    ['rownet runs --live', 'compare their curves in the browser'],
    ['rownet runs --json | jq -s "max_by(.bestTestAccuracy).path"', 'the best one, for programs'],
  ],
  arguments: [{ name: '[folder]', description: 'the folder that holds run folders (default: runs)' }],
  options: {
    live: { ...live, description: 'serve a page on this machine that compares finished runs' },
    json,
  },
} as const satisfies CommandSpec;
