// Whether an addon runs on this machine: the right Node-API, C library and CPU.
import { spawnSync } from 'node:child_process';

// fmaBurst runs the instructions of the level that was chosen.
const program = 'const addon = require(process.argv[1]); addon.info(); addon.fmaBurst(1, 0.001);';

/** Loads it in a process of its own, since a wrong one can end the process. Undefined if it runs. */
export function whyNotLoaded(path) {
  const { status, signal, error, stderr } = spawnSync(process.execPath, ['-e', program, path], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const thrown = /^\w*Error: .*$/m.exec(stderr)?.[0];
  return error?.message ?? signal ?? thrown ?? `exit code ${status}`;
}
