import { type CommandSpec, inputSize, json, prepare, recipe, run, threads } from '../spec.js';

export const predictSpec = {
  summary: 'Recognise image files, PNG or JPEG, one digit or thing each.',
  examples: [
    ['rownet predict digit.png', 'by the newest run'],
    ['rownet predict runs/mine digit.png', 'any size, dark on light or light on dark'],
    ['rownet predict runs/mine scans/*.jpg --json', 'all probabilities, one JSON object a file'],
  ],
  arguments: [run, { name: '[files...]', description: 'PNG or JPEG files, at least one' }],
  options: {
    prepare,
    recipe,
    size: inputSize,
    threads,
    json,
  },
} as const satisfies CommandSpec;
