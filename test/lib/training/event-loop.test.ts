/** Timers while a net trains in the main thread, by the clock; trainer.test.ts counts the turns. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { benchDataset } from '../../../lib/cli/commands/bench/data.js';
import type { PictureSet } from '../../../lib/data/datasets.js';
import { runtimeInfo, setThreads } from '../../../lib/kernels/runtime.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Trainer } from '../../../lib/training/trainer.js';

const whole = benchDataset(null);
const { threads } = runtimeInfo();
// With one thread the processor's time is the main thread's.
beforeAll(() => setThreads(1));
afterAll(() => setThreads(threads));

function first(count: number): PictureSet {
  const images = whole.images.subarray(0, count * 1024);
  return { ...whole, images, labels: whole.labels.subarray(0, count), count };
}

/**
 * While `run` is under way, how often a timer of 50 ms is called, and the longest time between two calls, in
 * milliseconds that this process computed: on a busy machine others take time too, and the timer cannot help that.
 */
async function watchTimer(run: () => Promise<unknown>): Promise<{ calls: number; longest: number }> {
  const now = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const times = [now()];
  const timer = setInterval(() => times.push(now()), 50);
  await run();
  clearInterval(timer);
  times.push(now());
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  return { calls: times.length - 2, longest: Math.max(...gaps) };
}

it.each([
  ['lanes', 60_000],
  ['rows', 15_000],
] as const)(
  '%s: a timer of 50 ms is called on time in an epoch of %i images and its validation',
  async (engine, images) => {
    const [train, validation] = [first(images), first(10_000)];
    const trainer = new Trainer(new LeNet5({ seed: 1 }), { seed: 1, engine });
    const records = trainer.fit(train, { epochs: 2, validation });
    // The first epoch is the first to touch the memory of its layers: 10 MB and more at once, which takes what the system takes.
    await records.next();
    const { calls, longest } = await watchTimer(() => records.next());
    expect(calls).toBeGreaterThan(3);
    // An epoch that gave no turns would take 600 and more.
    expect(longest).toBeLessThan(250);
  },
  60_000,
);
