/** The sources, as texts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/cli.js';

export interface Source {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** The files in these folders, whose names match. */
export function sources(folders: readonly string[], name: RegExp): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => name.test(path))
      .map((path) => ({
        path: join(folder, path),
        text: readFileSync(join(root, folder, path), 'utf8'),
      })),
  );
}
