/** A short form of `npm run test:soak`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/cli.js';

const soak = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--expose-gc', join(root, 'scripts', 'soak.mjs'), ...args], {
    encoding: 'utf8',
  });

it.skipIf(process.platform !== 'linux')(
  'memory, descriptors and threads do not grow',
  { timeout: 300_000 },
  () => {
    const { status, stdout, stderr } = soak('--steps', '1000', '--nets', '600');
    expect(status, stdout + stderr).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(4);
  },
);

it('refuses a run that is too short', () => {
  expect(soak('--steps', '5')).toMatchObject({ status: 2, stderr: expect.stringContaining('at least 100') });
});
