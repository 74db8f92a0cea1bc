import {
  type CommandSpec,
  data,
  inputSize,
  json,
  limit,
  offline,
  recipe,
  run,
  skipEmptyClasses,
  threads,
  transpose,
} from '../spec.js';

export const evalSpec = {
  summary: 'Measure a checkpoint on the test images: loss, accuracy, confusion matrix.',
  examples: [
    ['rownet eval', 'the newest run'],
    ['rownet eval runs/fashion', 'on the test images of the data it was trained on'],
    ['rownet eval runs/fashion/checkpoint.safetensors --data ./my-digits --json', 'on other images, as JSON'],
  ],
  arguments: [run],
  options: {
    data: { ...data, fallback: "the checkpoint's" },
    transpose,
    skipEmptyClasses,
    limit,
    recipe,
    size: inputSize,
    threads,
    json,
    offline,
  },
} as const satisfies CommandSpec;
