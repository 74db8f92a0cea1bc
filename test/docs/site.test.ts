/** The documentation site, as `npm run docs` builds it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/cli.js';
import { pages as markdown } from './pages.js';

const script = join(root, 'scripts', 'docs.mjs');
const site = join(root, 'build', 'docs');

/** HTML files by their path in the site. */
const html = new Map<string, string>();
let missing: string | undefined;
let complaints = '';

beforeAll(() => {
  if (spawnSync(process.execPath, [script, '--install'], { stdio: 'ignore' }).status !== 0) {
    missing = 'needs the packages of docs/site, which could not be installed';
    return;
  }
  rmSync(site, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', cwd: root });
  complaints = status === 0 ? '' : stdout + stderr;
  if (!existsSync(site)) return;
  for (const path of readdirSync(site, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.html')) html.set(path, readFileSync(join(site, path), 'utf8'));
  }
}, 300_000);

/** Registers a test that is skipped where typedoc cannot be had. */
function check(name: string, body: () => void): void {
  it(name, (context) => {
    if (missing !== undefined) context.skip(missing);
    body();
  });
}

interface Reference {
  readonly page: string;
  readonly target: string;
}

function references(pattern: RegExp): Reference[] {
  return [...html].flatMap(([page, text]) =>
    [...text.matchAll(pattern)].map(([, target]) => ({ page, target: target.replaceAll('&amp;', '&') })),
  );
}

const isExternal = (target: string) => /^([a-z]+:)?\/\//.test(target);

/** What a browser loads with a page, without a click: scripts, styles, fonts, images, frames. */
const loaded = () => [
  ...references(
    /<(?:script|img|iframe|source|embed|object|video|audio)\b[^>]*?\b(?:src|srcset|data)="([^"]*)"/g,
  ),
  ...references(/<link\b[^>]*?\bhref="([^"]*)"/g),
];

/** A link whose file or anchor is missing. */
function isBroken({ page, target }: Reference): boolean {
  if (isExternal(target) || /^(data|mailto):/.test(target)) return false;
  const [path, anchor] = decodeURI(target).split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(resolve(site, file))) return true;
  if (!anchor || !file.endsWith('.html')) return false;
  return !html.get(file)?.includes(`id="${anchor}"`);
}

describe('npm run docs', () => {
  check('builds without a warning: every public name is described, every link leads somewhere', () => {
    expect(complaints).toBe('');
    expect(html.size).toBeGreaterThan(100);
  });

  check('has a page for each Markdown page', () => {
    const headings = new Set(
      [...html.values()].flatMap((text) =>
        [...text.matchAll(/<title>([^<|]*)\|/g)].map(([, title]) => title.trim()),
      ),
    );
    const shown = markdown.filter(({ path }) => /^(docs|examples)\/.*\.md$|^C\w+\.md$/.test(path));
    expect(shown.length).toBeGreaterThan(8);
    const titles = shown.map(({ text }) => /^# (.+)$/m.exec(text)?.[1] ?? '');
    expect(titles.filter((title) => !headings.has(title))).toEqual([]);
  });

  check('has a page for each exported name', () => {
    const declarations = readFileSync(join(root, 'lib', 'index.ts'), 'utf8');
    const kernels = readFileSync(join(root, 'lib', 'kernels.ts'), 'utf8');
    const names = [...`${declarations}${kernels}`.matchAll(/export (?:type )?\{([^}]*)\}/g)]
      .flatMap(([, list]) => list.split(','))
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '');
    expect(names.length).toBeGreaterThan(80);
    const documented = new Set(Array.from(html.keys(), (path) => /\.(\w+)\.html$/.exec(path)?.[1]));
    expect(names.filter((name) => !documented.has(name))).toEqual([]);
  });

  check('links to files and anchors that exist', () => {
    const links = references(/<a\b[^>]*?\bhref="([^"]*)"/g);
    expect(links.length).toBeGreaterThan(1000);
    expect([...links, ...loaded()].filter(isBroken)).toEqual([]);
  });

  check('loads nothing from another host', () => {
    expect(loaded().length).toBeGreaterThan(100);
    expect(loaded().filter(({ target }) => isExternal(target))).toEqual([]);
    const assets = join(site, 'assets');
    const remote = readdirSync(assets)
      .filter((name) => name.endsWith('.css'))
      .filter((name) => /@import|url\(\s*['"]?(https?:)?\/\//.test(readFileSync(join(assets, name), 'utf8')));
    expect(remote).toEqual([]);
  });
});
