import { type CommandSpec, data, json, threads } from '../spec.js';
import { integer } from '../values.js';

export const benchSpec = {
  summary: 'Measure training and inference here, beside the peak of this CPU.',
  examples: [
    ['rownet bench', 'both engines, with AVX-512 and AVX2 where the CPU has them, each in its own process'],
    ['rownet bench --quick', 'one epoch each'],
    ['rownet bench --threads 1 --json > bench.json', 'to keep'],
  ],
  options: {
    epochs: {
      flags: '--epochs <n>',
      description: 'timed epochs of each engine and instruction set level, after one that is not timed',
      fallback: '5',
      read: integer(1, 1000),
    },
    quick: { flags: '--quick', description: 'one timed epoch, one round' },
    threads,
    data: { ...data, fallback: 'mnist; random images of the same size where it is not installed' },
    json,
  },
} as const satisfies CommandSpec;
