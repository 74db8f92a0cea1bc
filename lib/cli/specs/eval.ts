import { type CommandSpec, checkpoint, data, json, limit, offline, threads } from '../spec.js';
import { oneOf } from '../values.js';

export const evalSpec = {
  summary: 'Measure a checkpoint on the test images: loss, accuracy, confusion matrix.',
  examples: [
    ['rownet eval runs/fashion', 'on the test images of the data it was trained on'],
    ['rownet eval runs/fashion/checkpoint.safetensors --data ./my-digits --json', 'on other images, as JSON'],
  ],
  arguments: [checkpoint],
  options: {
    data: { ...data, fallback: "the checkpoint's" },
    limit,
    recipe: {
      flags: '--recipe <name>',
      description: 'how images are prepared, fast or article; needed for a file that holds parameters alone',
      fallback: "the checkpoint's",
      read: oneOf('fast', 'article'),
    },
    threads,
    json,
    offline,
  },
} as const satisfies CommandSpec;
