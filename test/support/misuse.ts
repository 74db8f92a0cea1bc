/** Calls that must fail, and how. */
import { expect, it } from 'vitest';
import { DataError } from '../../lib/errors.js';

type Call = () => unknown;
export type Misuse = readonly [what: string, call: Call, code: string, message: string | RegExp];

export const TYPE = 'ERR_ROWNET_TYPE';
export const RANGE = 'ERR_ROWNET_RANGE';
export const SHAPE = 'ERR_ROWNET_SHAPE';
export const STATE = 'ERR_ROWNET_STATE';

/** A test for each call: its class, its code, its message (whole if it is a string). */
export function itRefuses(cases: readonly Misuse[]): void;
/** The same by messages, each with a call or several; `...` in a message stands for any text. */
export function itRefuses(code: string, calls: Readonly<Record<string, Call | readonly Call[]>>): void;
export function itRefuses(
  first: readonly Misuse[] | string,
  calls: Readonly<Record<string, Call | readonly Call[]>> = {},
): void {
  const byMessage = Object.entries(calls).flatMap(([message, some]) =>
    [some].flat().map((call: Call) => [message, call, String(first), pattern(message)] as const),
  );
  it.each(typeof first === 'string' ? byMessage : first)('refuses %s', (_, call, code, message) => {
    const error = errorOf(call) as Error & { code: string };
    if (code === TYPE) expect(error).toBeInstanceOf(TypeError);
    if (code === RANGE || code === SHAPE) expect(error).toBeInstanceOf(RangeError);
    expect(error.code, error.stack).toBe(code);
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });
}

/** The whole message, with any text where it has `...`. */
export function pattern(message: string): RegExp {
  const parts = message.split('...').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** What a call throws. */
export function errorOf(call: Call): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error but there was none');
}

/** The message of what a call throws, of whatever kind. */
export function messageOf(call: Call): string {
  return (errorOf(call) as Error).message;
}

/** The message of a call that fails with a `kind` of error, behind the prefix that it has. */
export function refusal(call: Call, prefix = '', kind: new (text: string) => Error = DataError): string {
  const error = errorOf(call) as Error;
  expect(error).toBeInstanceOf(kind);
  expect(error.message.slice(0, prefix.length)).toBe(prefix);
  return error.message.slice(prefix.length);
}

/** An argument that TypeScript would refuse. */
export const wrong = <T>(value: unknown): T => value as T;

/** A buffer that can grow, which the ES2023 library does not declare. */
export function resizableBuffer(length: number): ArrayBuffer {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer;
  return new Resizable(length, { maxByteLength: 2 * length });
}
