/** A real browser for the pages: Debian's chromium, driven by playwright-core. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { root } from '../support/cli.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

export const hasBrowser = executablePath !== undefined;

/** The title of tests in a browser: says, where they are skipped, what they need. */
export function inBrowser(title: string): string {
  return hasBrowser ? title : `${title} (needs chromium; Debian: apt-get install chromium)`;
}

export function launch(): Promise<Browser> {
  // Its sandbox does not work for root, and containers often lack shared memory.
  return chromium.launch({
    executablePath: executablePath as string,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

export interface WatchedPage {
  readonly page: Page;
  /** Requests to other hosts, errors, and messages of the console. */
  readonly complaints: string[];
}

/** A page that notes what it should not do. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`request to ${request.url()}`);
  });
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  await page.goto(url);
  return { page, complaints };
}

/** Kept for people to look at, in build/screenshots. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(root, 'build', 'screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** No serious or critical finding of axe-core. */
export async function expectAccessible(page: Page): Promise<void> {
  const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  // By the debugger, which the page's content policy does not concern.
  await page.evaluate(readFileSync(source, 'utf8'));
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    const result = await axe.run();
    return result.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`);
  });
  expect(violations).toEqual([]);
}
