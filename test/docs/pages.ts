/** The Markdown pages of the repository, and the parts of them that can be held against the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../support/cli.js';

export interface Page {
  /** From the repository's root: `docs/environment.md`. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  readonly language: string;
  readonly code: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

const skipped = new Set(['.git', 'node_modules', 'build', 'dist', 'runs', 'coverage']);

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

export const pages: readonly Page[] = markdownFiles(root)
  .sort()
  .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }));

/** @throws Error if there is none. */
export function page(path: string): Page {
  const found = pages.find((one) => one.path === path);
  if (found === undefined) throw new Error(`${path} is missing`);
  return found;
}

/** The fenced blocks of a page, in order. */
export function blocks(text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1],
    code: match[2],
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** The page without its fenced blocks and comments. */
export function prose(text: string): string {
  return text.replace(/^```\w*\n[\s\S]*?^```$/gm, '').replace(/<!--[\s\S]*?-->/g, '');
}

/** What stands in backticks, outside of fenced blocks. */
export function inlineCode(text: string): string[] {
  return [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);
}

/**
 * What stands under a heading, up to the next one of the same or a higher level.
 * @throws Error if there is no such heading.
 */
export function section({ path, text }: Page, heading: string): string {
  const level = heading.indexOf(' ');
  const start = `\n${text}`.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`${path}: expected the heading "${heading}"`);
  const body = text.slice(start + heading.length + 1);
  const end = body.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end === -1 ? body : body.slice(0, end);
}

/** The tables of a text, each as it is written, a final newline included. */
export function tables(text: string): string[] {
  return [...text.matchAll(/^(?:\|.*\n)+/gm)].map(([table]) => table);
}

/** The cells of a table's rows, without its head. */
export function cells(table: string): string[][] {
  return table
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
