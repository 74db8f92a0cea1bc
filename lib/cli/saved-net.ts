/** Nets that come from a checkpoint. */
import { DataError } from '../errors.js';
import type { Checkpoint } from '../formats/checkpoint.js';
import type { Net } from '../nets/net.js';

/**
 * Copies a checkpoint's parameters into a net.
 * @throws {DataError} when they are those of another net.
 */
export function restoreParams(net: Net, { architecture, params }: Checkpoint, file: string): void {
  // A file of parameters alone names no architecture: then names and shapes must do.
  if (architecture !== '' && architecture !== net.architecture) {
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of ${net.toString()} but received those of another net: ` +
        architecture,
    );
  }
  try {
    net.setParams(params);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new DataError(
      `checkpoint: ${file}: expected the parameters of ${net.toString()}: ${cause.message}`,
      { cause },
    );
  }
}
