import { AddonError } from '../../errors.js';
import { isaLevels } from '../../kernels/runtime.js';
import { oneOf } from './values.js';

/**
 * Before a command starts: the addon would refuse the value at the first kernel. Where there is no addon, nothing is
 * checked: what needs it says so.
 * @throws {UsageError} when `level`, of ROWNET_MAX_ISA, names no instruction set level.
 */
export function checkMaxIsa(level: string): void {
  let levels: ReturnType<typeof isaLevels>;
  try {
    levels = isaLevels();
  } catch (error) {
    if (error instanceof AddonError) return;
    throw error;
  }
  oneOf(...levels.map(({ name }) => name))(level, 'ROWNET_MAX_ISA');
}
