/** The message of a divergence names the image whose numbers are the first not to be finite. */
import { expect, it } from 'vitest';
import { BatchNorm2d } from '../../../lib/layers/batch-norm2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import { findOrigin } from '../../../lib/training/divergence.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { drain, small } from './runs.js';

const normalization = { scale: 1, shift: 0 };

/** Four pixels, three scores; a pixel that is not 0 overflows. */
function overflowingNet(): Net {
  const layers = new Sequential({
    flatten: new Flatten(),
    fc: new Linear({ inFeatures: 4, outFeatures: 3 }),
  });
  const net = new Net(layers, { inputShape: [1, 2, 2], seed: 1 });
  net.arena.fill(3e38);
  for (const { kind, value } of net.parameters()) if (kind === 'bias') value.data.fill(0);
  return net;
}

function imagesWith(count: number, bright: readonly number[]) {
  const images = new Uint8Array(4 * count);
  for (const image of bright) images[4 * image + 3] = 2;
  return { images, labels: new Uint8Array(count), count, shape: [1, 2, 2] };
}

it.each([
  // More than are run at a time.
  [600, [599], undefined, 599],
  [600, [257, 300], undefined, 257],
  [600, [0], undefined, 0],
  [10, [7], [3, 7, 1], 7],
  [10, [1, 7], [3, 7, 1], 7],
  [600, [2], Array.from({ length: 600 }, (_, i) => 599 - i), 2],
])('of %i images, with large numbers in %j', (count, bright, order, expected) => {
  const indices = order === undefined ? undefined : Uint32Array.from(order);
  expect(findOrigin(overflowingNet(), imagesWith(count, bright), normalization, indices)).toBe(
    `the output of fc, Linear(4 -> 3), for image ${expected}`,
  );
});

it('says so where every number is finite', () => {
  expect(findOrigin(overflowingNet(), imagesWith(10, []), normalization)).toContain('finite layer by layer');
});

it('puts buffers back too', async () => {
  const fc = new Linear({ inFeatures: 1024, outFeatures: 10 });
  const layers = new Sequential({ norm: new BatchNorm2d({ features: 1 }), flatten: new Flatten(), fc });
  const net = new Net(layers, { inputShape: [1, 32, 32] });
  const trainer = new Trainer(net, { recipe: small });
  const before = net.bufferArena.slice();
  const seen: number[] = [];
  const onProgress = ({ step }: { step: number }) => {
    seen.push(net.bufferArena[0]);
    if (step === 2) net.arena.fill(Number.NaN);
  };
  await expect(drain(trainer, { onProgress })).rejects.toThrow(/expected a finite/);
  expect(seen[0]).not.toBe(before[0]);
  expect(net.bufferArena).toEqual(before);
});
