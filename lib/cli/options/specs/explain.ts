import { type CommandSpec, inputSize, prepare, recipe } from '../spec.js';
import { integer, nonEmpty } from '../values.js';

export const explainSpec = {
  summary: 'Follow one image through a layer with real numbers, forward and back.',
  examples: [
    ['rownet explain', 'a built-in digit in the first convolution of a new net'],
    ['rownet explain digit.png --checkpoint runs/mine --layer conv2', 'your image, your net'],
    ['rownet explain --html explain.html', 'a page that can be clicked through, in one file'],
  ],
  arguments: [{ name: '[image]', description: 'PNG or JPEG; a built-in 7 without it' }],
  options: {
    layer: {
      flags: '--layer <name>',
      description: 'conv1, conv2, conv3, fc1 or fc2',
      fallback: 'conv1',
      read: nonEmpty('the name of a layer'),
    },
    checkpoint: {
      flags: '--checkpoint [path]' as const,
      description: 'a run folder, or a checkpoint; alone: the newest run in runs',
      fallback: 'a new net, seed 1',
      read: nonEmpty('a checkpoint'),
    },
    filter: {
      flags: '--filter <n>',
      description: 'filter that is followed, from 0; of fc1 and fc2 an output',
      fallback: 'the one with the largest output',
      read: integer(0),
    },
    label: {
      flags: '--label <n>',
      description: 'class whose loss is differentiated',
      fallback: 'the second most probable one, whose gradients are not near 0',
      read: integer(0),
    },
    html: {
      flags: '--html <file>',
      description: 'write a page instead; one file, no network',
      read: nonEmpty('a file'),
    },
    prepare,
    recipe,
    size: inputSize,
  },
} as const satisfies CommandSpec;
