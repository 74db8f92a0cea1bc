/** Data and checkpoints that are missing or corrupt: exit code 3, and a message that names the file. */
import { existsSync, mkdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { saveCheckpoint } from '../../../lib/formats/checkpoint.js';
import { saveParams } from '../../../lib/formats/params.js';
import { Linear } from '../../../lib/layers/linear.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import { Net } from '../../../lib/nets/net.js';
import { Tensor } from '../../../lib/tensor.js';
import { jsonLines, rownet, temporaryFolder, writeIdxFolder } from '../../support/cli.js';

const folder = temporaryFolder();
const { run } = folder;

beforeAll(() => {
  writeIdxFolder(folder.join('good'), 300, 200);
  writeIdxFolder(folder.join('short'), 300, 200);
  truncateSync(folder.join('short', 'train-images-idx3-ubyte'), 100_000);
  writeIdxFolder(folder.join('three'), 300, 200);
  unlinkSync(folder.join('three', 't10k-labels-idx1-ubyte'));
  mkdirSync(folder.join('empty'));
  writeFileSync(folder.join('text.safetensors'), 'this is no checkpoint');
  mkdirSync(folder.join('no-checkpoint'));
});

it.each([
  ['nowhere', /nowhere/],
  ['empty', /train-images-idx3-ubyte/],
  ['three', /t10k-labels-idx1-ubyte/],
  ['short', /train-images-idx3-ubyte.*100000|100000.*train-images-idx3-ubyte/],
])('train --data %s', async (data, message) => {
  const result = await run('train --data', data, '--out run');
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toMatch(message);
  expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  // Nothing is left behind by a run that could not start.
  expect(existsSync(folder.join('run'))).toBe(false);
});

it('MNIST that is not where ROWNET_DATA_DIR says is corrupt data, not other data', async () => {
  const result = await rownet(['train --out run'], {
    cwd: folder.path,
    env: { ROWNET_DATA_DIR: folder.join('good') },
  });
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toContain('SHA-256');
});

it.each([
  [['eval', 'missing.safetensors'], 'nothing is there'],
  [['eval', 'no-checkpoint'], 'checkpoint: no-checkpoint: expected checkpoint.safetensors in it'],
  [['eval', 'text.safetensors'], 'text.safetensors'],
  [['train --resume missing'], 'nothing is there'],
  [['train --resume text.safetensors'], 'text.safetensors'],
])('rownet %j', async (args, message) => {
  const result = await run(...args);
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toContain(message);
});

it('a batch larger than the training set is a usage error', async () => {
  const result = await run('train --data good --batch-size 301 --out run');
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toBe(
    'train: --batch-size: expected at most 300 (the training images) but received 301. Hint: choose a smaller one\n',
  );
});

it('parameters alone are evaluated with the preparation that --recipe names', async () => {
  saveParams(new LeNet5({ seed: 5 }).getParams(), folder.join('params.safetensors'));
  const args = ['eval params.safetensors --data good --json'];
  const unnamed = await run(...args);
  expect(unnamed).toMatchObject({ code: 2, stdout: '' });
  expect(unnamed.stderr).toContain('Hint: --recipe fast or --recipe article');
  const losses = await Promise.all(
    ['fast', 'article'].map(async (recipe) => {
      const named = await run(...args, '--recipe', recipe);
      expect(named).toMatchObject({ code: 0, stderr: '' });
      return jsonLines(named.stdout)[0].loss;
    }),
  );
  expect(losses[0]).not.toBe(losses[1]);
  const resumed = await run('train --resume params.safetensors');
  expect(resumed).toMatchObject({ code: 3, stdout: '' });
  expect(resumed.stderr).toContain('expected the configuration of a rownet run');
});

it('eval turns other pictures as those of the run were', async () => {
  writeIdxFolder(folder.join('other'), 300, 200);
  const more = ['--data good --transpose --epochs 1 --quiet --out turned'];
  expect((await run('train', ...more)).code).toBe(0);
  const own = await run('eval turned --json');
  expect(own.code).toBe(0);
  expect((await run('eval turned --data other --json')).stdout).toBe(own.stdout);
  const left = await run('eval turned --data other --transpose no --json');
  expect([left.code, left.stdout === own.stdout]).toEqual([0, false]);
});

it('a checkpoint of another net is refused', async () => {
  const made = await run('train --data good --epochs 1 --quiet --out lenet');
  expect(made.code).toBe(0);
  const config = JSON.parse(readFileSync(join(folder.path, 'lenet', 'config.json'), 'utf8')) as object;
  const other = new Net(new Sequential({ fc: new Linear({ inFeatures: 4, outFeatures: 2 }) }), {
    inputShape: [4],
  });
  const params = other.getParams();
  const { architecture } = other;
  saveCheckpoint(folder.join('other.safetensors'), {
    params,
    optimizerState: new Map(),
    architecture,
    config,
    epoch: 0,
    step: 0,
  });
  saveParams(params, folder.join('other-params.safetensors'));
  for (const file of ['other.safetensors', 'other-params.safetensors']) {
    const result = await run('eval', file, '--data good --recipe fast');
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain(`checkpoint: ${file}: expected the parameters of LeNet5(1x32x32 -> 10`);
  }
});

it('parameters that ask for a net of gigabytes are refused before it is made', async () => {
  const params = new LeNet5({ seed: 5 }).getParams();
  const save = (classes: number) =>
    saveParams(params.set('fc2.bias', new Tensor([classes])), folder.join('wide.safetensors'));
  save(3_000_000);
  expect(await run('eval wide.safetensors --recipe fast')).toMatchObject({
    code: 3,
    stderr:
      'checkpoint: wide.safetensors: expected the parameters of a net with at most 256 classes but received a ' +
      '"fc2.bias" of 3000000. Hint: parameters without their architecture must be those of LeNet-5\n',
  });
  save(256);
  const { stderr } = await run('eval wide.safetensors --recipe fast');
  expect(stderr).toContain('fc2.weight should be 256x84 but is 10x84');
});
