/** Every command on every kind of run: it works, or says why not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../lib/data/datasets.js';
import { iris, xor } from '../../../lib/data/small-sets.js';
import { encodePng } from '../../../lib/images/png-encode.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { FCNet } from '../../../lib/nets/fc-net.js';
import { Net } from '../../../lib/nets/net.js';
import { saveRun } from '../../../lib/runs/save-run.js';
import { type Recipe, recipes } from '../../../lib/training/recipes.js';
import { Trainer } from '../../../lib/training/trainer.js';
import { bin, temporaryFolder, writeIdxFolder } from '../../support/cli.js';
import { writeColourFolders } from '../../support/colour-folders.js';

const folder = temporaryFolder();
const { run } = folder;
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Grouped and dilated convolutions, and a pooling with padding. */
const module = `import { Conv2d, Flatten, Linear, MaxPool2d, Net, ReLU, Sequential } from 'rownet';
const conv = (options) => new Conv2d({ inChannels: 4, outChannels: 4, kernel: 3, ...options });
export default ({ classes, seed }) =>
  new Net(
    new Sequential({
      conv1: conv({ inChannels: 1 }),
      relu1: new ReLU(),
      pool1: new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      deep2: conv({ groups: 4 }),
      wide3: conv({ dilation: 2 }),
      flatten: new Flatten(),
      fc4: new Linear({ inFeatures: 196, outFeatures: classes }),
    }),
    { inputShape: [1, 28, 28], seed },
  );
`;

async function train(name: string, options: string): Promise<void> {
  const { code, stderr } = await run(`train --epochs 1 --batch-size 20 --quiet --out ${name} ${options}`);
  expect(code, stderr).toBe(0);
}

async function keep(name: string, net: Net, train: Dataset, recipe: Partial<Recipe> = {}): Promise<void> {
  const optimizer = { kind: 'adam', lr: 0.01 } as const;
  const trainer = new Trainer(net, {
    recipe: { ...recipes.fast, epochs: 1, batchSize: 4, optimizer, ...recipe },
  });
  const saved = await saveRun(folder.join(name), { trainer, data: { train } });
  for await (const record of trainer.fit(train, { validation: train })) saved.record(record);
  saved.close();
}

function smallNet(): Net {
  const layers = new Sequential({
    conv1: new Conv2d({ inChannels: 1, outChannels: 4, kernel: 3 }),
    relu1: new ReLU(),
    pool1: new MaxPool2d({ kernel: 2 }),
    flatten: new Flatten(),
    fc2: new Linear({ inFeatures: 36, outFeatures: 2 }),
  });
  return new Net(layers, { inputShape: [1, 8, 8], seed: 1 });
}

beforeAll(async () => {
  writeIdxFolder(folder.join('bars'), 60, 20);
  writeColourFolders(folder.join('discs'), 8);
  writeFileSync(folder.join('net.mjs'), module);
  writeFileSync(
    folder.join('p.png'),
    encodePng(
      Uint8Array.from({ length: 3072 }, (_, i) => i % 256),
      32,
      32,
    ),
  );
  for (const net of ['lenet5', 'fc', 'nin', 'resnet8']) await train(net, `--data bars --net ${net}`);
  await train('module', '--data bars --net ./net.mjs');
  await train('colour', '--data discs --colour --net resnet8');
  const table = iris();
  await keep('table', new FCNet({ inputs: 4, hidden: [8], classes: 3 }), table);
  const { labels: _, ...bits } = xor();
  const yesOrNo = new FCNet({ inputs: 2, hidden: [4], classes: 1 });
  await keep('bce', yesOrNo, bits, { criterion: 'bceWithLogits' });
  const shown = { name: 'own', count: 8, shape: [1, 8, 8] };
  const labels = Uint8Array.from({ length: 8 }, (_, i) => i % 2);
  const images = Uint8Array.from({ length: 512 }, (_, i) => (7 * i) % 256);
  await keep('mse', smallNet(), { ...shown, images, labels, classes: 2 }, { criterion: 'mse' });
  await keep('floats', smallNet(), { ...shown, images: Float32Array.from(images), labels, classes: 2 });
}, 120_000);

