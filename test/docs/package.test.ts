/** What docs/install.md says of the package, against the lock file. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from '../support/cli.js';
import { page } from './pages.js';

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

it('docs/install.md counts the dependencies that are installed on Linux x64', () => {
  const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const { '': _, ...packages } = lock.packages;
  const installed = Object.values(packages).filter(
    ({ dev, os = ['linux'], cpu = ['x64'], libc = ['glibc'] }) =>
      !dev && os.includes('linux') && cpu.includes('x64') && libc.includes('glibc'),
  );
  const needed = installed.filter(({ optional }) => !optional);
  const { text } = page('docs/install.md');
  const [, all, optional] = /(\d+) packages are installed beside it, (\d+) of them optional/.exec(text) ?? [];
  expect([Number(all), Number(optional)]).toEqual([installed.length, installed.length - needed.length]);
});
