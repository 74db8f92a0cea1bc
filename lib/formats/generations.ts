/**
 * Two generations of a checkpoint: the newest under its own name, the one before beside it. A write renames the newest
 * out of the way only when its successor is complete and synced, so that at any instant one of the two is whole.
 */
import { DataError } from '../errors.js';
import { systemErrorText } from '../files.js';
import {
  type Checkpoint,
  LaterVersionError,
  type LoadedCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
} from './checkpoint.js';

/** `checkpoint.previous.safetensors` for `checkpoint.safetensors`, in its folder. */
export function previousPath(path: string): string {
  return path.replace(/(\.[^./]+)?$/, '.previous$1');
}

export interface Generation {
  /** The file that was read. */
  readonly file: string;
  readonly checkpoint: LoadedCheckpoint;
  /** Why it is the generation before the newest: what is wrong with the newest. */
  readonly fallback?: string;
}

/**
 * Reads the newest generation that is whole.
 * @throws DataError about the newest if neither is, and if the newest is there but is not for this process to read or of
 * a later version: it may be whole, and a run that went on from the one before would replace it.
 */
export function loadGeneration(path: string): Generation {
  try {
    return { file: path, checkpoint: loadCheckpoint(path) };
  } catch (error) {
    if (!(error instanceof DataError) || !isLost(error)) throw error;
    const file = previousPath(path);
    const checkpoint = loadOrNothing(file);
    if (checkpoint === undefined) throw error;
    return { file, checkpoint, fallback: error.message };
  }
}

/** Whether a file is missing or damaged, or on a disk that is. */
function isLost(error: DataError): boolean {
  if (error instanceof LaterVersionError) return false;
  const text = systemErrorText(error.cause);
  return text === undefined || /^(ENOENT|EIO):/.test(text);
}

function loadOrNothing(path: string): LoadedCheckpoint | undefined {
  try {
    return loadCheckpoint(path);
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/**
 * Writes a generation: when this returns, it is on disk.
 * @param options.keep whether what stands at `path` is whole and becomes the previous generation; otherwise it is
 * replaced, and the previous one stays.
 * @throws as saveCheckpoint. One of the two generations is still whole then, if one was.
 */
export function saveGeneration(path: string, checkpoint: Checkpoint, { keep }: { keep: boolean }): void {
  saveCheckpoint(path, checkpoint, keep ? { previous: previousPath(path) } : {});
}
