/** Signals ask a training to stop after its step; a second one ends the process at once. */
import { stdoutLost } from './output.js';

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type StopCause = keyof typeof exitCodes | 'stdout';

export interface StopRequest {
  /** Aborts at the first signal, and when stdout is lost. */
  readonly signal: AbortSignal;
  /** What asked for the stop, if anything did. */
  cause(): StopCause | undefined;
  /** Removes the handlers: signals end the process again. */
  dispose(): void;
}

/** The exit code that belongs to a cause; the loss of stdout has set its own (output.ts). */
export function stopExitCode(cause: StopCause): number | undefined {
  return cause === 'stdout' ? undefined : exitCodes[cause];
}

export function listenForStop(): StopRequest {
  const controller = new AbortController();
  let cause: StopCause | undefined;
  const stop = (next: StopCause) => {
    cause ??= next;
    controller.abort();
  };
  const onSignal = (name: keyof typeof exitCodes) => {
    if (controller.signal.aborted) process.exit(exitCodes[name]);
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
      for (const name of names) process.off(name, onSignal);
      stdoutLost.removeEventListener('abort', onLost);
    },
  };
}
