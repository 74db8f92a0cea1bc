/** The package's own folder: what is not code (the addon, the pages) is read from there. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AddonError, errorCode } from './errors.js';

/**
 * The folder that holds package.json and build/, seen from lib/ as well as from dist/.
 * @param url of this module; undefined in a bundle of CommonJS
 * @throws {AddonError} where a bundler has put this module into another file.
 */
export function packageRoot(url: string | undefined = import.meta.url): string {
  const file = url?.startsWith('file:') === true ? fileURLToPath(url) : undefined;
  const root = file === undefined ? undefined : join(dirname(file), '..');
  if (root !== undefined && isOwn(root)) return root;
  throw new AddonError(
    `native: rownet runs from ${file ?? 'a bundle'}, outside of its package: a bundler has put it into that file, ` +
      'and an addon cannot be bundled. Hint: keep rownet out of the bundle and install it beside: esbuild ' +
      '--external:rownet, "external" of Rollup and Vite (ssr), "externals" of webpack; docs/guides/other-tools.md has each',
  );
}

function isOwn(root: string): boolean {
  try {
    return (
      (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name?: unknown }).name === 'rownet'
    );
  } catch (error) {
    // Only a file that is not there says that this is no package; one that may not be read says nothing.
    return errorCode(error) !== 'ENOENT';
  }
}
