/** Signals and closed pipes: a checkpoint of exactly the last step is written, and the run can be continued. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { listenForStop } from '../../../lib/cli/terminal/signals.js';
import { loadCheckpoint } from '../../../lib/formats/checkpoint.js';
import {
  bin,
  type CliResult,
  jsonLines,
  rownet,
  temporaryFolder,
  writeIdxFolder,
} from '../../support/cli.js';
import { findPython, runPython } from '../../support/python.js';
import { stateSha256 } from '../../support/state.js';

const folder = temporaryFolder();
beforeAll(() => writeIdxFolder(folder.join('bars'), 400, 100));

/** The metrics without times. */
const figures = (name: string) =>
  jsonLines(readFileSync(folder.join(name, 'metrics.jsonl'), 'utf8')).map(
    ({ seconds: _, imagesPerSecond: __, ...rest }) => rest,
  );

/** Far more epochs than are reached before a signal arrives. */
const long = ['train --data bars --lr 0.01 --seed 2 --epochs 5000 --json'];

/** Trains until `epochs` lines of epochs have been printed, then sends `signal`. */
function stopAfter(epochs: number, signal: NodeJS.Signals, args: readonly string[]): Promise<CliResult> {
  let sent = false;
  return rownet(args, {
    cwd: folder.path,
    onStdout(soFar, child) {
      if (sent || soFar.split('"event":"epoch"').length <= epochs) return;
      sent = true;
      child.kill(signal);
    },
  });
}

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s', (signal, code) => {
  it(`writes a checkpoint of the last step and exits with ${code}`, async () => {
    const out = `after-${signal}`;
    const result = await stopAfter(2, signal, [...long, '--out', out]);
    expect(result).toMatchObject({ code, signal: null });
    const events = jsonLines(result.stdout);
    const last = events.at(-1);
    // 400 images in batches of 64: seven steps an epoch.
    const { epoch, step, partialEpoch } = loadCheckpoint(folder.join(out, 'checkpoint.safetensors'));
    expect(epoch).toBeGreaterThanOrEqual(2);
    expect(step).toBe(7 * epoch + (partialEpoch?.steps ?? 0));
    expect(events.filter(({ event }) => event === 'durable').at(-1)).toMatchObject({ epoch, step });
    expect(last).toEqual({
      event: 'interrupted',
      cause: signal,
      epoch,
      step,
      checkpoint: `${out}/checkpoint.safetensors`,
    });
    expect(result.stderr).toContain(`To continue: rownet train --resume ${out}\n`);
    const metrics = jsonLines(readFileSync(folder.join(out, 'metrics.jsonl'), 'utf8'));
    expect(metrics.at(-1)?.epoch).toBe(epoch);
  });
});

it('a run that was stopped and continued ends with the bits and metrics of a straight one', async () => {
  // Long enough to be stopped on the way, and with a rate and a batch size of its own not to depend on the rule for them.
  const args = ['train --data bars --lr 0.01 --batch-size 64'];
  args.push('--epochs', '200', '--json', '--quiet');
  const straight = await rownet([...args, '--out straight'], { cwd: folder.path });
  expect(straight.code).toBe(0);
  const stopped = await stopAfter(3, 'SIGINT', [...args, '--out stopped']);
  expect(stopped.code).toBe(130);
  expect(loadCheckpoint(folder.join('stopped', 'checkpoint.safetensors')).epoch).toBeLessThan(200);
  const continued = await rownet(['train --resume stopped --quiet'], { cwd: folder.path });
  expect(continued.code).toBe(0);
  const state = (name: string) => stateSha256(folder.join(name, 'checkpoint.safetensors'));
  expect(state('stopped')).toBe(state('straight'));
  expect(figures('stopped')).toEqual(figures('straight'));
});

