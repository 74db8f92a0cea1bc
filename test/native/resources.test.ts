/** What a call says for which the system has no memory or no threads. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/cli.js';

// 4 GB of addresses, of which a thread takes 64 MB for its stack.
const limits = 'ulimit -s 65536; ulimit -v 4000000';

it.skipIf(process.platform !== 'linux')(
  'no memory and no threads are errors with a code, and what comes next works',
  { timeout: 60_000 },
  () => {
    const program = join(root, 'test', 'native', 'resources-program.mjs');
    const command = `${limits}; exec "${process.execPath}" "${program}"`;
    const { status, signal, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    expect({ status, signal }, stderr).toEqual({ status: 0, signal: null });
    const results = JSON.parse(stdout);
    const resource = (message: RegExp) => ({
      name: 'RangeError',
      code: 'ERR_ROWNET_RESOURCE',
      message: expect.stringMatching(message),
    });
    const hint = 'Hint: fewer images at a time';
    const [lanes, rows, conv, threads, after] = results;
    expect(lanes).toMatchObject(
      resource(new RegExp(`^LanePlan.trainStep: expected memory .* gives no more. ${hint}`)),
    );
    expect(rows).toMatchObject(resource(new RegExp(`^layer: expected memory for .* gives no more. ${hint}`)));
    for (const result of [lanes, rows]) expect(result.after).toEqual(result.before);
    expect(conv).toMatchObject(resource(/^conv2dForward: expected memory/));
    expect(threads).toMatchObject(
      resource(/^setThreads: expected threads .* gives no more \(.+\). Hint: fewer/),
    );
    expect(after).toEqual({ conv: 1 });
  },
);
