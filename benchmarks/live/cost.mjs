// What the live page costs a training: seconds an epoch without it, with nobody looking, and with an open page, in turns.
// They are those of the clock, to the last step: the seconds of a record leave out what is done for pages.
// node benchmarks/live/cost.mjs [rounds]
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LeNet5, loadDataset, recipes, Trainer } from '../../dist/index.js';
import { LivePage } from '../../dist/web/live-page.js';

const self = fileURLToPath(import.meta.url);
if (process.argv[2] === 'read') await read(process.argv[3]);
else await measure(Number(process.argv[2] ?? 8));

/** A page without a picture: it takes every event as fast as it comes. */
async function read(url) {
  const response = await fetch(`${url}events`);
  let bytes = 0;
  try {
    for await (const part of response.body) bytes += part.length;
  } catch {
    // The training has ended.
  }
  process.stdout.write(String(bytes));
}

async function measure(rounds) {
  const { train, test } = loadDataset('mnist', { resize: recipes.fast.resize });
  const contenders = ['off', 'unwatched', 'watched'];
  const seconds = Object.fromEntries(contenders.map((name) => [name, []]));
  let bytes = 0;
  for (let round = 0; round <= rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const name of order) {
      const page = name === 'off' ? undefined : new LivePage({ onListen: () => {} });
      const url = await page?.listen();
      const reader = name === 'watched' ? spawn(process.execPath, [self, 'read', url]) : undefined;
      reader?.stdout.on('data', (text) => {
        bytes = Number(text);
      });
      while (reader !== undefined && page.viewers === 0) await page.viewersChange();
      // What opening a page takes is not what an open one takes. The others wait as long: processors rest meanwhile.
      await setTimeout(1000);
      const trainer = new Trainer(new LeNet5({ seed: 1, init: recipes.fast.init }), {
        seed: 1,
        live: page ?? false,
      });
      const epochs = [];
      let started = performance.now();
      let last = started;
      const onProgress = () => {
        last = performance.now();
      };
      for await (const _ of trainer.fit(train, { validation: test, onProgress })) {
        epochs.push((last - started) / 1000);
        started = performance.now();
      }
      await page?.close();
      // The first round warms up.
      if (round > 0) seconds[name].push(...epochs);
    }
  }
  const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
  const base = middle(seconds.off);
  for (const name of contenders) {
    const median = middle(seconds[name]);
    const ratio = ((100 * median) / base - 100).toFixed(1);
    console.log(
      `${name.padEnd(10)} ${median.toFixed(4)} s an epoch (median of ${seconds[name].length}), ${ratio} %`,
    );
  }
  console.log(
    `An open page got ${(bytes / 1e6).toFixed(1)} MB in a training of ${recipes.fast.epochs} epochs.`,
  );
}
