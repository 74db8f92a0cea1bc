/** `rownet doctor`: what it sees of a machine, and what it makes of it. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../lib/cli/commands/doctor/check.js';
import { diagnose } from '../../../lib/cli/commands/doctor/checks.js';
import { cpuLevels, type Machine, thisMachine } from '../../../lib/cli/commands/doctor/machine.js';
import {
  compareSteps,
  engineStep,
  firstDifference,
  referenceStep,
} from '../../../lib/cli/commands/doctor/self-check.js';
import { isaLevels } from '../../../lib/kernels/runtime.js';
import { jsonLines, root, rownet, temporaryFolder } from '../../support/cli.js';

const folder = temporaryFolder();

function write(text: string, ...names: string[]): string {
  const path = folder.join(...names);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** This machine without what a container or a user may have set. */
const machine: Machine = {
  ...thisMachine(),
  env: { PATH: process.env.PATH, HOME: folder.path },
  cores: 8,
  selfCgroup: folder.join('none'),
  cgroupRoot: folder.join('none'),
};

function checkOf(name: string, changes: Partial<Machine>): Check | undefined {
  return diagnose({ ...machine, ...changes }).checks.find((check) => check.name === name);
}

/** A machine in a control group of the given files. */
function group(name: string, self: string, files: Record<string, string>): Partial<Machine> {
  for (const [path, text] of Object.entries(files)) write(text, name, path);
  return { selfCgroup: write(self, `${name}-self`), cgroupRoot: folder.join(name) };
}

describe('the CPU quota', () => {
  it('is what the threads are, and a warning where they are more', () => {
    const quota = group('small', '0::/\n', { 'cpu.max': '150000 100000' });
    expect(checkOf('cores', quota)).toMatchObject({ status: 'ok', message: '8, a CPU quota of 1.5 cores' });
    expect(checkOf('threads', quota)).toEqual({
      name: 'threads',
      status: 'ok',
      message: '2, from the CPU quota',
    });
    const env = { ...machine.env, ROWNET_NUM_THREADS: '8' };
    expect(checkOf('threads', { ...quota, env })).toEqual({
      name: 'threads',
      status: 'warning',
      message:
        '8, from ROWNET_NUM_THREADS: more than the CPU quota of 1.5 cores, which stops them for part of the time',
      hint: 'set ROWNET_NUM_THREADS=2',
    });
  });
});

describe('diagnose', () => {
  it('finds no problem here, and says what it looked at', () => {
    const { checks, addonLoads } = diagnose({ ...thisMachine(), env: machine.env });
    expect(addonLoads).toBe(true);
    expect(checks.filter(({ status }) => status === 'problem')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'addon', 'instruction set', 'kernels', 'build tools', 'data mnist']),
    );
    expect(checks.find(({ name }) => name === 'kernels')).toMatchObject({ status: 'ok' });
  });

  it.each<[name: string, changes: Partial<Machine>, status: string, message: RegExp, hint?: RegExp]>([
    ['node', { nodeVersion: 'v21.1.0' }, 'problem', /expected \^20\.19.* but received v21\.1\.0/, /install/],
    ['threads', { cores: 3 }, 'ok', /^3, from all cores$/],
    [
      'threads',
      { env: { ...machine.env, OMP_NUM_THREADS: '9' } },
      'warning',
      /^9, from OMP_NUM_THREADS: more than the 8 cores/,
      /ROWNET_NUM_THREADS=8/,
    ],
    [
      'threads',
      { env: { ...machine.env, ROWNET_NUM_THREADS: 'many' } },
      'problem',
      /^ROWNET_NUM_THREADS: expected an integer from 1 to 1024 but received "many"$/,
      /correct/,
    ],
    [
      'build tools',
      { env: { PATH: folder.path } },
      'ok',
      /^missing: a C\+\+17 compiler, CMake, make or ninja; n/,
    ],
    ['build tools', { env: { ...machine.env, CXX: 'no-such-compiler -O2' } }, 'ok', /^missing: a C\+\+17 c/],
    ['cache folder', { env: { XDG_CACHE_HOME: folder.join('new') } }, 'ok', /new\/rownet, not made yet$/],
    ['data mnist', {}, 'ok', /mnist/],
    ['data fashion-mnist', {}, 'ok', /needed only for|fashion/],
  ])('%s (%#)', (name, changes, status, message, hint) => {
    const check = checkOf(name, changes);
    expect(check).toMatchObject({ status, message: expect.stringMatching(message) });
    expect(check?.hint ?? '').toMatch(hint ?? /^$/);
  });

  it('sees builds beside the one in use, and packages that are missing', () => {
    const packageRoot = folder.join('package');
    const json = { engines: { node: '>=20.0.0' }, optionalDependencies: { 'no-such-package': '1' } };
    write(JSON.stringify(json), 'package', 'package.json');
    for (const type of ['Release', 'Debug']) write('', 'package', 'build', type, 'rownet.node');
    const { checks } = diagnose({ ...machine, packageRoot });
    expect(checks.filter(({ name }) => name === 'build')).toEqual([
      {
        name: 'build',
        status: 'warning',
        message: 'build/Debug/rownet.node stands beside build/Release/rownet.node, which is used',
        hint: `remove ${join(packageRoot, 'build', 'Debug')} unless you need it`,
      },
    ]);
    expect(checks.at(-1)).toEqual({
      name: 'package no-such-package',
      status: 'warning',
      message: 'not installed; it is optional',
      hint: 'npm install no-such-package',
    });
  });
});

