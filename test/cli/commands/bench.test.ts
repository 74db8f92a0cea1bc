/** `rownet bench` on a few images: the form of its results. What it measures is not asserted. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { referenceScores } from '../../../lib/cli/commands/bench/reference.js';
import { runtimeInfo } from '../../../lib/kernels.js';
import { isaLevels } from '../../../lib/kernels/runtime.js';
import { Conv2d } from '../../../lib/layers/conv2d.js';
import { Flatten } from '../../../lib/layers/flatten.js';
import { Linear } from '../../../lib/layers/linear.js';
import { MaxPool2d } from '../../../lib/layers/max-pool2d.js';
import { ReLU } from '../../../lib/layers/relu.js';
import { Sequential } from '../../../lib/layers/sequential.js';
import { Net } from '../../../lib/nets/net.js';
import {
  type CliResult,
  type JsonLine,
  jsonLines,
  rownet,
  temporaryFolder,
  writeIdxFolder,
} from '../../support/cli.js';

const folder = temporaryFolder();

it('leaves no process behind when it is stopped', async () => {
  writeIdxFolder(folder.join('long'), 6400, 100);
  let worker: number | undefined;
  const { signal } = await rownet(['bench --epochs 1000 --data', folder.join('long')], {
    onSpawn(child) {
      const look = setInterval(() => {
        worker ??= workerOf(child.pid as number);
        if (worker === undefined) return;
        clearInterval(look);
        child.kill('SIGINT');
      }, 20);
    },
  });
  expect(signal).toBe('SIGINT');
  // It ends at its next turn of the event loop, a thousand epochs before its work is done.
  await expect.poll(() => isAlive(worker as number), { timeout: 30_000 }).toBe(false);
}, 60_000);

function workerOf(pid: number): number | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout.trim() === '' ? undefined : Number(stdout.trim().split('\n')[0]);
}

/** One that has ended and that nobody has asked for is a zombie. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z]/.test(stdout.trim());
}

describe('bench --json', () => {
  let result: CliResult;
  let report: JsonLine;
  beforeAll(async () => {
    writeIdxFolder(folder.join('bars'), 640, 100);
    result = await rownet(['bench --quick --json --threads 1 --data', folder.join('bars')]);
    [report] = jsonLines(result.stdout);
  }, 60_000);

  it('prints one object', () => {
    expect(result.code).toBe(0);
    expect(jsonLines(result.stdout)).toHaveLength(1);
    expect(report).toMatchObject({
      threads: 1,
      node: process.version,
      compiler: runtimeInfo().compiler,
      images: 640,
      batchSize: 128,
      articleSecondsPerEpoch: 166,
      // 833,040 in the forward, twice that in the backward, less conv1's input gradient of 235,200.
      flopPerEpoch: 640 * 2_263_920,
    });
    expect(new Date(String(report.date)).toISOString()).toBe(report.date);
  });

  it('measures both engines at each level of this CPU in processes of that level', () => {
    const wide = isaLevels().filter(({ vectorWidth }) => vectorWidth > 4);
    const possible = wide.map(({ name }) => name).filter((name) => runtimeInfo().isaLevels.includes(name));
    const levels = possible.length > 0 ? possible.reverse() : [runtimeInfo().isa];
    const contenders = report.contenders as JsonLine[];
    expect(contenders.map(({ isa, engine }) => [isa, engine])).toEqual(
      levels.flatMap((isa) => [
        [isa, 'lanes'],
        [isa, 'rows'],
      ]),
    );
    for (const contender of contenders) {
      const { secondsPerEpoch, seconds, gflops, fmaPeak, shareOfPeak, inference, peakMemory } = contender;
      expect(seconds).toEqual([secondsPerEpoch]);
      expect(gflops).toBeCloseTo((640 * 2_263_920) / Number(secondsPerEpoch) / 1e9, 6);
      expect(shareOfPeak).toBeCloseTo(Number(gflops) / Number(fmaPeak), 9);
      expect(inference).toEqual({ imagesPerSecond: expect.any(Number), latency: expect.any(Number) });
      expect(peakMemory).toBeGreaterThan(30e6);
    }
  });

  it('has a row for each fused step of the lanes engine, with its operations and bytes', () => {
    const [lanes] = report.contenders as JsonLine[];
    const rows = lanes.layers as JsonLine[];
    expect(rows.map(({ name }) => name)).toEqual([
      ...['gather', 'conv1+relu1+pool1', 'conv2+relu2+pool2', 'conv3+relu3', 'fc1+relu4', 'fc2'],
      ...['loss', 'update', 'waiting'],
    ]);
    expect(rows[3].layer).toBe('Conv2d(16 -> 120, kernel 5x5)');
    expect(rows.map(({ forwardFlop }) => Number(forwardFlop) / 128)).toEqual([
      ...[0, 235_200, 480_000, 96_000, 20_160, 1680, 0, 0, 0],
    ]);
    expect(rows.map(({ backwardFlop }) => Number(backwardFlop) / 128)).toEqual([
      ...[0, 235_200, 960_000, 192_000, 40_320, 3360, 0, 0, 0],
    ]);
    const weights = [6 * 26, 16 * 151, 120 * 401, 84 * 121, 10 * 85];
    const extents = [1024, 1176, 400, 120, 84, 10].map((size) => 128 * size);
    expect(rows.map(({ bytes }) => bytes)).toEqual([
      5 * extents[0],
      // No input gradient, so the weights once and their gradient.
      4 * (2 * extents[0] + 2 * extents[1] + 2 * weights[0]),
      ...[1, 2, 3, 4].map((i) => 4 * (3 * extents[i] + 2 * extents[i + 1] + 3 * weights[i])),
      8 * extents[5],
      20 * weights.reduce((sum, count) => sum + count, 0),
      0,
    ]);
  });

  it('holds each row against the limits of the machine', () => {
    for (const contender of report.contenders as JsonLine[]) {
      const [peak, bandwidth] = [Number(contender.fmaPeak), Number(contender.memoryBandwidth)];
      expect(bandwidth).toBeGreaterThan(0);
      for (const row of contender.layers as JsonLine[]) {
        const [forward, backward, bytes] = [row.forward, row.backward, row.bytes].map(Number);
        const flop = Number(row.forwardFlop) + Number(row.backwardFlop);
        expect(row.gflops).toBeCloseTo(flop / (forward + backward) / 1e9, 6);
        expect(row.shareOfPeak).toBeCloseTo(Number(row.gflops) / peak, 9);
        if (flop === 0) expect(row.bound).toBe(bytes > 0 ? 'memory' : null);
        else expect(row.bound).toBe(bytes / bandwidth > flop / peak ? 'memory' : 'arithmetic');
        expect(forward, String(row.name)).toBeGreaterThan(0);
        expect(backward > 0, String(row.name)).toBe(row.layer !== '');
      }
    }
  });

  it('has a row for each layer of the rows engine, with its operations', () => {
    const [, first] = report.contenders as JsonLine[];
    const rows = first.layers as JsonLine[];
    expect(rows.map(({ name }) => name)).toEqual([
      ...['gather', 'conv1', 'relu1', 'pool1', 'conv2', 'relu2', 'pool2', 'conv3', 'relu3', 'flatten'],
      ...['fc1', 'relu4', 'fc2', 'loss', 'update'],
    ]);
    const flop = rows.map(({ forwardFlop, backwardFlop }) => [Number(forwardFlop), Number(backwardFlop)]);
    expect(flop[1]).toEqual([128 * 235_200, 128 * 235_200]);
    expect(flop[4]).toEqual([128 * 480_000, 2 * 128 * 480_000]);
    expect(flop.flat().reduce((sum, value) => sum + value, 0)).toBe(128 * 2_263_920);
  });
});

it('a ROWNET_MAX_ISA below AVX2 is the level that is measured', async () => {
  writeIdxFolder(folder.join('few'), 128, 10);
  const args = ['bench --quick --threads 1 --data', folder.join('few')];
  const { code, stdout } = await rownet(args, { env: { ROWNET_MAX_ISA: 'portable' } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {20,}lanes, portable +rows, portable$/m);
  expect(stdout).toMatch(/^memory, GB\/s +\d+ +\d+$/m);
  expect(stdout).toMatch(/^Fused steps of lanes at portable: a batch of 128, medians$/m);
  expect(stdout).toMatch(/^Layers of rows at portable: a batch of 128, medians$/m);
  expect(
    stdout.match(/^layer +forward us +backward us +MFLOP +MB +GFLOP\/s +of peak +bound by$/gm),
  ).toHaveLength(2);
  expect(stdout).not.toContain('avx');
  expect(stdout).not.toContain('\u001b');
});

it('errors of the measuring process come with their exit code', async () => {
  writeIdxFolder(folder.join('too-few'), 100, 10);
  const result = await rownet(['bench --quick --data', folder.join('too-few')]);
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toContain('bench: too-few: expected at least 128 images but received 100');
});

it('the plain loops agree with numbers worked out by hand', () => {
  const layers = {
    conv: new Conv2d({ inChannels: 1, outChannels: 1, kernel: [1, 2], stride: [1, 1], padding: [0, 1] }),
    relu: new ReLU(),
    pool: new MaxPool2d({ kernel: [2, 2] }),
    flatten: new Flatten(),
    fc: new Linear({ inFeatures: 2, outFeatures: 2 }),
  };
  const net = new Net(new Sequential(layers), { inputShape: [1, 2, 3] });
  net.arena.set([...[2, -1], 0.5, ...[1, 10, -1, 3], ...[0.25, 0]]);
  // Rows 1 2 3 and 4 5 6 between zeros: 2a - b + 0.5 is -0.5, 0.5, 1.5, 6.5 and -3.5, 3.5, 4.5, 12.5.
  const scores = referenceScores(net, Float32Array.of(1, 2, 3, 4, 5, 6), 1);
  expect([...scores]).toEqual([3.5 + 125 + 0.25, -3.5 + 37.5]);
});
