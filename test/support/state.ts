/** What two runs are compared by: all that training made, not when and how often it was written. */
import { createHash } from 'node:crypto';
import { loadGeneration } from '../../lib/formats/generations.js';

/** SHA-256 of weights and velocity, by name, with completed epochs and steps, of the newest checkpoint at `path`. */
export function stateSha256(path: string): string {
  const { params, velocity, epoch, step, partialEpoch } = loadGeneration(path).checkpoint;
  const hash = createHash('sha256').update(`${epoch} ${step} ${partialEpoch?.steps ?? 0}`);
  for (const tensors of [params, velocity]) {
    for (const [name, { shape, data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash
        .update(`${name} ${shape.join('x')}`)
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}
