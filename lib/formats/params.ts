/** Parameters on their own: a safetensors file with the names of the net, such as `conv1.weight`. */
import type { Tensor } from '../tensor.js';
import { writeFileAtomic } from './atomic-file.js';
import { loadCheckpoint } from './checkpoint.js';
import { encodeSafetensors } from './safetensors.js';

/**
 * Writes parameters to a safetensors file, replacing it as a whole.
 * @param params as `net.getParams()` gives them
 * @throws ArgumentRangeError for values that are not finite
 * @throws WriteError if the file cannot be written; an existing one is untouched then
 */
export function saveParams(params: ReadonlyMap<string, Tensor>, path: string): void {
  writeFileAtomic(path, encodeSafetensors(params));
}

/**
 * Reads parameters, for `net.setParams()`, which checks names and shapes: from a safetensors file, an npz file, or a
 * checkpoint, without its optimizer's state. What it is, its contents say, not its name.
 *
 * float16, bfloat16 and float64 become float32, column-major arrays row-major, and integers and booleans are left out:
 * each is told by a warning of the process, code `WARN_ROWNET_PARAMS`.
 * @throws DataError if the file is missing, damaged, or neither a safetensors nor an npz file; for values that are not
 * finite in float32, and for types that are neither floats, integers nor booleans
 */
export function loadParams(path: string): Map<string, Tensor> {
  return loadCheckpoint(path).params;
}
