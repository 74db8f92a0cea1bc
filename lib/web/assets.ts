/** The files of the pages. Scripts come from dist/, compiled from lib/web/client and lib/plots. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';
import { chartStyle } from '../plots/chart.js';
import type { PageFile } from './server.js';

/** Files of `rownet train --live`. */
export function livePageFiles(): Map<string, PageFile> {
  return pageFiles('live.html', [
    'web/client/live.js',
    'web/client/charts.js',
    ...sharedScripts,
    ...['chart', 'curves', 'axes', 'ticks', 'key', 'text', 'article'].map((name) => `plots/${name}.js`),
  ]);
}

/** Files of `rownet serve`. */
export function drawPageFiles(): Map<string, PageFile> {
  return pageFiles('draw.html', ['web/client/draw.js', 'web/client/pad.js', ...sharedScripts]);
}

const sharedScripts = [
  'web/client/dom.js',
  'web/client/elements.js',
  'web/client/pictures.js',
  'plots/diverging.js',
];

function pageFiles(html: string, scripts: readonly string[]): Map<string, PageFile> {
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', text: asset(html) }],
    ['/page.css', { type: 'text/css; charset=utf-8', text: `${asset('page.css')}${chartStyle}\n` }],
    ['/icon.svg', { type: 'image/svg+xml', text: asset('icon.svg') }],
    // Under the folders of dist/, so that the relative imports among them hold.
    ...scripts.map((path): [string, PageFile] => [
      `/${path}`,
      { type: 'text/javascript; charset=utf-8', text: script(path) },
    ]),
  ]);
}

/**
 * Compiled scripts as one, for a page in one file, which nothing can be imported into. They stand in the order in which
 * each needs those before it, and share their names.
 */
export function joinedScripts(paths: readonly string[]): string {
  return paths
    .map((path) =>
      script(path)
        .replace(/^import .*;\n/gm, '')
        .replace(/^export (?!default)/gm, ''),
    )
    .join('\n');
}

/** A compiled script by its path in dist/. */
export function script(path: string): string {
  return readFileSync(join(packageRoot(), 'dist', path), 'utf8');
}

/** A file of lib/web/assets. */
export function asset(name: string): string {
  return readFileSync(join(packageRoot(), 'lib/web/assets', name), 'utf8');
}
