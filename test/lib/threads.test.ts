/** How many threads there are where nobody says, and what is said of too many. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import {
  type CpuPlaces,
  cpuQuota,
  defaultThreads,
  tooManyThreads,
  usefulThreads,
} from '../../lib/threads.js';
import { root, rownet, temporaryFolder } from '../support/cli.js';

const folder = temporaryFolder();

/** Eight cores without a quota. */
const places: CpuPlaces = { cores: 8, selfCgroup: folder.join('none'), cgroupRoot: folder.join('none') };

function write(text: string, ...names: string[]): string {
  const path = folder.join(...names);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Eight cores in a control group of the given files. */
function group(name: string, self: string, files: Record<string, string>): CpuPlaces {
  for (const [path, text] of Object.entries(files)) write(text, name, path);
  return { ...places, selfCgroup: write(self, `${name}-self`), cgroupRoot: folder.join(name) };
}

const v1 = (path: string, quota: string, period = '100000') => ({
  [`${path}/cpu.cfs_quota_us`]: `${quota}\n`,
  [`${path}/cpu.cfs_period_us`]: `${period}\n`,
});

it.each<
  [name: string, self: string, files: Record<string, string>, quota: number | undefined, threads: number]
>([
  ['v2', '0::/\n', { 'cpu.max': '150000 100000\n' }, 1.5, 2],
  ['v2-another-period', '0::/\n', { 'cpu.max': '150000 50000\n' }, 3, 3],
  ['v2-none', '0::/\n', { 'cpu.max': 'max 100000\n' }, undefined, 8],
  ['v2-more-than-there-are', '0::/\n', { 'cpu.max': '1600000 100000\n' }, 16, 8],
  ['v2-above', '0::/a/b\n', { 'a/b/cpu.max': 'max 100000\n', 'a/cpu.max': '200000 100000\n' }, 2, 2],
  ['v2-tightest', '0::/a\n', { 'a/cpu.max': '400000 100000\n', 'cpu.max': '50000 100000\n' }, 0.5, 1],
  ['v2-outside', '0::/../other\n', { 'cpu.max': '300000 100000\n' }, 3, 3],
  ['v2-without-self', '', { 'cpu.max': '300000 100000\n' }, undefined, 8],
  ['v1', '5:memory:/m\n3:cpu,cpuacct:/docker/x\n0::/\n', v1('cpu/docker/x', '250000'), 2.5, 3],
  ['v1-both-names', '3:cpu,cpuacct:/a\n', v1('cpu,cpuacct/a', '250000'), 2.5, 3],
  ['v1-own-root', '3:cpu:/docker/x\n', v1('cpu', '100000'), 1, 1],
  ['v1-nested', '3:cpu:/a/b\n', { ...v1('cpu/a/b', '-1'), ...v1('cpu/a', '400000') }, 4, 4],
  ['v1-none', '3:cpu:/\n', v1('cpu', '-1'), undefined, 8],
  ['v1-other-controller', '3:cpuset:/\n', v1('cpu', '100000'), undefined, 8],
  ['damaged', 'nonsense\n0::/\n', { 'cpu.max': '\u0000' }, undefined, 8],
  ['zero', '0::/\n', { 'cpu.max': '0 100000' }, undefined, 8],
])('the CPU quota: %s', (name, self, files, quota, threads) => {
  const limited = group(name, self, files);
  expect(cpuQuota(limited)).toBe(quota);
  expect(usefulThreads(limited)).toBe(threads);
});

it('threads are at least one, whatever a system says of cores', () => {
  expect(usefulThreads({ ...places, cores: 0 })).toBe(1);
  expect(usefulThreads({ ...places, cores: 5000 })).toBe(1024);
});

describe('the default', () => {
  const quota = group('quota', '0::/\n', { 'cpu.max': '200000 100000' });

  it.each<[env: Record<string, string>, where: CpuPlaces, count: number, source: string]>([
    [{}, places, 8, 'all cores'],
    [{}, quota, 2, 'the CPU quota'],
    [{ OMP_NUM_THREADS: '4,2' }, quota, 4, 'OMP_NUM_THREADS'],
    [{ OMP_NUM_THREADS: 'many' }, quota, 2, 'the CPU quota'],
    [{ ROWNET_NUM_THREADS: '16', OMP_NUM_THREADS: '4' }, places, 16, 'ROWNET_NUM_THREADS'],
    [{ ROWNET_NUM_THREADS: '', OMP_NUM_THREADS: '4' }, places, 4, 'OMP_NUM_THREADS'],
  ])('%j (%#)', (env, where, count, source) => {
    expect(defaultThreads(env, where)).toEqual({ count, source });
  });

  it.each(['0', '-1', '1025', '1e3', '0x4', ' 2', '2.0', 'many'])(
    'ROWNET_NUM_THREADS=%j is refused',
    (value) => {
      expect(() => defaultThreads({ ROWNET_NUM_THREADS: value }, places)).toThrow(
        expect.objectContaining({
          code: 'ERR_ROWNET_RANGE',
          message: `ROWNET_NUM_THREADS: expected an integer from 1 to 1024 but received "${value}"`,
        }),
      );
    },
  );

  it('more than the cores, or than the quota, are too many', () => {
    expect(tooManyThreads(8, places)).toBeUndefined();
    expect(tooManyThreads(9, places)).toBe('more than the 8 cores, for which they wait');
    expect(tooManyThreads(2, { ...places, cores: 1 })).toBe('more than the 1 core, for which they wait');
    expect(tooManyThreads(2, quota)).toBeUndefined();
    expect(tooManyThreads(3, quota)).toBe(
      'more than the CPU quota of 2 cores, which stops them for part of the time',
    );
  });
});

it('too many threads are told once', async () => {
  vi.resetModules();
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    const { tellTooManyThreads } = await import('../../lib/threads.js');
    const useful = usefulThreads();
    tellTooManyThreads(useful);
    expect(emit).not.toHaveBeenCalled();
    tellTooManyThreads(useful + 1);
    tellTooManyThreads(useful + 2);
    expect(emit.mock.calls).toEqual([
      [
        expect.stringMatching(`^threads: ${useful + 1} are more than the .*\\. Hint: ${useful} are faster$`),
        { type: 'RownetWarning', code: 'WARN_ROWNET_THREADS' },
      ],
    ]);
  } finally {
    emit.mockRestore();
  }
});

