/** Every input that fuzzing has found goes through its target again, in a process of its own: it may crash. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from '../support/cli.js';

const fuzz = join(root, 'test', 'fuzz');
const corpus = join(fuzz, 'corpus');
const folder = mkdtempSync(join(tmpdir(), 'rownet-corpus-'));
afterAll(() => rmSync(folder, { recursive: true }));

const stored = existsSync(corpus)
  ? readdirSync(corpus).flatMap((target) => readdirSync(join(corpus, target)).map((file) => [target, file]))
  : [];

const run = (program: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [join(fuzz, program), ...args], { encoding: 'utf8' });

it.each(stored)('%s %s', (target, file) => {
  const { status, signal, stderr } = run('replay.mjs', target, join(corpus, target, file), folder);
  expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
});

it('fuzzes every target, and finds nothing in a few cases', { timeout: 300_000 }, () => {
  const { status, stdout, stderr } = run('run.mjs', '--seconds', '1', '--seed', '7');
  expect(status, stderr).toBe(0);
  const rows = stdout.trim().split('\n').slice(2);
  expect(rows).toHaveLength(18);
  for (const row of rows) {
    const [name, executions, accepted, crashes] = row.trim().split(/\s+/);
    expect(Number(executions), name).toBeGreaterThan(5);
    expect(Number(accepted), name).toBeGreaterThan(0);
    expect(Number(crashes), name).toBe(0);
  }
});

it('refuses an unknown target', () => {
  expect(run('run.mjs', '--target', 'nothing')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('fuzz: expected --seconds above 0'),
  });
});
