/** Whether a data set that is known by name is here. */
import { locate } from '../../data/registry.js';
import { DataError } from '../../errors.js';

/** @returns the folder that would be read, or why there is none. */
export function probeData(name: string): { folder: string | null; missing?: string } {
  try {
    return { folder: locate(name).folder };
  } catch (error) {
    if (error instanceof DataError) return { folder: null, missing: error.message };
    throw error;
  }
}