const noData =
  /expected a run whose data can be loaded but this one was trained on ".*", images that its program/;
const noPicture =
  /expected a net of pictures \[1, H, W\] or \[3, H, W\] with scores \[classes\] but that of .* takes \d/;
const noFloats = /was trained on floats, which no PNG or JPEG holds\. Hint: net\.predict/;
/** What a command says in place of an answer; absent: it answers. */
type Refusals = Readonly<Partial<Record<'eval' | 'looks', RegExp>>>;
const runs: readonly (readonly [name: string, refusals: Refusals])[] = [
  ['lenet5', {}],
  ['fc', {}],
  ['nin', {}],
  ['resnet8', {}],
  ['module', {}],
  ['colour', {}],
  ['table', { eval: noData, looks: noPicture }],
  ['bce', { eval: noData, looks: noPicture }],
  ['mse', { eval: noData }],
  ['floats', { eval: noData, looks: noFloats }],
];

async function expectAnswer(args: string, refusal: RegExp | undefined): Promise<void> {
  const { code, stdout, stderr } = await run(args);
  expect([args, code], stderr).toEqual([args, refusal === undefined ? 0 : 3]);
  if (refusal !== undefined) expect(stderr, args).toMatch(refusal);
  else expect(stdout, args).not.toMatch(/NaN|undefined/);
}

describe.each(runs)('%s', (name, refusals) => {
  it('is evaluated, reported and exported, or not for a reason', async () => {
    await expectAnswer(`eval ${name}`, refusals.eval);
    await expectAnswer(`report ${name}`, undefined);
    for (const format of ['onnx', 'npz']) {
      await expectAnswer(`export ${name} --format ${format}`, undefined);
    }
  });

  it('says what pictures are, explains and serves, or not for a reason', async () => {
    await expectAnswer(`predict ${name} p.png`, refusals.looks);
    await expectAnswer(`explain p.png --checkpoint ${name} --html ${name}.html`, refusals.looks);
    if (refusals.looks !== undefined) {
      await expectAnswer(`serve ${name}`, refusals.looks);
      return;
    }
    const child = spawn(process.execPath, [bin, 'serve', name, '--json'], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (text) => resolve(String(text))),
    );
    const { url } = JSON.parse(line) as { url: string };
    expect((await fetch(`${url}facts`)).status).toBe(200);
    child.kill();
  });
});

it('runs lists them all', async () => {
  const { code, stdout } = await run('runs . --json');
  expect(code).toBe(0);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { name: string }).name);
  expect(names.sort()).toEqual(runs.map(([name]) => name).sort());
});

describe('explain says what it leaves out', () => {
  it('convolutions with dilation or groups, poolings with padding', async () => {
    const { stderr, stdout } = await run('explain p.png --checkpoint module');
    expect(stderr.trim().split('\n')).toEqual([
      'note: not explained: pool1: a pooling with padding is left out of the layer before',
      'note: not explained: deep2: a window with dilation or groups is not a whole row',
      'note: not explained: wide3: a window with dilation or groups is not a whole row',
    ]);
    expect(stdout).toContain('Layers conv1, relu1.');
    const asked = await run('explain p.png --checkpoint module --layer deep2');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain(
      'expected conv1, fc4 but received "deep2". Hint: deep2: a window with dilation or groups',
    );
  });

  it('residuals, and that the gradients are not those of the training', async () => {
    expect((await run('explain p.png --checkpoint resnet8')).stderr).toContain(
      'what is inside a residual has no place of its own',
    );
    expect((await run('explain p.png --checkpoint mse')).stderr).toBe(
      'note: the gradients are those of the cross entropy, the run was trained with mse\n',
    );
    expect((await run('explain p.png --checkpoint lenet5')).stderr).toBe('');
  });
});
