import { describe, expect, it } from 'vitest';
import { Dropout } from '../../../lib/layers/dropout.js';
import { Dropout2d } from '../../../lib/layers/dropout2d.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { setThreads } from '../../../lib/kernels/runtime.js';
import { Tensor } from '../../../lib/tensor.js';
import { itRefuses, RANGE, SHAPE, TYPE, wrong } from '../../support/misuse.js';
import { normalTensor } from '../../support/random-data.js';

const training = { training: true, seed: 5, step: 3 } as const;
const ones = (...shape: number[]) => new Tensor(shape, new Float32Array(new Tensor(shape).size).fill(1));

/** The definition once more, in 64-bit integers, of one value. */
function isKept(
  p: number,
  seed: bigint,
  step: bigint,
  place: bigint,
  image: bigint,
  element: bigint,
): boolean {
  const u32 = (value: bigint) => value & 0xffffffffn;
  const mix = (bits: bigint) => {
    let x = u32(bits);
    x = u32((x ^ (x >> 16n)) * 0x7feb352dn);
    x = u32((x ^ (x >> 15n)) * 0x846ca68bn);
    return x ^ (x >> 16n);
  };
  const inner = mix(mix(u32(seed) ^ 0x9e3779b9n) + (seed >> 32n));
  const low = mix(inner + step * 0x85ebca6bn);
  const stepped = step >> 32n === 0n ? low : mix(low + (step >> 32n) * 0xcc9e2d51n);
  const key = mix(stepped + place * 0xc2b2ae35n);
  const hash = mix(key ^ mix(image * 0x27d4eb2fn + element * 0x165667b1n + 1n));
  return hash >> 8n >= BigInt(Math.round(p * 2 ** 24));
}

describe('Dropout', () => {
  it.each([
    [0.25, 7, 0, 0],
    [0.5, 2 ** 53 - 1, 123_456_789, 2],
    [0.9, 2 ** 32 + 3, 2 ** 33 + 1, 1],
  ])('drops what the definition says: p %d, seed %d, step %d, place %d', (p, seed, step, place) => {
    const layer = new Dropout({ p });
    layer.place = place;
    const y = layer.forward(ones(3, 2, 5), { training: true, seed, step });
    const expected = Array.from({ length: 30 }, (_, at) => {
      const numbers = [seed, step, place, Math.floor(at / 10), at % 10].map(BigInt);
      const [a, b, c, d, e] = numbers;
      return isKept(p, a, b, c, d, e) ? Math.fround(1 / (1 - p)) : 0;
    });
    expect([...y.data]).toEqual(expected);
  });

  it('keeps about 1 - p of the values, with the same mean', () => {
    const y = new Dropout({ p: 0.3 }).forward(ones(100, 1000), training);
    const kept = y.data.filter((value) => value !== 0).length / y.size;
    expect(Math.abs(kept - 0.7)).toBeLessThan(0.01);
    expect(Math.abs(y.data.reduce((sum, value) => sum + value, 0) / y.size - 1)).toBeLessThan(0.01);
  });

  it('draws other masks for another seed, step, place and image, and the same again', () => {
    const drawn = (seed: number, step: number, place: number) => {
      const layer = new Dropout();
      layer.place = place;
      return [...layer.forward(ones(2, 64), { training: true, seed, step }).data];
    };
    const first = drawn(1, 1, 1);
    expect(drawn(1, 1, 1)).toEqual(first);
    for (const other of [
      drawn(2, 1, 1),
      drawn(1, 2, 1),
      drawn(1, 1, 2),
      drawn(1 + 2 ** 32, 1, 1),
      drawn(1, 1 + 2 ** 32, 1),
    ]) {
      expect(other).not.toEqual(first);
    }
    expect(first.slice(0, 64)).not.toEqual(first.slice(64));
  });

  it('backward drops what forward has dropped', () => {
    const layer = new Dropout({ p: 0.4 });
    const x = normalTensor([4, 3, 2, 2], 1);
    const y = layer.forward(x, training).data.slice();
    const dx = layer.backward(x);
    expect([...dx.data]).toEqual([...y]);
    layer.forward(x);
    expect(layer.backward(x).data).toEqual(x.data);
  });

  it('is told its place by the net, and leaves an evaluation alone', () => {
    const dropouts = [new Dropout({ p: 0 }), new Dropout()] as const;
    const layers = [
      dropouts[0],
      new Linear({ inFeatures: 6, outFeatures: 8 }),
      new Sequential([dropouts[1]]),
    ];
    const net = new Net(new Sequential(layers), { inputShape: [6], seed: 2 });
    expect(dropouts.map(({ place }) => place)).toEqual([0, 1]);
    const x = normalTensor([3, 6], 4);
    const plain = [...net.predict(x).data];
    const copy = () => [...net.forward(x).data];
    const [first, second] = [copy(), copy()];
    expect(first).not.toEqual(plain);
    expect(second).not.toEqual(first);
    expect(net.eval().training).toBe(false);
    expect(copy()).toEqual(plain);
    expect(net.train().training).toBe(true);
    expect([...net.forward(x, { training: true, seed: 2, step: 0 }).data]).toEqual(first);
    expect(() => net.forward(x, wrong({ training: true }))).toThrow(
      'forward: expected seed to be an integer',
    );
    expect(() => net.forward(x, wrong({ train: true }))).toThrow('forward: expected the options training,');
  });

  itRefuses(RANGE, {
    'dropout: expected p below 1 but received 1': () => new Dropout({ p: 1 }),
    '...dropout: expected p to be a number of at least 0...': () => new Dropout({ p: -0.1 }),
  });
  itRefuses(TYPE, {
    '...dropout: expected p to be a number...': () => new Dropout({ p: wrong('half') }),
  });
});

describe('Dropout2d', () => {
  it.each([
    [3, 4, 2, 5],
    [20, 3, 5, 2],
    [2, 1, 1, 7],
  ])('drops whole channels by the definition, whose element is the channel: %dx%dx%dx%d', (...shape) => {
    const [images, channels, height, width] = shape;
    const layer = new Dropout2d({ p: 0.4 });
    const x = normalTensor(shape, 3);
    const y = layer.forward(x, training).data.slice();
    const scale = Math.fround(1 / (1 - 0.4));
    const factors = Array.from({ length: images * channels }, (_, at) => {
      const [image, channel] = [Math.floor(at / channels), at % channels].map(BigInt);
      return isKept(0.4, 5n, 3n, 0n, image, channel) ? scale : 0;
    });
    const area = height * width;
    const expected = [...x.data].map((value, at) => {
      const factor = factors[Math.floor(at / area)];
      return factor === 0 ? 0 : Math.fround(value * factor);
    });
    expect([...y]).toEqual(expected);
    expect(layer.backward(x).data).toEqual(y);
    expect(layer.forward(x).data).toEqual(x.data);
  });

  it('draws the same on any number of threads', () => {
    const x = normalTensor([40, 3, 4, 6], 8);
    const drawn = [1, 2, 3, 7].map((threads) => {
      setThreads(threads);
      return [...new Dropout2d().forward(x, training).data];
    });
    setThreads(2);
    for (const one of drawn) expect(one).toEqual(drawn[0]);
  });

  itRefuses(RANGE, { 'dropout2d: expected p below 1 but received 1': () => new Dropout2d({ p: 1 }) });
  itRefuses(SHAPE, {
    'dropout2d: expected an input [N, C, H, W] but received 2 axes (input 2x3)': () =>
      new Dropout2d().forward(ones(2, 3)),
  });
});
