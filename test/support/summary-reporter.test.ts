import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { formatCounts } from './summary-reporter.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

describe('formatCounts', () => {
  it('names what was skipped only if something was', () => {
    expect(formatCounts({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(formatCounts({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
  });
});

describe('the last line of a run', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** Runs vitest, as this project configures it, on these test files. */
  function run(files: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(join(tmpdir(), 'rownet-reporter-'));
    folders.push(folder);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [name, body] of Object.entries(files)) {
      writeFileSync(
        join(folder, name),
        `import { beforeAll, describe, expect, it } from 'vitest';\n${body}\n`,
      );
    }
    const reporter = join(root, 'test', 'support', 'summary-reporter.ts');
    const config = { test: { include: ['*.test.js'], pool: 'forks', reporters: ['default', reporter] } };
    writeFileSync(join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};\n`);
    const { stdout, status } = spawnSync(
      process.execPath,
      [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--root', folder],
      { encoding: 'utf8', env: { ...process.env, VITEST: undefined, NO_COLOR: '1' } },
    );
    return { last: stdout.trimEnd().split('\n').at(-1), status };
  }

  it('counts tests that pass, fail and are skipped', () => {
    const body = `it('a', () => {}); describe('s', () => { it('b', () => {}); it('c', () => expect(1).toBe(2)); it.skip('d', () => {}); it.todo('e'); });`;
    expect(run({ 'a.test.js': body, 'b.test.js': `it('f', () => {});` })).toEqual({
      last: '3 passed, 1 failed, 2 skipped',
      status: 1,
    });
  });

  it('is clean where everything passes', () => {
    expect(run({ 'a.test.js': `it('a', () => {});` })).toEqual({ last: '1 passed, 0 failed', status: 0 });
  });

  it('counts what breaks outside tests', () => {
    const { last, status } = run({
      'loads.test.js': `it('a', () => {});`,
      'throws.test.js': `throw new Error('while loading');`,
      'syntax.test.js': `it('b', () => {`,
      'hook.test.js': `describe('s', () => { beforeAll(() => { throw new Error('hook'); }); it('c', () => {}); });`,
    });
    // throws, syntax and the hook; the test behind the hook is skipped.
    expect(last).toBe('1 passed, 3 failed, 1 skipped');
    expect(status).toBe(1);
  });

  it('counts a crashed process and an unhandled rejection', () => {
    const crash = run({
      'good.test.js': `it('a', () => {});`,
      'crash.test.js': `it('b', () => {}); it('c', () => process.kill(process.pid, 'SIGKILL'));`,
    });
    expect(crash.last).toMatch(/^\d passed, [1-9] failed/);
    expect(crash.status).toBe(1);
    const rejection = run({
      'a.test.js': `it('a', () => { Promise.reject(new Error('nobody listens')); });`,
    });
    expect(rejection).toEqual({ last: '1 passed, 1 failed', status: 1 });
  });
});
