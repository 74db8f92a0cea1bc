/** The addon in several threads of Node, and at the sudden end of one or of the process. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/cli.js';

const run = (mode: string) =>
  spawnSync(process.execPath, [join(root, 'test', 'native', 'workers-program.mjs'), mode], {
    encoding: 'utf8',
  });

describe('worker threads', { timeout: 300_000 }, () => {
  it('train at once, each to the bits of one alone, where the main thread has not loaded the addon', () => {
    const { status, signal, stdout, stderr } = run('bits');
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
    const hashes = JSON.parse(stdout) as string[];
    expect(hashes).toHaveLength(5);
    expect(new Set(hashes).size).toBe(1);
  });

  it('end in the middle of a step or of an evaluation, 50 times, and the next one trains as if nothing had been', () => {
    const { status, signal, stdout, stderr } = run('terminate');
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
    const [before, after] = JSON.parse(stdout) as string[];
    expect(after).toBe(before);
  });

  it('compute the same while another one changes the number of threads', () => {
    const { status, signal, stdout, stderr } = run('threads');
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
    expect(JSON.parse(stdout)).toHaveLength(1);
  });

  it('load the addon 12 at once, twice, and leave it whole', () => {
    const { status, signal, stdout, stderr } = run('load');
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
    expect(stdout).toBe('400\n');
  });
});

it('process.exit inside a progress callback ends the process with its code', () => {
  const { status, signal, stdout, stderr } = run('exit');
  expect({ status, signal, stdout }, stderr).toEqual({ status: 7, signal: null, stdout: '' });
});
