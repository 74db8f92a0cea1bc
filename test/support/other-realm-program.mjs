/** What other-realm.mjs runs in its vm context. `folder` and `outer` are globals there. */
/* global folder, outer */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Conv2d,
  decodeNpz,
  Flatten,
  Linear,
  loadDataset,
  loadParams,
  MaxPool2d,
  Net,
  recipes,
  saveParams,
  Sequential,
  Tensor,
  Trainer,
} from 'rownet';

/** By what was done: the code, whether it is an error of this realm, and the message. */
export const results = {};

function failure(name, call) {
  try {
    call();
    results[name] = ['none', true, ''];
  } catch (error) {
    results[name] = [error.code, error instanceof Error, error.message];
  }
}

// Errors of the system and of zlib are of the realm outside.
failure('no file', () => loadParams(join(folder, 'none')));
failure('a folder', () => loadParams(folder));
failure('a file as a folder', () => loadParams(join(folder, 'packed.npz', 'below')));
failure('a long name', () => loadParams(join(folder, 'x'.repeat(5000))));
failure('a null byte', () => loadParams('a\0b'));
failure('no data', () => loadDataset(join(folder, 'none'), { resize: 'none' }));
failure('damaged gzip', () => loadDataset(join(folder, 'damaged'), { resize: 'none' }));
failure('gzip that is cut', () => loadDataset(join(folder, 'cut'), { resize: 'none' }));
failure('gzip with more than its header says', () => loadDataset(join(folder, 'more'), { resize: 'none' }));
failure('no folder to write to', () => saveParams(new Map(), join(folder, 'none', 'file')));
failure('a folder to write over', () => saveParams(new Map(), folder));

const packed = readFileSync(join(folder, 'packed.npz'));
results.packed = [...decodeNpz(packed, 'packed.npz').keys()];
const damaged = Buffer.from(packed);
// From the first byte of the deflated data, behind header and name, which then has a block type that does not exist.
damaged.fill(0xff, 35, 55);
writeFileSync(join(folder, 'damaged.npz'), damaged);
failure('damaged zip', () => loadParams(join(folder, 'damaged.npz')));

// Values of the realm outside are what they are.
const layers = new Sequential({
  conv: new Conv2d({ inChannels: 1, outChannels: 2, kernel: 3 }),
  pool: new MaxPool2d(outer.options),
  flatten: new Flatten(),
  scores: new Linear({ inFeatures: 8, outFeatures: 3 }),
});
const net = new Net(layers, { inputShape: [1, 6, 6] });
results.tensor = new Tensor([2, 2], outer.floats).size;
for (const [name, tensor] of net.getParams()) outer.map.set(name, tensor);
net.setParams(outer.map);
failure('shared memory', () => new Tensor([4], outer.shared));
failure('an option', () => new MaxPool2d({ kernel: 2, ceilMode: true }));
failure('a number for a net', () => new Trainer(7));

const data = {
  name: 'random',
  images: outer.bytes.map((_, index) => (index * 7919) % 256),
  labels: Uint8Array.from({ length: 24 }, (_, index) => index % 3),
  count: 24,
  shape: [1, 6, 6],
  classes: 3,
};
const trainer = new Trainer(net, { recipe: { ...recipes.fast, epochs: 2, batchSize: 4 } });
results.epochs = [];
for await (const { epoch, testLoss } of trainer.fit(data, { validation: data })) {
  results.epochs.push([epoch, Number.isFinite(testLoss)]);
}
