// Trains a net whose first convolution has padding, which the command line has none of, on what is built:
//   node padded-net.mjs DATA OUT ENGINE THREADS [STEPS]
// STEPS: stop after as many in all. Where OUT holds a checkpoint, the training goes on from it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Conv2d,
  Flatten,
  Linear,
  loadCheckpoint,
  loadDataset,
  MaxPool2d,
  Net,
  ReLU,
  Sequential,
  saveCheckpoint,
  Trainer,
} from '../../dist/index.js';
import { setThreads } from '../../dist/kernels.js';

const [data, out, engine, threads, steps] = process.argv.slice(2);
setThreads(Number(threads));
const layers = new Sequential({
  conv1: new Conv2d({ inChannels: 1, outChannels: 4, kernel: 3, padding: 1 }),
  relu1: new ReLU(),
  pool1: new MaxPool2d({ kernel: 2 }),
  conv2: new Conv2d({ inChannels: 4, outChannels: 6, kernel: 3, padding: 1 }),
  relu2: new ReLU(),
  pool2: new MaxPool2d({ kernel: 3, stride: 2 }),
  flatten: new Flatten(),
  fc1: new Linear({ inFeatures: 6 * 6 * 6, outFeatures: 10 }),
});
const net = new Net(layers, { inputShape: [1, 28, 28], seed: 1 });
const path = join(out, 'checkpoint.safetensors');
const stored = existsSync(path) ? loadCheckpoint(path) : undefined;
if (stored !== undefined) net.setParams(stored.params);
const options = { seed: 1, lr: 0.02, batchSize: 64, engine: /** @type {'lanes' | 'rows'} */ (engine) };
const { seed, recipe } = /** @type {import('../../dist/index.js').TrainingState} */ (stored?.config ?? {});
const trainer = new Trainer(
  net,
  stored === undefined ? options : { engine: options.engine, resume: { ...stored, seed, recipe } },
);
const stop = new AbortController();
const { train, test } = loadDataset(data, { resize: 'none' });
const onProgress = () => {
  if (trainer.state().step === Number(steps)) stop.abort();
};
for await (const _ of trainer.fit(train, { epochs: 2, validation: test, signal: stop.signal, onProgress }));
const { optimizerState, ...position } = trainer.state();
saveCheckpoint(path, {
  ...position,
  optimizerState,
  params: net.getParams(),
  architecture: net.architecture,
  config: { seed: position.seed, recipe: position.recipe },
});
