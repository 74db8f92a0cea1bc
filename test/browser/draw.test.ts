/** Drawing, uploading and typing digits in a browser; the net is trained on MNIST for the purpose. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, rownet, temporaryFolder } from '../support/cli.js';
import { drawDigit, strokesOf } from '../support/drawn-digits.js';
import { expectAccessible, hasBrowser, inBrowser, launch, open, screenshot } from './browser.js';

const folder = temporaryFolder();
let child: ChildProcess | undefined;
let browser: Browser;
let url: string;
beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await launch();
  const train = ['train', '--epochs', '2', '--quiet', '--out', 'run'];
  expect((await rownet(train, { cwd: folder.path })).code).toBe(0);
  child = spawn(process.execPath, [bin, 'serve', 'run', '--json'], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  url = await new Promise((resolve) =>
    child?.stdout?.once('data', (line) => resolve((JSON.parse(String(line)) as { url: string }).url)),
  );
}, 120_000);
afterAll(async () => {
  child?.kill('SIGKILL');
  await browser?.close();
  folder.remove();
});

const answer = (page: Page) => page.locator('#answer');

async function drawByMouse(page: Page, digit: number): Promise<void> {
  const box = await page.locator('#pad').boundingBox();
  if (box === null) throw new Error('expected the pad to be on the page');
  await page.locator('#clear').click();
  for (const [first, ...rest] of strokesOf(digit)) {
    const at = ([x, y]: readonly number[]): [number, number] => [
      box.x + x * box.width,
      box.y + y * box.height,
    ];
    await page.mouse.move(...at(first));
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...at(point), { steps: 2 });
    await page.mouse.up();
  }
}

describe.skipIf(!hasBrowser)(inBrowser('the drawing page'), { timeout: 180_000 }, () => {
  it('gets digits right that are drawn with the mouse', async () => {
    const { page, complaints } = await open(browser, url);
    for (const digit of [0, 1, 2, 3, 4, 5, 7]) {
      await drawByMouse(page, digit);
      await expect
        .poll(() => answer(page).textContent(), { message: `digit ${digit}`, timeout: 20_000 })
        .toBe(String(digit));
    }
    // What the net sees, ten probabilities, every layer.
    await page.locator('#seen canvas[width="28"][height="28"]').waitFor();
    expect(await page.locator('#probabilities meter').count()).toBe(10);
    const captions = await page.locator('#layers figcaption').allTextContents();
    expect(captions.map((text) => text.split(':')[0])).toEqual([
      'conv1',
      'relu1',
      'pool1',
      'conv2',
      'relu2',
      'pool2',
      'conv3',
      'relu3',
      'fc1',
      'relu4',
      'fc2',
    ]);
    await expectAccessible(page);
    await screenshot(page, 'draw');
    await page.locator('#clear').click();
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('-');
    expect(complaints).toEqual([]);
  });

  it('takes a picture, dark on light', async () => {
    const { page, complaints } = await open(browser, url, {
      colorScheme: 'dark',
      viewport: { width: 390, height: 844 },
    });
    const { width, height, grey } = drawDigit(3, { size: 300 });
    const file = folder.join('three.png');
    writeFileSync(file, encode({ width, height, data: grey.map((value) => 230 - 0.8 * value), channels: 1 }));
    await page.locator('#file').setInputFiles(file);
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('3');
    expect(await page.locator('#note').textContent()).toContain('dark on light');
    await expectAccessible(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await screenshot(page, 'draw-phone-dark');
    const other = folder.join('none.png');
    writeFileSync(other, 'no picture');
    await page.locator('#file').setInputFiles(other);
    await page.locator('#note', { hasText: 'none.png is no picture that this browser reads' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('can be used by keys alone', async () => {
    const { page } = await open(browser, url);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('pad');
    for (let i = 0; i < 4; i += 1) await page.keyboard.press('Shift+ArrowUp');
    await page.keyboard.press('Space');
    for (let i = 0; i < 8; i += 1) await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Space');
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('1');
    expect(await page.locator('#pad').getAttribute('aria-label')).toBe(
      'Drawing area, pen up at 140, 236 of 280',
    );
    await page.keyboard.press('Delete');
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('-');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('clear');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('file');
  });

  it('says when the program has ended', async () => {
    const { page } = await open(browser, url);
    await page.locator('#title', { hasText: 'LeNet5' }).waitFor();
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGINT');
    expect(await gone).toBe(0);
    await drawByMouse(page, 1);
    await page.locator('#note', { hasText: 'Is the program still running?' }).waitFor();
  });
});
