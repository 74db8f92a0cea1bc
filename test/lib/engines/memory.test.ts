/** The memory behind an engine, which V8 must know of: to it a plan is a small object that can wait. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createEngine } from '../../../lib/engines/create.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { randomImages } from '../../support/random-data.js';

it('engines that are dropped are collected before they fill the memory', { timeout: 60_000 }, async () => {
  const net = new LeNet5();
  const train = randomImages(1024, [1, 32, 32], 10, 1);
  const options = { normalization: { scale: 1 / 255, shift: 0 }, train };
  const indices = Uint32Array.from({ length: 1024 }, (_, index) => index);
  let collected = 0;
  const registry = new FinalizationRegistry(() => {
    collected += 1;
  });
  // Each holds about 6 MB, and V8 looks for garbage once some 60 MB have come together.
  for (let count = 0; count < 60; count += 1) {
    const engine = createEngine('lanes', net, options);
    registry.register(engine, count);
    engine.trainStep(indices);
    await setImmediate();
  }
  await setImmediate();
  expect(collected).toBeGreaterThan(20);
});
