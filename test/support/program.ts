/** The parser of the command line within the test's own process: what it prints, and what it hands on. */
import { vi } from 'vitest';
import { createProgram, type RunCommand } from '../../lib/cli/options/program.js';

/** Runs the words; nothing reaches the terminal. */
export async function parse(...words: readonly string[]): Promise<{
  readonly calls: readonly unknown[];
  readonly printed: string;
  readonly error: unknown;
}> {
  const calls: unknown[] = [];
  let printed = '';
  const write = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  const handler: RunCommand = async (...call) => void calls.push(call);
  const error: unknown = await createProgram('1.0.0', handler)
    .parseAsync(words, { from: 'user' })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  vi.restoreAllMocks();
  return { calls, printed, error };
}