/** Trains in a pseudo-terminal, closes it in the first epochs, and sends what the shell would. Prints the wait status. */
const hangUp = `
import os, pty, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b''
while b'epoch    2/5000' not in seen:
    seen += os.read(terminal, 4096)
os.close(terminal)
os.kill(pid, signal.SIGHUP)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
const python = findPython('pty');

it.skipIf(python === undefined)('a terminal that is closed, which sends SIGHUP twice, stops it once', () => {
  const out = folder.join('hung-up');
  const options = ['--epochs', '5000', '--checkpoint-every', '5000', '--lr', '0.01', '--out', out];
  const command = [process.execPath, bin, 'train', '--data', folder.join('bars'), ...options];
  // Node 20 by itself aborts where the terminal is gone: -6.
  expect(runPython(python as string, hangUp, ...command).trim()).toBe('-1');
  expect(loadCheckpoint(folder.join('hung-up', 'checkpoint.safetensors')).step).toBeGreaterThanOrEqual(14);
});

it('ends quietly when nobody reads stdout any more', async () => {
  const result = await rownet([...long, '--out closed'], {
    cwd: folder.path,
    onStdout: (_soFar, child) => child.stdout?.destroy(),
  });
  expect(result).toMatchObject({ code: 141, signal: null });
  expect(result.stderr).toContain('Stopped, since nothing can be written to stdout');
  expect(result.stderr).not.toContain('EPIPE');
  expect(loadCheckpoint(folder.join('closed', 'checkpoint.safetensors')).epoch).toBeGreaterThanOrEqual(0);
});

it.skipIf(!existsSync('/dev/full'))('a full disk under stdout ends with code 1 and no stack trace', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const { status, stderr } = spawnSync(process.execPath, [bin, 'info', '--json'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    expect(stderr).toBe('rownet: stdout: ENOSPC: no space left on device, write\n');
    expect(status).toBe(1);
  } finally {
    closeSync(full);
  }
});

it('a second training in the same run folder is refused while the first one runs', async () => {
  let second: Promise<CliResult> | undefined;
  const first = await rownet([...long, '--out shared'], {
    cwd: folder.path,
    onStdout(soFar, child) {
      if (second !== undefined || !soFar.includes('"event":"epoch"')) return;
      second = rownet(['train --resume shared --quiet'], { cwd: folder.path });
      second.finally(() => child.kill('SIGTERM'));
    },
  });
  expect(first.code).toBe(143);
  expect(await second).toEqual({
    code: 2,
    signal: null,
    stdout: '',
    stderr: 'train: expected shared to be free but another process trains in it\n',
  });
  // The lock has gone with the process.
  const third = await stopAfter(1, 'SIGINT', ['train --resume shared --json --quiet']);
  expect(third.code).toBe(130);
});

describe('listenForStop', () => {
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  const listeners = () => signals.map((name) => process.listeners(name));
  const before = listeners();
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    signals.forEach((name, i) => {
      for (const listener of process.listeners(name)) {
        if (!before[i].includes(listener)) process.off(name, listener);
      }
    });
  });

  it('asks to stop at the first signal and ends the process at one that comes half a second later', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as typeof process.exit);
    const stop = listenForStop();
    expect([stop.cause(), stop.signal.aborted]).toEqual([undefined, false]);
    process.emit('SIGHUP', 'SIGHUP');
    expect([stop.cause(), stop.signal.aborted]).toEqual(['SIGHUP', true]);
    vi.advanceTimersByTime(499);
    process.emit('SIGINT', 'SIGINT');
    expect(stop.cause()).toBe('SIGHUP');
    // Its own action would end the process before the last line is written, with another code.
    stop.dispose();
    process.emit('SIGTERM', 'SIGTERM');
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    process.emit('SIGHUP', 'SIGHUP');
    expect(exit.mock.calls).toEqual([[129]]);
  });

  it('gives the signals back where there was no stop', () => {
    listenForStop().dispose();
    expect(listeners()).toEqual(before);
  });
});
