/** Where the command line writes: data to stdout, all else to stderr, colours only where they are wanted. */
import { styleText } from 'node:util';
import { wantsColor } from './color.js';
import { exitCodes } from '../exit.js';
import { hexadecimal } from './printable.js';

type Format = Parameters<typeof styleText>[0];
type Env = Readonly<Record<string, string | undefined>>;

/** Shell convention for a program that SIGPIPE ends: 128 + 13. */
const brokenPipeExitCode = 141;

/** Whether ROWNET_VERBOSE asks for more: stack traces, and the plan of a training. */
export function isVerbose(env: Env = process.env): boolean {
  return !['', '0'].includes(env.ROWNET_VERBOSE ?? '');
}

/** Text in a style, if `stream` wants it. */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream): string {
  // Node 20's styleText does not look at the stream, so that it is asked here.
  return wantsColor(stream) ? styleText(format, text, { validateStream: false }) : text;
}

const lost = new AbortController();

/** Aborts when nothing can be written to stdout any more; the exit code is set then. */
export const stdoutLost: AbortSignal = lost.signal;

/**
 * Makes the end of stdout an end without a stack trace: a reader that has gone (`rownet train --json | head -1`) is
 * nothing to talk about, a full disk is. A closed stderr is ignored: a lost log is no reason to stop a training.
 */
export function handleLostOutput(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost.signal.aborted) return;
    process.exitCode = error.code === 'EPIPE' ? brokenPipeExitCode : exitCodes.failure;
    if (error.code !== 'EPIPE') process.stderr.write(`rownet: stdout: ${error.message}\n`);
    lost.abort(error);
  });
}

/** One JSON object on one line of stdout. */
export function printJson(value: object): void {
  if (stdoutLost.aborted) return;
  // JSON leaves DEL and the C1 controls as they are, and to some terminals U+009B is an escape code.
  const text = JSON.stringify(value).replace(/[\u007f-\u009f]/g, (char) => `\\u00${hexadecimal(char)}`);
  process.stdout.write(`${text}\n`);
}

/** A line to stdout: results meant to be read. */
export function print(line: string): void {
  if (!stdoutLost.aborted) process.stdout.write(`${line}\n`);
}

/** `12,345` in every locale. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A share as `99.04 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
