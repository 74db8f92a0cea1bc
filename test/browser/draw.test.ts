/** Drawing, uploading and typing digits in a browser; the net is trained on MNIST for the purpose. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GreyImage } from '../../lib/images/limits.js';
import { bin, rownet, temporaryFolder } from '../support/cli.js';
import { discPng, writeColourFolders } from '../support/colour-folders.js';
import { drawDigit, strokesOf } from '../support/drawn-digits.js';
import { expectAccessible, hasBrowser, inBrowser, launch, open, screenshot } from './browser.js';

const folder = temporaryFolder();
let child: ChildProcess | undefined;
let browser: Browser;
let url: string;
const children: ChildProcess[] = [];
/** Starts the page of a run, and gives its address. */
async function serve(run: string, ...args: string[]): Promise<string> {
  const started = spawn(process.execPath, [bin, 'serve', run, '--json', ...args], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(started);
  return new Promise((resolve) =>
    started.stdout.once('data', (line) => resolve((JSON.parse(String(line)) as { url: string }).url)),
  );
}

beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await launch();
  const train = ['train', '--epochs', '2', '--quiet', '--out', 'run'];
  expect((await rownet(train, { cwd: folder.path })).code).toBe(0);
  url = await serve('run');
  [child] = children;
}, 120_000);
afterAll(async () => {
  for (const one of children) one.kill('SIGKILL');
  await browser?.close();
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
    await page
      .locator('#note', { hasText: 'none.png: expected a PNG or JPEG but received a file that' })
      .waitFor();
    // The old answer does not stand beside it.
    expect(await answer(page).textContent()).toBe('-');
    expect(await page.locator('#probabilities meter, #seen canvas, #layers canvas').count()).toBe(0);
    expect(await page.locator('#retry').isHidden()).toBe(true);
    await page.locator('#file').setInputFiles(file);
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('3');
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });

  // As text: the tests know no types of the browser.
  const inkOf = (page: Page): Promise<number> =>
    page.evaluate(
      `document.getElementById('pad').getContext('2d').getImageData(0, 0, 280, 280).data
        .filter((value, i) => i % 4 === 0 && value > 127).length`,
    );

  it('draws a dot for a tap, as wide as the pen, and takes back', async () => {
    const { page, complaints } = await open(browser, url, { hasTouch: true, isMobile: true });
    await expect.poll(() => page.locator('#undo').isDisabled()).toBe(true);
    await page.locator('#pad').tap();
    await expect.poll(() => inkOf(page)).toBeGreaterThan(250);
    const dot = await inkOf(page);
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).not.toBe('-');
    await page.locator('#pen').fill('40');
    await page.locator('#pad').tap({ position: { x: 40, y: 40 } });
    // A circle of twice the width beside the first.
    await expect.poll(() => inkOf(page)).toBeGreaterThan(4 * dot);
    await page.locator('#undo').click();
    expect(await inkOf(page)).toBe(dot);
    await page.locator('#clear').click();
    expect(await inkOf(page)).toBe(0);
    await page.keyboard.press('Control+z');
    expect(await inkOf(page)).toBe(dot);
    await page.keyboard.press('Control+z');
    expect(await inkOf(page)).toBe(0);
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('-');
    expect(await page.locator('#undo').isDisabled()).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('takes pictures that are dropped or pasted, and tells of two digits', async () => {
    const { page, complaints } = await open(browser, url);
    const give = (kind: 'drop' | 'paste', { width, height, grey }: GreyImage) => {
      const bytes = [...encode({ width, height, data: grey, channels: 1 })];
      return page.evaluate(`{
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(${JSON.stringify(bytes)})], 'a.png', { type: 'image/png' }));
        document.body.dispatchEvent(${
          kind === 'drop'
            ? "new DragEvent('drop', { dataTransfer: data, cancelable: true, bubbles: true })"
            : "new ClipboardEvent('paste', { clipboardData: data, bubbles: true })"
        });
      }`);
    };
    await give('drop', drawDigit(7, { size: 300 }));
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('7');
    await give('paste', drawDigit(2, { size: 120 }));
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('2');
    const [one, two] = [drawDigit(1), drawDigit(4)];
    const grey = Uint8Array.from({ length: 200 * 100 }, (_, i) => {
      const [x, y] = [i % 200, Math.floor(i / 200)];
      return (x < 100 ? one : two).grey[100 * y + (x % 100)];
    });
    await give('drop', { width: 200, height: 100, grey });
    await page.locator('#note', { hasText: 'more than one shape' }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'draw-two');
    // Undo goes back to the picture before, and to its answer.
    await page.locator('#undo').click();
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('2');
    // A stroke replaces the picture.
    await page.locator('#pad').click();
    await expect.poll(() => inkOf(page)).toBeLessThan(600);
    expect(complaints).toEqual([]);
  });

  it('lets the browser read what the program does not, and names what neither reads', async () => {
    const { page } = await open(browser, url);
    const { width, height, grey } = drawDigit(3, { size: 100 });
    const webp: number[] = await page.evaluate(`(async () => {
      const canvas = new OffscreenCanvas(${width}, ${height});
      const context = canvas.getContext('2d');
      const pixels = context.createImageData(${width}, ${height});
      ${JSON.stringify([...grey])}.forEach((level, i) => pixels.data.set([level, level, level, 255], 4 * i));
      context.putImageData(pixels, 0, 0);
      return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp' })).arrayBuffer())];
    })()`);
    const upload = (name: string, buffer: Buffer) =>
      page.locator('#file').setInputFiles({ name, mimeType: 'image/webp', buffer });
    await upload('three.webp', Buffer.from(webp));
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('3');
    await upload('phone.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'));
    await page
      .locator('#note', { hasText: 'phone.heic: expected a PNG or JPEG but received a HEIC picture' })
      .waitFor();
    expect(await answer(page).textContent()).toBe('-');
  });

  it('has light paper and names where the training had them', async () => {
    for (const split of ['train', 'test']) {
      for (const [label, name] of ['low', 'high'].entries()) {
        mkdirSync(folder.join('bars', split, name), { recursive: true });
        for (let i = 0; i < 12; i += 1) {
          const data = new Uint8Array(28 * 28).fill(230 + i);
          for (let y = 5; y < 9; y += 1)
            data.fill(20, 28 * (y + 12 * (1 - label)) + 4, 28 * (y + 12 * (1 - label)) + 24);
          const file = folder.join('bars', split, name, `${i}.png`);
          writeFileSync(file, encode({ width: 28, height: 28, data, channels: 1 }));
        }
      }
    }
    const train = [
      'train',
      '--data',
      'bars',
      '--epochs',
      '8',
      '--batch-size',
      '8',
      '--quiet',
      '--out',
      'light',
    ];
    expect((await rownet(train, { cwd: folder.path })).code).toBe(0);
    const { page, complaints } = await open(browser, await serve('light'));
    await page.locator('#heading', { hasText: 'Draw a picture' }).waitFor();
    await expect.poll(() => inkOf(page)).toBe(280 * 280);
    const box = await page.locator('#pad').boundingBox();
    if (box === null) throw new Error('expected the pad to be on the page');
    for (const [share, name] of [
      [0.25, 'high'],
      [0.68, 'low'],
    ] as const) {
      await page.locator('#clear').click();
      await page.locator('#pen').fill('40');
      await page.mouse.move(box.x + 0.2 * box.width, box.y + share * box.height);
      await page.mouse.down();
      await page.mouse.move(box.x + 0.8 * box.width, box.y + share * box.height, { steps: 4 });
      await page.mouse.up();
      await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe(name);
    }
    await expectAccessible(page);
    await screenshot(page, 'draw-light');
    expect(complaints).toEqual([]);
  });

  it('opens pictures for a net of colours, and nothing can be drawn', async () => {
    writeColourFolders(folder.join('discs'), 32);
    const args = 'train --data discs --colour --epochs 8 --batch-size 8 --quiet --out colours'.split(' ');
    expect((await rownet(args, { cwd: folder.path })).code).toBe(0);
    const { page, complaints } = await open(browser, await serve('colours'));
    expect(await page.locator('#heading').textContent()).toBe('Open a picture');
    expect(await page.locator('#clear, #pen').filter({ visible: true }).count()).toBe(0);
    const before = await inkOf(page);
    await page.locator('#pad').click();
    await page.keyboard.press('Space');
    expect(await inkOf(page)).toBe(before);
    expect(await page.locator('#note').textContent()).toBe('no picture yet');
    for (const hue of ['red', 'blue'] as const) {
      const buffer = Buffer.from(discPng(hue, 77));
      await page.locator('#file').setInputFiles({ name: `${hue}.png`, mimeType: 'image/png', buffer });
      await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe(hue);
      // The paper's corner is light, and the picture in its colours: no plane is taken for another.
      const seen = await page.evaluate(
        `[...document.querySelector('#seen canvas').getContext('2d').getImageData(0, 0, 32, 32).data]`,
      );
      const sums = [0, 1, 2].map((channel) =>
        (seen as number[]).reduce((sum, level, i) => sum + (i % 4 === channel ? level : 0), 0),
      );
      expect(sums.indexOf(Math.max(...sums))).toBe(hue === 'red' ? 0 : 2);
    }
    await expectAccessible(page);
    await screenshot(page, 'draw-colours');
    await page.keyboard.press('Control+z');
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('red');
    await page.keyboard.press('Control+z');
    await expect.poll(() => page.locator('#note').textContent()).toBe('no picture yet');
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
    for (const id of ['clear', 'undo', 'file', 'pen']) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.id')).toBe(id);
    }
  });

  it('says when the program has ended', async () => {
    const { page } = await open(browser, url);
    await page.locator('#title', { hasText: 'LeNet5' }).waitFor();
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGINT');
    expect(await gone).toBe(0);
    await drawByMouse(page, 1);
    await page.locator('#note', { hasText: 'No answer. Is the program still running?' }).waitFor();
    expect(await answer(page).textContent()).toBe('-');
    expect(await page.locator('#probabilities meter, #seen canvas, #layers canvas').count()).toBe(0);
    await expectAccessible(page);
    await screenshot(page, 'draw-gone');
  });

  it('asks again when it is told to', async () => {
    const { page } = await open(browser, await serve('run'));
    await page.locator('#title', { hasText: 'LeNet5' }).waitFor();
    await page.route('**/recognise', (route) => route.abort('connectionrefused'));
    await drawByMouse(page, 7);
    await page.locator('#retry').waitFor();
    expect(await answer(page).textContent()).toBe('-');
    await page.unroute('**/recognise');
    await page.locator('#retry').click();
    await expect.poll(() => answer(page).textContent(), { timeout: 20_000 }).toBe('7');
    expect(await page.locator('#retry').isHidden()).toBe(true);
  });
});
