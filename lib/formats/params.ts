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
 * @throws DataError if the file is missing, damaged, or neither a safetensors file of finite F32 values nor an npz file
 * of finite float32 or float64 ones
 */
export function loadParams(path: string): Map<string, Tensor> {
  return loadCheckpoint(path).params;
}
