/** benchmarks/peers without any of the peers: its command line, its report, the files that it writes for them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { root, temporaryFolder } from '../support/cli.js';
import { cells, tables } from '../docs/pages.js';

const peers = join(root, 'benchmarks', 'peers');
const load = (name: string) => import(pathToFileURL(join(peers, name)).href);
const { summarize, page } = await load('report.mjs');
const { chart } = await load('chart.mjs');
const { products } = await load('gemm-products.mjs');

const folder = temporaryFolder();

function run(...args: string[]) {
  // Neither a compiler nor a Python: nothing but rownet is here, whatever the machine has.
  const env = { PATH: folder.path, CXX: folder.join('none'), ROWNET_PEERS_PYTHON: folder.join('none') };
  return spawnSync(process.execPath, [join(peers, 'run.mjs'), '--peers-dir', folder.path, ...args], {
    env,
    encoding: 'utf8',
  });
}

const machine = {
  rownet: '0.1.0',
  commit: 'abc',
  date: '2026-01-02T03:04:05.000Z',
  node: 'v20.0.0',
  platform: 'linux x64',
  cpu: 'A <CPU>',
  cores: 2,
  threads: 2,
  isa: 'avx2',
  compiler: 'gcc 12.2',
  peersCompiler: null,
};

const reply = (seconds: number[], imagesPerSecond: number, latency: number) => ({
  settings: 'as it comes',
  version: '1.2',
  check: {},
  seconds,
  stepsTimed: 468,
  inference: [
    { threads: 1, imagesPerSecond: imagesPerSecond / 2, latency },
    { threads: 2, imagesPerSecond, latency: 3 * latency },
  ],
});

const result = summarize({
  machine,
  rounds: [{ fmaBursts: [400, 390] }, { fmaBursts: [410, 405] }],
  net: [
    {
      name: 'rownet',
      title: 'rownet',
      threads: 2,
      replies: [reply([0.5, 0.25], 400, 2e-5), reply([0.75], 600, 2e-5)],
    },
    {
      name: 'torch',
      title: 'PyTorch',
      threads: 2,
      replies: [reply([2, 4], 100, 1e-5), reply([1, 3], 100, 3e-5)],
    },
    {
      name: 'onnxruntime',
      title: 'ONNX',
      threads: 2,
      replies: [reply([], 50, 1e-5), reply([], 50, 1e-5)],
    },
    { name: 'numpy', title: 'NumPy', threads: 2, replies: [reply([50], 5, 1), reply([50], 5, 1)] },
  ],
  otherNets: [
    { name: 'rownet-nets', title: 'rownet', net: 'mlp', seconds: [[0.001, 0.002, 0.009], [0.003]] },
    { name: 'torch', title: 'PyTorch', net: 'mlp', seconds: [[0.005], [0.005]] },
  ].map(({ seconds, ...one }) => ({
    ...one,
    threads: 2,
    replies: seconds.map((steps) => ({ settings: '', check: {}, seconds: steps })),
  })),
  gemm: [
    {
      name: 'rownet-matmul',
      title: 'matmul',
      threads: 2,
      replies: [{ settings: '', check: {}, products: [0.001, 0.002] }],
    },
    {
      name: 'openblas',
      title: 'OpenBLAS',
      threads: 2,
      replies: [{ settings: '', version: '0.3', check: {}, products: [0.003, 0.003] }],
    },
  ],
  missing: [{ name: 'onednn', title: 'oneDNN', install: 'apt-get install libdnnl-dev' }],
});

describe('the report', () => {
  it('has medians over all rounds, of the best number of threads', () => {
    const [own, torch, onnx] = result.net;
    expect(own).toMatchObject({ secondsPerEpoch: 0.5, fastest: 0.25, imagesPerSecond: 500 });
    expect(torch).toMatchObject({ secondsPerEpoch: 2.5, fastest: 1, imagesPerSecondThreads: 2 });
    expect(torch.latency).toBeCloseTo(2e-5);
    expect(torch.latencyThreads).toBe(1);
    expect(onnx.secondsPerEpoch).toBeUndefined();
    expect(result.gemm[1].secondsPerEpoch).toBeCloseTo(468 * 0.006);
  });

  it('has ratios that say how many times faster rownet is', () => {
    const [own, torch, onnx] = result.net;
    expect(own.ratios).toEqual({ secondsPerEpoch: 1, imagesPerSecond: 1, latency: 1 });
    expect(torch.ratios).toEqual({ secondsPerEpoch: 5, imagesPerSecond: 5, latency: 1 });
    expect(onnx.ratios).toEqual({ secondsPerEpoch: undefined, imagesPerSecond: 10, latency: 0.5 });
    expect(result.gemm[1].ratios.secondsPerEpoch).toBeCloseTo(2);
  });

  it('is a page of tables', () => {
    const text: string = page([result, { ...result, machine: { ...machine, threads: 1 } }]);
    const [net, otherNets, gemm, ...others] = tables(text);
    expect(others).toHaveLength(3);
    expect(cells(net)[1]).toEqual([
      'PyTorch',
      '1.2',
      '2',
      '2.500',
      '1.000',
      '5.00',
      '100',
      '5.00',
      '20.0 (1 thread)',
      '1.00',
    ]);
    expect(cells(net)[2].slice(0, 6)).toEqual(['ONNX', '1.2', '2', '-', '-', '-']);
    expect(cells(otherNets)).toEqual([['MLP 784-512-256-10', '2.50', '5.00', '2.00']]);
    expect(cells(gemm).map((row) => row.at(-1))).toEqual(['1.00', '2.00']);
    expect(text).toContain('2 rounds, FMA bursts beside them 390 to 410 GFLOP/s.');
    expect(text).toContain('Not measured: oneDNN.');
    expect(text).toMatch(/^## 2 threads$[\s\S]*^## 1 thread$/m);
  });
});

describe('the chart', () => {
  const svg: string = chart(result);
  const bars = [...svg.matchAll(/<rect class="(own|bar)" .*? width="([\d.]+)"/g)].map(
    ([, css, width]) => [css, Number(width)] as const,
  );

  it('has a bar for each value, as long as the value', () => {
    expect(bars).toHaveLength(3 + 4 + 4);
    const [own, torch, numpy] = bars;
    expect([own[0], torch[0], numpy[0]]).toEqual(['own', 'bar', 'bar']);
    expect(torch[1] / own[1]).toBeCloseTo(5, 1);
    expect(numpy[1]).toBeGreaterThan(torch[1]);
  });

  it('cuts the bars that are many times longer than the shortest, and shows it', () => {
    // NumPy's epoch and latency, two strokes each.
    expect(svg.match(/class="break"/g)).toHaveLength(4);
  });

  it('is a well-formed text without gaps', () => {
    expect(svg).toContain('A &lt;CPU&gt;');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).toContain('prefers-color-scheme: dark');
  });
});

describe('the command line', () => {
  it('says which peers are missing and how to install each', () => {
    const { status, stderr, stdout } = run('--list');
    expect(status).toBe(0);
    expect(stdout).toContain('rownet is here');
    for (const command of [
      'apt-get install g++ libdnnl-dev',
      'apt-get install python3-torch python3-numpy',
      'apt-get install g++ libopenblas-dev',
      `ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save --prefix ${folder.path} onnxruntime-node@`,
      'apt-get install python3-numpy',
    ]) {
      expect(stderr).toContain(`is not installed: ${command}`);
    }
  });

  it('refuses a peer that is missing, if it was asked for', () => {
    const { status, stderr } = run('--only', 'torch');
    expect(status).toBe(1);
    expect(stderr).toContain('--only: PyTorch is not installed');
    expect(stderr).not.toContain('oneDNN');
  });

  it.each([
    [['--round', '1'], "Unknown option '--round'"],
    [['--rounds', 'two'], '--rounds: expected an integer from 0 to 1000 but received "two"'],
    [['--threads', '0'], '--threads: expected an integer from 1 to 1024 but received "0"'],
    [['--only', 'numpy,tensorflow'], '--only: expected some of onednn, torch, onnxruntime, numpy, openblas'],
    [['numpy'], "Unexpected argument 'numpy'"],
  ])('ends with 2 for %j', (args, message) => {
    const { status, stderr, stdout } = run(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('draws table and chart of stored results with --rounds 0', () => {
    const out = folder.join('out');
    mkdirSync(out);
    expect(run('--rounds', '0', '--out', out)).toMatchObject({ status: 1 });
    writeFileSync(join(out, 'peers-2-threads.json'), JSON.stringify(result));
    expect(run('--rounds', '0', '--out', out)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(out, 'peers.md'), 'utf8')).toBe(page([JSON.parse(JSON.stringify(result))]));
    expect(readFileSync(join(out, 'peers.svg'), 'utf8')).toBe(chart(result));
  });
});

describe('the other nets', () => {
  it('are written with what a contender needs to build them and to check itself', async () => {
    const { otherNets, readOtherNet, writeOtherNets } = await load('other-nets.mjs');
    const mlp = otherNets.find(({ name }: { name: string }) => name === 'mlp');
    writeOtherNets(await import('../../lib/index.js'), folder.path, [mlp]);
    const { layers, losses, scores, params, images, labels, batch, lr } = readOtherNet(folder.path, 'mlp');
    expect(layers).toEqual(mlp.layers);
    expect(params).toHaveLength(784 * 512 + 512 + 512 * 256 + 256 + 256 * 10 + 10);
    expect([images.length / 784, labels.length, scores.length]).toEqual([4 * batch, 4 * batch, 10 * batch]);
    expect(losses).toHaveLength(3);
    expect(new Set(losses).size).toBe(3);
    expect(lr).toBeGreaterThan(0);
  });
});

it('the products are the work of a step', () => {
  const flop = (products as { m: number; n: number; k: number }[]).map(({ m, n, k }) => 2 * m * n * k);
  // 833,040 FLOP an image forward, twice that backward, less the gradient of the images: 235,200.
  expect(flop.reduce((sum, one) => sum + one, 0)).toBe(128 * (3 * 833_040 - 235_200));
});
