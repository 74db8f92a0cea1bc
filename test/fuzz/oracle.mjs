// What a target may do with an input: refuse it with one of its errors, or accept it and keep a promise.

/** A promise that was not kept. */
export class Violation extends Error {}

/** @param {unknown} condition @param {string} message */
export function promise(condition, message) {
  if (!condition) throw new Violation(message);
}

/**
 * Whether `error` is one that rownet throws on purpose.
 * @param {unknown} error @param {readonly string[]} codes
 */
export function isExpected(error, codes) {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** @param {ReadonlyMap<string, { shape: readonly number[], data: Float32Array }>} a @param {typeof a} b */
export function sameTensors(a, b) {
  const text = (/** @type {typeof a} */ map) =>
    JSON.stringify([...map].map(([name, { shape, data }]) => [name, shape, bits(data)]).sort());
  return text(a) === text(b);
}

/** @param {Float32Array} data */
function bits(data) {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
}
