// What the targets that make arguments share.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Tensor } from '../../dist/tensor.js';
import { CallersError, Operands } from './operands.mjs';
import { promise } from './oracle.mjs';
import { FuzzRandom } from './random.mjs';

const root = join(import.meta.dirname, '..', '..');
export const addon = createRequire(import.meta.url)(join(root, 'build', 'Release', 'rownet.node'));

export const codes = ['ERR_ROWNET_TYPE', 'ERR_ROWNET_RANGE', 'ERR_ROWNET_SHAPE'];
/** The argument maker's seed stands in eight bytes. */
export const seeds = () => [Buffer.alloc(8)];

/** A gradient that may be left out. @param {Operands} o @param {() => unknown} make @param {unknown} without */
export const maybe = (o, make, without) => (o.random.chance(0.7) ? make() : without);

/**
 * Calls with arguments that fit, or with one or two spoilt; what fits must be accepted, and gives finite numbers.
 * @param {Buffer} bytes @param {(o: Operands, spoilt: boolean) => { name: string, args: unknown[] }} call
 */
export function checked(bytes, call) {
  const o = new Operands(new FuzzRandom(bytes.readUInt32LE(0), bytes.readUInt32LE(4)));
  const spoilt = o.random.chance(0.7);
  try {
    const { name, args } = call(o, spoilt);
    if (spoilt) return true;
    const parts = args.flatMap((arg) =>
      arg instanceof Object && !ArrayBuffer.isView(arg) ? [arg, ...Object.values(arg)] : [arg],
    );
    for (const part of parts) {
      const data = part instanceof Tensor ? part.data : part;
      if (!(data instanceof Float32Array)) continue;
      promise(
        data.every((value) => Number.isFinite(value)),
        `${name}: a result that is not finite: it has read a guard value`,
      );
    }
    return true;
  } catch (error) {
    if (error instanceof CallersError) return false;
    if (!spoilt)
      throw new Error(`arguments that fit were refused: ${error instanceof Error ? error.stack : error}`);
    throw error;
  } finally {
    o.check();
  }
}
