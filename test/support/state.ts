/** What two runs are compared by: all that training made, not when and how often it was written. */
import { createHash } from 'node:crypto';
import { loadGeneration } from '../../lib/formats/generations.js';

/** SHA-256 of weights and the optimizer's state, by name, with completed epochs and steps, of the newest checkpoint at `path`. */
export function stateSha256(path: string): string {
  const { params, optimizerState, epoch, step, partialEpoch } = loadGeneration(path).checkpoint;
  const hash = createHash('sha256').update(`${epoch} ${step} ${partialEpoch?.steps ?? 0}`);
  for (const tensors of [params, optimizerState]) {
    for (const [name, { shape, data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash
        // Hashes stay those of versions that kept velocities under their parameters' names.
        .update(`${name.replace(/^velocity\./, '')} ${shape.join('x')}`)
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}
