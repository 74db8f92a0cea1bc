// What the contenders in JavaScript share.

/** FIXTURE THREADS EPOCHS STEPS REPEATS of the command line. */
export function readArguments() {
  const [folder, ...rest] = process.argv.slice(2);
  const [threads, epochs, steps, repeats] = rest.map(Number);
  return { folder, threads, epochs, steps, repeats };
}

/** Seconds that a synchronous function takes. */
export function secondsOf(run) {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
}

/**
 * Medians of a batch and of one image alone, after a tenth as many that are not timed.
 * @param batch may return a promise, as `one` may
 * @returns `{ imagesPerSecond, latency }`, the latter in seconds
 */
export async function timeInference(batch, one, images, repeats) {
  const batchSeconds = await medianSeconds(batch, repeats);
  return { imagesPerSecond: images / batchSeconds, latency: await medianSeconds(one, 10 * repeats) };
}

async function medianSeconds(run, repeats) {
  const seconds = [];
  for (let repeat = -Math.ceil(repeats / 10); repeat < repeats; repeat += 1) {
    const start = performance.now();
    const result = run();
    // To await what is no promise would add a turn of the queue to the time.
    if (result instanceof Promise) await result;
    if (repeat >= 0) seconds.push((performance.now() - start) / 1000);
  }
  return seconds.sort((a, b) => a - b)[seconds.length >> 1];
}