it.each([
  ['fpu sse2 avx2 fma', ['portable', 'sse2', 'avx2']],
  ['fpu sse2 avx2', ['portable', 'sse2']],
  ['sse2 avx2 fma avx512f avx512bw avx512dq avx512vl', ['portable', 'sse2', 'avx2', 'avx512']],
  ['sse2 avx2 fma avx512f', ['portable', 'sse2', 'avx2']],
])('a CPU with %j has %j', (flags, levels) => {
  const cpuInfo = write(`processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t:\n`, 'cpuinfo');
  expect(cpuLevels(isaLevels(), { ...machine, arch: 'x64', cpuInfo })).toEqual(levels);
});

it('other CPUs run the portable level, and a system that does not say is not guessed', () => {
  const cpuInfo = write('Features\t: fp asimd crc32\n', 'cpuinfo-arm');
  expect(cpuLevels(isaLevels(), { ...machine, arch: 'arm64', cpuInfo })).toEqual(['portable']);
  const none = { ...machine, cpuInfo: folder.join('none') };
  expect(cpuLevels(isaLevels(), { ...none, arch: 'arm64' })).toEqual(['portable']);
  expect(cpuLevels(isaLevels(), { ...none, arch: 'x64' })).toBeUndefined();
});

describe('the self check', () => {
  const expected = referenceStep();

  it('exercises what it checks', () => {
    expect(expected.loss).toBeGreaterThan(0);
    expect(expected.correct).toBeGreaterThan(0);
    expect(expected.correct).toBeLessThan(37);
    // Parameters that start as small integers, or as multiples of 256, have moved.
    const weights = Array.from(expected.params['conv.weight']);
    expect(weights.filter((value) => Math.abs(value) > 2).length).toBeGreaterThan(20);
    expect(
      Array.from(expected.params['linear.weight']).filter((value) => value % 1 !== 0).length,
    ).toBeGreaterThan(50);
  });

  it.each(['rows', 'lanes'] as const)('%s: equal, and one wrong bit is told', (name) => {
    const step = engineStep(name);
    expect(compareSteps(name, step, expected)).toEqual([]);
    const wrong = Float32Array.from(step.params['conv.bias']);
    wrong[3] += 2 ** -10;
    expect(compareSteps(name, { ...step, params: { ...step.params, 'conv.bias': wrong } }, expected)).toEqual(
      [`${name}: conv.bias[3]: expected ${expected.params['conv.bias'][3]} but received ${wrong[3]}`],
    );
    expect(compareSteps(name, { ...step, correct: 1000 }, expected)).toHaveLength(1);
  });

  it('takes neither NaN nor a missing value for right', () => {
    expect(firstDifference('x', [1, Number.NaN], [1, 2])).toEqual(['x[1]: expected 2 but received NaN']);
    expect(firstDifference('x', [1], [1, 2])).toEqual(['x: expected 2 values but received 1']);
    expect(firstDifference('x', [1, 2], [1, 2])).toEqual([]);
  });
});

describe('rownet doctor', () => {
  it('exits with 0 where all is well, and prints a line a check', async () => {
    const { code, stdout, stderr } = await rownet(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ok {7}addon {2,}\S+rownet\.node, built by \S/m);
    expect(stdout).toMatch(/^ok {7}kernels {2,}conv2d and a training step on rows and lanes: exact$/m);
    for (const line of stdout.trimEnd().split('\n'))
      expect(line).toMatch(/^(ok|warning|problem| +To mend it:) /);
  });

  it('exits with 1 on ROWNET_MAX_ISA=wrong, and says so', async () => {
    const { code, stdout, stderr } = await rownet(['doctor'], { env: { ROWNET_MAX_ISA: 'wrong' } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(
      /^problem {2}instruction set +ROWNET_MAX_ISA: expected portable, .* but received "wrong"/m,
    );
    expect(stdout).toMatch(/^ +To mend it: unset or correct ROWNET_MAX_ISA$/m);
  });

  it('tells the cap as a warning, which is no failure', async () => {
    const { code, stdout } = await rownet(['doctor --json'], { env: { ROWNET_MAX_ISA: 'portable' } });
    expect(code).toBe(0);
    const [{ checks }] = jsonLines(stdout) as unknown as [{ checks: Check[] }];
    const isa = checks.find(({ name }) => name === 'instruction set');
    expect(isa?.message).toMatch(/^portable is used; .*ROWNET_MAX_ISA=portable$/);
    // Other CPUs have no higher level.
    if (process.arch === 'x64') expect(isa?.hint).toMatch(/^unset ROWNET_MAX_ISA to use (sse2|avx2|avx512)$/);
  });

  it('sees a cache folder that cannot be written', async (context) => {
    const options = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const { code } = await rownet(['--version'], options).catch(() => ({ code: null }));
    if (code !== 0) context.skip('another user cannot run rownet from here');
    const home = folder.join('locked');
    mkdirSync(home);
    chmodSync(folder.path, 0o755);
    chmodSync(home, 0o555);
    const { stdout } = await rownet(['doctor'], { ...options, cwd: root, env: { XDG_CACHE_HOME: home } });
    expect(stdout).toContain(`${home}/rownet (in ${home}) cannot be written`);
  });
});
