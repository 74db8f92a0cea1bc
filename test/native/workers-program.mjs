// Run by the tests in a process of its own, which may crash; it needs dist/.
//   node workers-program.mjs bits        trains in one worker, then in four at once; prints a hash of each net as JSON
//   node workers-program.mjs terminate   ends 50 workers in the middle of their steps and of their evaluations, then
//                                        trains once more
//   node workers-program.mjs threads     changes the number of threads while a worker computes; prints its losses as JSON
//   node workers-program.mjs load        loads the addon in 12 workers at once, twice
//   node workers-program.mjs exit        ends the process with code 7 inside a step's progress callback
import { createHash } from 'node:crypto';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const [mode] = isMainThread ? process.argv.slice(2) : [workerData];
const count = 256;
const train = {
  name: 'made',
  images: Uint8Array.from({ length: count * 1024 }, (_, i) => (i * 31) % 251),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  count,
  shape: [1, 32, 32],
  classes: 10,
};

// Imported by who trains alone: the main thread of the first two modes never loads the addon.
const library = () => import('../../dist/index.js');

/** @param {number} steps @param {(step: number) => void} after */
async function trainSteps(steps, after = () => {}) {
  const { createEngine, LeNet5, setThreads, SGD } = await library();
  setThreads(2);
  const net = new LeNet5({ seed: 3 });
  const engine = createEngine('lanes', net, { normalization: { scale: 1 / 255, shift: -0.5 }, train });
  const optimizer = new SGD(net, { lr: 0.01, momentum: 0.9 });
  for (let step = 0; step < steps; step += 1) {
    const indices = Uint32Array.from({ length: 40 }, (_, i) => (40 * step + i) % count);
    engine.trainStep(indices, { update: optimizer.update() });
    after(step);
  }
  return createHash('sha256').update(new Uint8Array(net.arena.buffer)).digest('hex');
}

/** @param {Worker} worker @returns {Promise<string>} */
const message = (worker) =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });

const start = (/** @type {string} */ what) => new Worker(new URL(import.meta.url), { workerData: what });

const modes = {
  async bits() {
    const alone = await message(start('train'));
    const together = await Promise.all(Array.from({ length: 4 }, () => message(start('train'))));
    console.log(JSON.stringify([alone, ...together]));
  },
  async terminate() {
    const before = await message(start('train'));
    for (let round = 0; round < 50; round += 1) {
      const worker = start(round % 2 === 0 ? 'forever' : 'fitForever');
      await message(worker);
      // Anywhere in a step, which takes a few milliseconds.
      await new Promise((resolve) => setTimeout(resolve, round % 7));
      await worker.terminate();
    }
    console.log(JSON.stringify([before, await message(start('train'))]));
  },
  async threads() {
    const { setThreads } = await library();
    const worker = start('evaluateAnew');
    let done = false;
    const losses = message(worker).finally(() => {
      done = true;
    });
    for (let change = 0; !done; change += 1) {
      setThreads(change % 2 === 0 ? 8 : 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    console.log(JSON.stringify([...new Set(await losses)]));
  },
  async load() {
    for (let round = 0; round < 2; round += 1) {
      const workers = Array.from({ length: 12 }, () => start('predict'));
      await Promise.all(workers.map(message));
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
    console.log(JSON.stringify(await message(start('predict'))));
  },
  async exit() {
    const { LeNet5, Trainer } = await library();
    const trainer = new Trainer(new LeNet5(), { batchSize: 16 });
    const onProgress = ({ step }) => {
      if (step === 3) process.exit(7);
    };
    for await (const _ of trainer.fit(train, { epochs: 1, onProgress })) console.log('an epoch went by');
  },
  async train() {
    parentPort?.postMessage(await trainSteps(30));
  },
  async predict() {
    const { LeNet5, Tensor } = await library();
    parentPort?.postMessage(new LeNet5().predict(new Tensor([40, 1, 32, 32])).size);
  },
  /** With new memory each time; packing the second convolution takes long enough to change the threads meanwhile. */
  async evaluateAnew() {
    const { Conv2d, createEngine, Flatten, Linear, MaxPool2d, Net, ReLU, Sequential } = await library();
    const layers = [
      new Conv2d({ inChannels: 1, outChannels: 64, kernel: 3 }),
      new Conv2d({ inChannels: 64, outChannels: 256, kernel: 5 }),
      new ReLU(),
      new MaxPool2d({ kernel: 2 }),
      new Flatten(),
      new Linear({ inFeatures: 256, outFeatures: 10 }),
    ];
    const net = new Net(new Sequential(layers), { inputShape: [1, 8, 8] });
    const set = {
      ...train,
      images: train.images.subarray(0, 128 * 64),
      labels: train.labels.subarray(0, 128),
    };
    const images = { ...set, count: 128, shape: [1, 8, 8] };
    const losses = Array.from({ length: 40 }, () => {
      const engine = createEngine('lanes', net, { normalization: { scale: 1 / 255, shift: 0 } });
      return engine.evaluate(images, 128).loss;
    });
    parentPort?.postMessage(losses);
  },
  async fitForever() {
    const { LeNet5, Trainer } = await library();
    const trainer = new Trainer(new LeNet5(), { batchSize: 64, engine: 'rows' });
    const onProgress = ({ epoch, step }) => {
      if (epoch === 1 && step === 1) parentPort?.postMessage('under way');
    };
    for await (const _ of trainer.fit(train, { epochs: 1e6, validation: train, onProgress }));
  },
  async forever() {
    await trainSteps(1e9, (step) => {
      if (step === 0) parentPort?.postMessage('under way');
    });
  },
};

await modes[mode]();
