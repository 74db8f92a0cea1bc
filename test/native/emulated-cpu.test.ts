/**
 * An older CPU, emulated: qemu ends a program with SIGILL at an instruction that the chosen model lacks, so a run that
 * passes on a CPU without AVX shows that the baseline holds none.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/cli.js';
import { missingForX86, nativeTests, outcome } from '../support/native.js';

const reason = missingForX86(['qemu-x86_64']);
const seconds = 120;

const emulate = (cpu: string, command: string, args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync('qemu-x86_64', ['-cpu', cpu, command, ...args], { encoding: 'utf8', maxBuffer: 2 ** 24 });

const levelsIn = (list: string) => [...new Set(list.match(/(?<= )\w+$/gm))];

describe('a CPU without AVX (Westmere)', () => {
  it('passes the native tests', { timeout: seconds * 1000 }, (context) => {
    if (reason !== undefined) context.skip(reason);
    const result = emulate('Westmere', nativeTests, ['--quick']);
    expect(outcome(result), `${result.stdout}\n${result.stderr}`).toBe('exit code 0');
    expect(result.stdout).toMatch(/^\d{3,} passed, 0 failed$/m);
    expect(result.stdout).toMatch(/^ok sgemm_around_tiles sse2 /m);
    expect(result.stdout).not.toContain('avx');
  });

  it('trains with the addon', { timeout: seconds * 1000 }, (context) => {
    if (reason !== undefined) context.skip(reason);
    const program = join(root, 'test', 'native', 'addon-program.mjs');
    const result = emulate('Westmere', process.execPath, [program, 'train']);
    expect(outcome(result), `${result.stdout}\n${result.stderr}`).toBe('exit code 0');
    expect(JSON.parse(result.stdout)).toMatchObject({
      isa: 'sse2',
      levels: ['portable', 'sse2'],
      correct: 64,
    });
  });
});

describe('a CPU with AVX2 and without AVX-512 (Haswell)', () => {
  it('chooses AVX2 and computes with it', { timeout: seconds * 1000 }, (context) => {
    if (reason !== undefined) context.skip(reason);
    expect(levelsIn(emulate('Haswell', nativeTests, ['--list']).stdout)).toEqual([
      'portable',
      'sse2',
      'avx2',
    ]);
    // Tests without guard pages: unlike a CPU, qemu 7.2 touches the masked lanes of a vmaskmovps.
    for (const name of ['lenet_training_follows_the_reference', 'layers_have_the_same_bits_on_any_threads']) {
      const result = emulate('Haswell', nativeTests, ['--quick', '--isa', 'avx2', '--run', name]);
      expect(outcome(result), `${name}\n${result.stdout}${result.stderr}`).toBe('exit code 0');
    }
  });
});
