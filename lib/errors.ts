/**
 * Every error that rownet throws on purpose has a stable `code`. Wrong kinds are TypeErrors, wrong sizes and values
 * RangeErrors; the classes here are for what has no built-in class. The CLI maps classes to exit codes.
 */

type ErrorClass = new (message?: string, options?: ErrorOptions) => Error;

/** The base of a class of errors with a code; `name` is what a stack trace begins with. */
export function coded(Base: ErrorClass, code: string, name: string) {
  return class extends Base {
    readonly code: string = code;
    override readonly name: string = name;
  };
}

/** A TypeError, code `ERR_ROWNET_TYPE`: an argument of the wrong kind. */
export class ArgumentTypeError extends coded(TypeError, 'ERR_ROWNET_TYPE', 'TypeError') {}

/** A RangeError, code `ERR_ROWNET_RANGE`: an argument of the right kind with a value that does not fit. */
export class ArgumentRangeError extends coded(RangeError, 'ERR_ROWNET_RANGE', 'RangeError') {}

/** A RangeError, code `ERR_ROWNET_SHAPE`: shapes that do not fit each other. */
export class ShapeError extends coded(RangeError, 'ERR_ROWNET_SHAPE', 'RangeError') {}

/** A RangeError, code `ERR_ROWNET_RESOURCE`: more memory or threads than the system gives. */
export class ResourceError extends coded(RangeError, 'ERR_ROWNET_RESOURCE', 'RangeError') {}

/** Code `ERR_ROWNET_STATE`: a call at the wrong time, such as backward before forward. */
export class StateError extends coded(Error, 'ERR_ROWNET_STATE', 'StateError') {}

/** Code `ERR_ROWNET_DATA`: a file that is missing, corrupt, or not what it should be. */
export class DataError extends coded(Error, 'ERR_ROWNET_DATA', 'DataError') {}

/** Code `ERR_ROWNET_ADDON`: the addon is missing or does not load. */
export class AddonError extends coded(Error, 'ERR_ROWNET_ADDON', 'AddonError') {}

/** Code `ERR_ROWNET_DIVERGED`: the loss is no longer a finite number. */
export class DivergedError extends coded(Error, 'ERR_ROWNET_DIVERGED', 'DivergedError') {}

/** Throws a DataError about one file: what is wrong, what to do, and the error that led to it. */
export type Refuse = (text: string, hint?: string, options?: ErrorOptions) => never;

/** Throws DataErrors that read `where: text. Hint: hint`; `usual` is the hint where none is given. */
export function refusing(where: string, usual: string): Refuse {
  return (text, hint = usual, options) => {
    throw new DataError(`${where}: ${text}. Hint: ${hint}`, options);
  };
}

/**
 * The `code` of an error, in any realm; undefined if it has none. Node's own errors are no instances of the `Error` of a
 * vm context, in which Jest runs everything.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of an error, in any realm; the text of what is none. */
export function errorMessage(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return String(hasMessage ? error.message : error);
}
