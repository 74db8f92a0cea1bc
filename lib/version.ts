import { readFileSync } from 'node:fs';

/** rownet's version, from package.json; the path is the same from lib and from dist. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