describe('a program', () => {
  const index = pathToFileURL(`${root}/dist/index.js`).href;
  const run = (body: string, env: Record<string, string>) =>
    JSON.parse(
      execFileSync(
        process.execPath,
        [
          '--input-type=module',
          '--eval',
          `import { Worker } from 'node:worker_threads';
           const rownet = await import(${JSON.stringify(index)});
           const told = [];
           process.on('warning', ({ code }) => told.push(code));
           const answer = await (async () => { ${body} })();
           await new Promise((resolve) => setTimeout(resolve, 10));
           console.log(JSON.stringify([answer, told]));`,
        ],
        { encoding: 'utf8', env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'ignore'] },
      ),
    ) as unknown;

  it('has the threads of ROWNET_NUM_THREADS, and is told of too many', () => {
    const body = 'return rownet.runtimeInfo().threads';
    expect(run(body, { ROWNET_NUM_THREADS: '1' })).toEqual([1, []]);
    expect(run(body, { ROWNET_NUM_THREADS: '777' })).toEqual([777, ['WARN_ROWNET_THREADS']]);
    expect(run(body, { OMP_NUM_THREADS: '1' })).toEqual([1, []]);
    expect(run(body, {})).toEqual([usefulThreads(), []]);
  });

  it('has those of setThreads in any case', () => {
    const body = 'rownet.setThreads(1); return rownet.runtimeInfo().threads';
    expect(run(body, { ROWNET_NUM_THREADS: '777' })).toEqual([1, []]);
    expect(run(body, { ROWNET_NUM_THREADS: 'wrong' })).toEqual([1, []]);
  });

  it('gets a typed error of a wrong number, at the first kernel and at the next', () => {
    const body = `
      const x = new rownet.Tensor([1, 1]);
      const attempt = () => { try { rownet.matmul(x, x); } catch ({ code, message }) { return [code, message]; } };
      return [attempt(), attempt()]`;
    const error = [
      'ERR_ROWNET_RANGE',
      'ROWNET_NUM_THREADS: expected an integer from 1 to 1024 but received "many"',
    ];
    expect(run(body, { ROWNET_NUM_THREADS: 'many' })).toEqual([[error, error], []]);
  });

  it('keeps what it has set when a worker loads the addon', () => {
    const body = `
      rownet.setThreads(1);
      const code = "import(" + ${JSON.stringify(JSON.stringify(index))} + ").then(({ runtimeInfo }) => " +
        "require('node:worker_threads').parentPort.postMessage(runtimeInfo().threads))";
      const worker = new Worker(code, { eval: true, execArgv: [] });
      const seen = await new Promise((resolve) => worker.once('message', resolve));
      return [seen, rownet.runtimeInfo().threads]`;
    expect(run(body, { ROWNET_NUM_THREADS: '3' })).toEqual([[1, 1], []]);
  });
});

describe('the command line', () => {
  it('tells of too many threads once, on stderr, and of what decided', async () => {
    const { code, stdout, stderr } = await rownet(['info', '--json', '--threads', '777']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ threads: 777, threadsFrom: '--threads' });
    expect(stderr).toMatch(/^note: threads: 777 are more than the .*\. Hint: \d+ are faster\n$/);
  });

  it('takes an option for a wrong variable', async () => {
    const env = { ROWNET_NUM_THREADS: 'many' };
    expect(await rownet(['info', '--threads', '1', '--json'], { env })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await rownet(['runs'], { env })).toMatchObject({ code: 2 });
  });

  it('has it in the table of info', async () => {
    const { stdout } = await rownet(['info'], { env: { ROWNET_NUM_THREADS: '1' } });
    expect(stdout).toMatch(/^threads +1$/m);
    expect(stdout).toMatch(/^threadsFrom +ROWNET_NUM_THREADS$/m);
    expect(stdout).toMatch(/^cpuQuota +(none|[\d.]+)$/m);
  });
});
