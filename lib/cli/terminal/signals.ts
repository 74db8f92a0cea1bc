/** Signals ask a training to stop after its step; a second one ends the process at once. */
import { isatty } from 'node:tty';
import { stdoutLost } from './output.js';

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Signals within this many milliseconds are one stop. A terminal that closes sends SIGHUP twice (the shell, then the
 * kernel), Ctrl-C reaches a child of npm from the terminal and from npm, and ends the reader of a pipe too.
 */
const sameStopMs = 500;

export type StopCause = keyof typeof exitCodes | 'stdout';

export interface StopRequest {
  /** Aborts at the first signal, and when stdout is lost. */
  readonly signal: AbortSignal;
  /** What asked for the stop, if anything did. */
  cause(): StopCause | undefined;
  /** Signals end the process again, unless there was a stop: then it is about to end with the exit code of that. */
  dispose(): void;
}

/** Resolves when a signal aborts, or at once where it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The exit code that belongs to a cause; the loss of stdout has set its own (output.ts). */
export function stopExitCode(cause: StopCause): number | undefined {
  return cause === 'stdout' ? undefined : exitCodes[cause];
}

export function listenForStop(): StopRequest {
  const controller = new AbortController();
  let cause: StopCause | undefined;
  let stopped = 0;
  const stop = (next: StopCause) => {
    if (cause !== undefined) return;
    cause = next;
    stopped = performance.now();
    controller.abort();
  };
  const onSignal = (name: keyof typeof exitCodes) => {
    if (cause !== undefined && performance.now() - stopped >= sameStopMs) process.exit(exitCodes[name]);
    stop(name);
  };
  const onLost = () => stop('stdout');
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  for (const name of names) process.on(name, onSignal);
  stdoutLost.addEventListener('abort', onLost);
  if (stdoutLost.aborted) onLost();
  return {
    signal: controller.signal,
    cause: () => cause,
    dispose() {
      stdoutLost.removeEventListener('abort', onLost);
      if (cause !== undefined) return;
      for (const name of names) process.off(name, onSignal);
    },
  };
}

/**
 * Where a terminal that the process was started on is gone at its end, SIGHUP's own action ends it. Node 20 would abort
 * then, with a core dump, because it cannot give the terminal its mode back.
 */
export function endWithTerminal(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  if (terminals.length === 0) return;
  process.on('exit', () => {
    if (terminals.every((fd) => isatty(fd))) return;
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  });
}
