import { type CommandSpec, inputSize, prepare, recipe, run } from '../spec.js';
import { integer } from '../values.js';

export const serveSpec = {
  summary: 'Draw a digit in the browser and see what each layer makes of it.',
  examples: [
    ['rownet serve', 'the newest run; prints the address of a page on this machine'],
    ['rownet serve runs/mine --port 8080', 'another run, at a port of your choice'],
    ['rownet serve lenet5.safetensors --recipe fast', 'a file that holds parameters alone'],
  ],
  arguments: [run],
  options: {
    port: {
      flags: '--port <n>',
      description: 'port of 127.0.0.1; 0 takes any free one',
      fallback: '0',
      read: integer(0, 65_535),
    },
    prepare,
    recipe,
    size: inputSize,
    json: { flags: '--json', description: 'print the address as JSON' },
  },
} as const satisfies CommandSpec;
