/** The page of `rownet explain --html` in a browser, for every layer of LeNet-5: its words, its pictures, its numbers. */
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rownet, temporaryFolder } from '../support/cli.js';
import { expectAccessible, hasBrowser, inBrowser, launch, open, screenshot } from './browser.js';

const folder = temporaryFolder();
let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

async function explain(layer: string) {
  const args = ['explain', '--layer', layer, '--html', `${layer}.html`];
  expect((await rownet(args, { cwd: folder.path })).code).toBe(0);
  return open(browser, pathToFileURL(folder.join(`${layer}.html`)).href);
}

const titles = (page: Page) => page.locator('#steps h2').allTextContents();
const textOf = async (page: Page, step: number) =>
  (await page.locator('#steps section').nth(step).textContent()) ?? '';

/** The size of each picture in screen pixels, and whether it has more than one colour. */
const pictures = (page: Page): Promise<{ width: number; height: number; colours: number }[]> =>
  page.evaluate(`[...document.querySelectorAll('#input canvas, #output canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set(data.filter((_, i) => i % 4 === 0)).size;
    return { width: canvas.clientWidth, height: canvas.clientHeight, colours };
  })`);

/** What sticks out of its card, or of the window. */
const cut = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('section *')].filter((one) => {
    const [card, box] = [one.closest('section').getBoundingClientRect(), one.getBoundingClientRect()];
    return box.width > 0 && (box.right > Math.min(card.right, innerWidth) + 1 || box.left < card.left - 1);
  }).map((one) => one.outerHTML.slice(0, 80))`);

const layers: [
  name: string,
  kind: 'window' | 'one place' | 'linear',
  pool: boolean,
  relu: boolean,
  count: number,
][] = [
  ['conv1', 'window', true, true, 2],
  ['conv2', 'window', true, true, 7],
  ['conv3', 'one place', false, true, 17],
  ['fc1', 'linear', false, true, 2],
  ['fc2', 'linear', false, false, 2],
];

describe.skipIf(!hasBrowser)(inBrowser('an explanation'), { timeout: 180_000 }, () => {
  it.each(layers)(
    'of %s has its own words, and pictures that show something',
    async (name, kind, pool, relu, count) => {
      const { page, complaints } = await explain(name);
      const isLinear = kind === 'linear';
      const expected = isLinear
        ? [
            'Every input times its weight to output',
            relu ? 'Bias and ReLU' : 'Bias',
            'Backward:',
            'Gradients of the inputs',
            'Gradients of the weights',
          ]
        : [
            'im2row:',
            'Matrix product:',
            'Bias and ReLU',
            ...(pool ? ['pool2row'] : []),
            'Backward:',
            'Gradient of the row',
            'Gradients of filter',
          ];
      const found = await titles(page);
      expect(found).toHaveLength(expected.length);
      for (const [i, title] of found.entries())
        expect(title.startsWith(`${i + 1}. ${expected[i]}`), title).toBe(true);
      const text = await page.locator('body').innerText();
      if (isLinear) expect(text).not.toMatch(/window|filter|im2row|kernel|pool/i);
      else expect(text).not.toMatch(/output \d/);
      expect(await page.getByLabel('Row').isVisible()).toBe(kind === 'window');

      const shown = await pictures(page);
      expect(shown).toHaveLength(count);
      for (const { width, height, colours } of shown) {
        expect(width).toBeGreaterThanOrEqual(60);
        expect(height).toBeGreaterThanOrEqual(18);
        expect(colours).toBeGreaterThan(1);
      }

      // The sum of the products, that with the bias, and the output are the numbers of the kernels.
      const [, entry] =
        /(?:sum is|sum up to) (-?[\d.]+)[,.] ?(?!.*sum is)/.exec(await textOf(page, 1 - Number(isLinear))) ??
        [];
      const [, sum] = / = (-?[\d.]+)/.exec(await textOf(page, 2 - Number(isLinear))) ?? [];
      expect(Number(entry)).toBeCloseTo(Number(sum), 2);
      await expectAccessible(page);
      expect(await cut(page)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await cut(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await screenshot(page, `explain-${name}`);
      await page.close();
    },
  );

  it('goes to the output whose square is clicked, and on by the keys', async () => {
    const { page } = await explain('fc1');
    await page.locator('#output canvas').click({ position: { x: 5 * 18 + 9, y: 18 + 9 } });
    expect(await page.locator('#filter').inputValue()).toBe('25');
    await page.locator('body').press('ArrowLeft');
    expect(await page.locator('#filter').inputValue()).toBe('24');
    expect((await titles(page))[0]).toBe('1. Every input times its weight to output 24');
    // Behind the last of 84 squares there is none.
    await page.locator('#output canvas').click({ position: { x: 19 * 18 + 9, y: 4 * 18 + 9 } });
    expect(await page.locator('#filter').inputValue()).toBe('24');
    await page.close();
  });

  it('goes to the place of a window that is clicked, and keeps open what was opened', async () => {
    const { page } = await explain('conv2');
    await page.locator('#output canvas').click({ position: { x: 3 * 22 + 5, y: 6 * 22 + 5 } });
    expect([await page.getByLabel('Row').inputValue(), await page.getByLabel('Column').inputValue()]).toEqual(
      ['6', '3'],
    );
    const opened = page.locator('details[open]');
    const before = await opened.count();
    await page.locator('details:not([open]) summary').first().click();
    await page.locator('body').press('ArrowUp');
    expect(await page.getByLabel('Row').inputValue()).toBe('5');
    expect(await opened.count()).toBeGreaterThanOrEqual(before);
    await page.close();
  });
});
