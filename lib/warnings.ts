/**
 * What rownet has to say beside its results. A program gets it as a warning of the process, which Node prints on stderr
 * unless `--no-warnings` or a listener says otherwise; the command line prints a line of its own.
 */

/**
 * `WARN_ROWNET_THREADS`: more threads than the process has cores for. `WARN_ROWNET_PARAMS`: a file of parameters was
 * not taken as it stands. `WARN_ROWNET_RUN`: the newest checkpoint of a run is lost, and the one before was taken.
 */
export type WarningCode = 'WARN_ROWNET_THREADS' | 'WARN_ROWNET_PARAMS' | 'WARN_ROWNET_RUN';

type Listener = (message: string) => void;
let listener: Listener | undefined;

/** In place of warnings of the process, for a program that has its own way of saying things. */
export function takeWarnings(take: Listener): void {
  listener = take;
}

export function warn(code: WarningCode, message: string): void {
  if (listener === undefined) process.emitWarning(message, { type: 'RownetWarning', code });
  else listener(message);
}
