import type { RuntimeInfo } from '../../kernels.js';
import { oneOf } from './values.js';

const read = oneOf<RuntimeInfo['isa']>('portable', 'sse2', 'avx2', 'avx512');

/**
 * Before a command starts: the addon would refuse the value at the first kernel.
 * @throws {UsageError} when ROWNET_MAX_ISA names no instruction set level.
 */
export function checkMaxIsa(env: Readonly<Record<string, string | undefined>> = process.env): void {
  if (env.ROWNET_MAX_ISA) read(env.ROWNET_MAX_ISA, 'ROWNET_MAX_ISA');
}
