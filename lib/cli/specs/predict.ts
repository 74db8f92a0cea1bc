import { type CommandSpec, json, recipe, run, threads } from '../spec.js';
import { oneOf } from '../values.js';

export const predictSpec = {
  summary: 'Recognise image files, PNG or JPEG, one digit each.',
  examples: [
    ['rownet predict digit.png', 'by the newest run'],
    ['rownet predict runs/mine digit.png', 'any size, dark on light or light on dark'],
    ['rownet predict runs/mine scans/*.jpg --json', 'all probabilities, one JSON object a file'],
  ],
  arguments: [run, { name: '[files...]', description: 'PNG or JPEG files, at least one' }],
  options: {
    prepare: {
      flags: '--prepare <how>',
      description: 'digit: find the digit, scale and centre it as MNIST was; none: only resize the image',
      fallback: 'digit where the net was trained on mnist or kmnist, else none',
      read: oneOf('digit', 'none'),
    },
    recipe,
    threads,
    json,
  },
} as const satisfies CommandSpec;
