/** The exit codes of the command line, and which error leads to which. */
import { coded } from '../errors.js';
import { printableMessage } from './terminal/printable.js';

/** 130 (SIGINT), 143 (SIGTERM) and 129 (SIGHUP) come on top, from signals.ts, and 141 (nobody reads stdout), from output.ts. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  data: 3,
  addon: 4,
  /** The loss is not finite, or the accuracy is below --require-accuracy. */
  diverged: 5,
} as const;

/** A mistake on the command line or in the environment. Code `ERR_ROWNET_USAGE`, exit code 2. */
export class UsageError extends coded(Error, 'ERR_ROWNET_USAGE', 'UsageError') {}

/** A training that ran to its end below `--require-accuracy`. Code `ERR_ROWNET_ACCURACY`, exit code 5. */
export class AccuracyError extends coded(Error, 'ERR_ROWNET_ACCURACY', 'AccuracyError') {}

const byCode: Readonly<Record<string, number>> = {
  ERR_ROWNET_USAGE: exitCodes.usage,
  ERR_ROWNET_DATA: exitCodes.data,
  ERR_ROWNET_ADDON: exitCodes.addon,
  ERR_ROWNET_DIVERGED: exitCodes.diverged,
  ERR_ROWNET_ACCURACY: exitCodes.diverged,
};

/** The exit code for an error; 1 for one that rownet does not throw on purpose. */
export function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (typeof code === 'string' ? byCode[code] : undefined) ?? exitCodes.failure;
}

/** What an error says on the terminal: its message, and its stack when `verbose`. */
export function describeError(error: unknown, verbose: boolean): string {
  return printableMessage(errorText(error, verbose));
}

function errorText(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return `rownet: ${String(error)}`;
  if (verbose) return error.stack ?? error.message;
  // System errors (ENOSPC, EACCES...) and our own name what went wrong; a stack trace would only hide it.
  if ('code' in error && /^(E[A-Z]+$|ERR_ROWNET)/.test(String(error.code))) return error.message;
  return `rownet: unexpected error: ${error.message}. Hint: ROWNET_VERBOSE=1 shows where it comes from`;
}
