/** The weights depend on the seed, the engine and the instruction set level, not on the number of threads. */
import { beforeAll, expect, it } from 'vitest';
import { loadCheckpoint } from '../../lib/formats/checkpoint.js';
import { runtimeInfo } from '../../lib/kernels.js';
import { rownet, temporaryFolder, writeIdxFolder } from '../support/cli.js';
import { stateSha256 } from '../support/state.js';
import { trainPaddedNet } from './padded-net.js';
import { inPairs, long, print } from './report.js';

const folder = temporaryFolder();
beforeAll(() => writeIdxFolder(folder.join('bars'), 300, 50));

const { isa, isaLevels } = runtimeInfo();
const threadCounts = long ? [1, 2, 3, 7] : [1, 3];
/** Of the largest weight; a hundred times what docs/reliability.md reports. */
const tolerance = 1e-5;

interface Setting {
  readonly level: string;
  readonly engine: string;
  readonly net: string;
}

const out = ({ level, engine, net }: Setting, threads: number) =>
  folder.join(`${level}-${engine}-${net}-${threads}`);
const file = (path: string) => `${path}/checkpoint.safetensors`;

async function train(setting: Setting, threads: number): Promise<void> {
  const { level, engine, net } = setting;
  if (net === 'padded') {
    const data = folder.join('bars');
    await trainPaddedNet({ data, out: out(setting, threads), engine, threads, level });
    return;
  }
  // Four batches of 64 and one of 44.
  const args = ['train', '--data', 'bars', '--batch-size', '64', '--epochs', '2', '--lr', '0.02', '--quiet'];
  const result = await rownet(
    [...args, '--engine', engine, '--threads', String(threads), '--out', out(setting, threads)],
    { cwd: folder.path, env: { ROWNET_MAX_ISA: level } },
  );
  // More threads than the machine has cores are said once.
  expect(result).toMatchObject({ code: 0, stderr: expect.stringMatching(/^(note: threads: .*\n)?$/) });
}

/** The largest difference of a weight, over the largest weight. */
function distance(a: string, b: string): number {
  const [first, second] = [loadCheckpoint(file(a)).params, loadCheckpoint(file(b)).params];
  let [difference, largest] = [0, 0];
  for (const [name, { data }] of first) {
    for (const [index, value] of data.entries()) {
      difference = Math.max(difference, Math.abs(value - (second.get(name)?.data[index] ?? Number.NaN)));
      largest = Math.max(largest, Math.abs(value));
    }
  }
  return difference / largest;
}

it('one engine and level gives the same bits on any number of threads, and all give about the same', async () => {
  const taken = long ? isaLevels : isaLevels.filter((level) => level === isa || level === 'portable');
  const settings = ['LeNet-5', 'padded'].flatMap((net) =>
    taken.flatMap((level) => ['lanes', 'rows'].map((engine) => ({ level, engine, net }))),
  );
  const runs = settings.flatMap((setting) => threadCounts.map((threads) => ({ setting, threads })));
  await inPairs(runs, ({ setting, threads }) => train(setting, threads));

  print(`determinism: SHA-256 of weights and velocity, threads ${threadCounts.join(', ')}`);
  const unequal: string[] = [];
  for (const setting of settings) {
    const hashes = new Set(threadCounts.map((threads) => stateSha256(file(out(setting, threads)))));
    const { level, engine, net } = setting;
    const reference = out({ level: isa, engine: 'lanes', net }, threadCounts[0]);
    const away = distance(reference, out(setting, threadCounts[0]));
    print(
      `${net.padEnd(8)} ${level.padEnd(9)} ${engine.padEnd(6)} ${[...hashes].map((hash) => hash.slice(0, 16)).join(' ')}  ` +
        `${hashes.size === 1 ? 'equal' : 'NOT EQUAL'}  ${away.toExponential(1)} from ${isa} lanes`,
    );
    if (hashes.size > 1 || !(away <= tolerance)) unequal.push(`${net} ${level} ${engine}`);
  }
  expect(unequal).toEqual([]);
  expect(runs.length).toBe(2 * 2 * taken.length * threadCounts.length);
}, 600_000);
