// npm run test:soak -- [--steps N] [--nets M]: trains N steps and creates and drops M nets, and fails where memory, file
// descriptors or threads grow with them. Reads /proc, so it needs Linux.
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  createEngine,
  Flatten,
  LeNet5,
  Linear,
  Net,
  Sequential,
  SGD,
  setThreads,
  Tensor,
} from '../dist/index.js';

const { values } = parseArgs({ options: { steps: { type: 'string' }, nets: { type: 'string' } } });
const [steps, nets] = [values.steps ?? '20000', values.nets ?? '10000'].map(Number);
if (!(Number.isInteger(steps) && Number.isInteger(nets) && steps >= 100 && nets >= 100)) {
  console.error('soak: expected --steps and --nets to be integers of at least 100');
  process.exit(2);
}
if (global.gc === undefined) throw new Error('soak: expected node --expose-gc');

/** Points of a curve: more only take time. */
const SAMPLES = 50;
/**
 * What the second half of a run may grow by, in kB, as the fitted line has it. A leak of one LeNet-5's gradients a net
 * (247 kB) would be 600 MB.
 */
const MAX_GROWTH = 8_192;

/**
 * `used` is what the process holds without the part of V8's heap that is reserved and empty: V8 takes up to 30 MB of
 * that over ten thousand steps and then no more.
 * @returns {{ rss: number, used: number, fds: number, threads: number }}
 */
function sample() {
  global.gc?.();
  const status = readFileSync('/proc/self/status', 'utf8');
  const number = (/** @type {string} */ key) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const { heapTotal, heapUsed } = process.memoryUsage();
  const rss = number('VmRSS');
  const used = rss - (heapTotal - heapUsed) / 1024;
  return { rss, used, fds: readdirSync('/proc/self/fd').length, threads: number('Threads') };
}

/** Growth of the line through the points, from the first to the last. @param {number[]} points */
function growth(points) {
  const middle = (points.length - 1) / 2;
  const mean = points.reduce((sum, y) => sum + y, 0) / points.length;
  const above = points.reduce((sum, y, x) => sum + (x - middle) * (y - mean), 0);
  const below = points.reduce((sum, _, x) => sum + (x - middle) ** 2, 0);
  return (above / below) * (points.length - 1);
}

/**
 * Does `work` `count` times.
 * @param {string} name @param {number} count @param {(index: number) => void} work
 * @returns {Promise<boolean>} whether nothing grew
 */
async function soak(name, count, work) {
  const samples = [];
  for (let index = 0; index < count; index += 1) {
    work(index);
    if ((index + 1) % Math.floor(count / SAMPLES) !== 0) continue;
    // Memory behind a finalizer is only freed when the event loop has a turn.
    await new Promise((resolve) => setImmediate(resolve));
    samples.push(sample());
  }
  const half = samples.slice(samples.length / 2);
  const kilobytes = growth(half.map(({ used }) => used));
  const [first, last] = [half[0], half[half.length - 1]];
  const passed = kilobytes <= MAX_GROWTH && last.fds <= first.fds && last.threads <= first.threads;
  console.log(
    `${name.padEnd(22)} ${String(count).padStart(6)}  RSS ${Math.round(last.rss / 1024)} MB, ` +
      `${((1024 * kilobytes) / (count / 2)).toFixed(1)} bytes each in the second half (${Math.round(kilobytes)} kB, at most ` +
      `${MAX_GROWTH} are allowed)  descriptors ${first.fds} -> ${last.fds}  threads ${first.threads} -> ${last.threads}  ` +
      (passed ? 'ok' : 'GROWS'),
  );
  return passed;
}

setThreads(2);
const shape = [1, 32, 32];
const count = 256;
const train = {
  images: Uint8Array.from({ length: count * 1024 }, (_, i) => (i * 31) % 251),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  count,
  shape,
};
const normalization = { scale: 1 / 255, shift: -0.5 };
const batch = (/** @type {number} */ index, /** @type {number} */ size) =>
  Uint32Array.from({ length: size }, (_, i) => (index * size + i) % count);

let passed = true;
for (const engineName of /** @type {const} */ (['lanes', 'rows'])) {
  const net = new LeNet5({ seed: 1 });
  const engine = createEngine(engineName, net, { normalization, train });
  const optimizer = new SGD(net, { lr: 1e-4, momentum: 0.9 });
  passed =
    (await soak(`steps on ${engineName}`, steps / 2, (index) => {
      const update = optimizer.update();
      engine.trainStep(batch(index, 8 + (index % 3)), { update });
    })) && passed;
}
passed =
  (await soak('nets of LeNet-5', nets / 2, (index) => {
    const net = new LeNet5({ seed: index });
    const engine = createEngine('lanes', net, { normalization, train });
    engine.trainStep(batch(index, 4));
    net.predict(new Tensor([1, 1, 32, 32]));
  })) && passed;
passed =
  (await soak('small nets', nets / 2, (index) => {
    const layers = new Sequential([new Flatten(), new Linear({ inFeatures: 16, outFeatures: 3 })]);
    const net = new Net(layers, { inputShape: [1, 4, 4], seed: index });
    net.backward(net.forward(new Tensor([2, 1, 4, 4])));
    net.update({ lr: 0.1 });
    net.setParams(net.getParams());
  })) && passed;
process.exitCode = passed ? 0 : 1;
