// Where things are.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const here = fileURLToPath(new URL('.', import.meta.url));
export const root = join(here, '..', '..');
/** Compiled peers and the fixture. */
export const buildFolder = join(root, 'build', 'peers');

/**
 * The package as it is built.
 * @throws {Error} if it is not.
 */
export async function importRownet() {
  const index = join(root, 'dist', 'index.js');
  if (!existsSync(index)) throw new Error('peers: rownet is not built. Hint: npm run build');
  return await import(pathToFileURL(index).href);
}
