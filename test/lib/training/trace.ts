/** The data of the reference trace: the generator of benchmarks/peers/numpy_lenet5.py, to the same bits. */
import { readFileSync } from 'node:fs';
import type { PictureSet } from '../../../lib/data/datasets.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Tensor } from '../../../lib/tensor.js';

export interface Trace {
  readonly seed: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly reg: number;
  /** Mean loss before each step. */
  readonly losses: readonly number[];
  /** After the last step. */
  readonly parameters: ReadonlyMap<string, Tensor>;
}

export function readTrace(): Trace {
  const path = new URL('../../../benchmarks/peers/article-trace.json', import.meta.url);
  const { parameters, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Omit<Trace, 'parameters'> & {
    parameters: Record<string, { shape: number[]; data: string }>;
  };
  const decoded = Object.entries(parameters).map(([name, { shape, data }]) => {
    const bytes = Buffer.from(data, 'base64');
    const values = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
    return [name, Tensor.from(values, shape)] as const;
  });
  return { ...rest, parameters: new Map(decoded) };
}

/** Marsaglia, Xorshift RNGs (2003): shifts 13, 17, 5. */
export function xorshift32(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const scales: Readonly<Record<string, number>> = {
  'conv1.weight': 0.5,
  'conv2.weight': 0.25,
  'conv3.weight': 0.125,
  'fc1.weight': 0.25,
  'fc2.weight': 0.25,
};
const biasScale = 2 ** -7;

/** LeNet-5 with the trace's initial parameters, the generator's first numbers. */
export function traceNet(next: () => number): LeNet5 {
  const net = new LeNet5({ init: 'zeros' });
  for (const { name, value } of net.parameters()) {
    const scale = scales[name] ?? biasScale;
    for (let index = 0; index < value.size; index += 1) {
      value.data[index] = ((next() >>> 8) / 2 ** 23 - 1) * scale;
    }
  }
  return net;
}

const barWidth = 3;
const barLength = 16;

/** Pictures 1x32x32, black but for a bar of noise: labels 0-4 lie, 5-9 stand, each in its place. */
export function bars(next: () => number, count: number): PictureSet {
  const images = new Uint8Array(count * 1024);
  const labels = new Uint8Array(count);
  for (let image = 0; image < count; image += 1) {
    const draw = next() >>> 8;
    const label = draw % 10;
    const across = 3 + 5 * (label % 5) + (Math.floor(draw / 10) % 3);
    const along = 4 + (Math.floor(draw / 30) % 9);
    labels[image] = label;
    for (let i = 0; i < barWidth; i += 1) {
      for (let j = 0; j < barLength; j += 1) {
        const [y, x] = label < 5 ? [across + i, along + j] : [along + j, across + i];
        images[image * 1024 + y * 32 + x] = 128 + (next() >>> 25);
      }
    }
  }
  return { name: 'bars', images, labels, count, shape: [1, 32, 32], classes: 10 };
}
