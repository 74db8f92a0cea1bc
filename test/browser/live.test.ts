/** The live page in a browser, during a real training by the command line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, rownet, temporaryFolder, writeIdxFolder } from '../support/cli.js';
import { expectAccessible, hasBrowser, inBrowser, launch, open, screenshot } from './browser.js';

const folder = temporaryFolder();
const children: ChildProcess[] = [];
let browser: Browser;
beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await launch();
  writeIdxFolder(folder.join('bars'), 2000, 500);
  const earlier = ['train', '--data', 'bars', '--epochs', '2', '--quiet', '--out', 'runs/earlier'];
  expect((await rownet(earlier, { cwd: folder.path })).code).toBe(0);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await browser?.close();
});

/** Starts a command and gives the address that it prints. */
async function start(
  args: readonly string[],
): Promise<{ url: string; child: ChildProcess; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [bin, ...args, '--json'], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ROWNET_NUM_THREADS: '1' },
  });
  children.push(child);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const found = /"event":"live","url":"([^"]+)"/.exec(text);
      if (found !== null) resolve(found[1]);
    });
    child.once('exit', () => reject(new Error(`expected an address but the program printed ${text}`)));
  });
  return { url, child, ended };
}

describe.skipIf(!hasBrowser)(inBrowser('the page of a training'), { timeout: 180_000 }, () => {
  it('shows it while it runs, and stays until it is closed', async () => {
    const { url, child, ended } = await start([
      'train',
      '--data',
      'bars',
      '--epochs',
      '1000',
      '--out',
      'runs/live',
      '--live',
    ]);
    const { page, complaints } = await open(browser, url);
    await page.locator('#status', { hasText: /^Training: epoch \d+ of 1000, step \d+ of 32$/ }).waitFor();
    await page.locator('#confusion table').waitFor();
    expect(await page.locator('#title').textContent()).toBe('LeNet5, recipe fast, bars, seed 1');
    expect(await page.locator('#figures').textContent()).toMatch(
      /training loss[\d.]+mean of epoch \d+( so far)?test accuracy.*seconds an epoch[\d.]+$/,
    );
    expect(await page.locator('#filters canvas').count()).toBe(6);
    expect(await page.locator('#maps canvas').count()).toBe(6 + 16);
    expect(await page.locator('#confusion tbody tr').count()).toBe(10);
    expect(await page.locator('#probabilities meter').count()).toBe(10);
    expect(await page.locator('#curves polyline').count()).toBeGreaterThanOrEqual(2);

    // Filters change as it learns.
    const pixels = () => page.evaluate("document.querySelector('#filters canvas').toDataURL()");
    const before = await pixels();
    await expect.poll(pixels, { timeout: 20_000 }).not.toBe(before);

    await page.locator('#pause').click();
    await page.locator('#status', { hasText: 'Paused' }).waitFor();
    const standing = await page.locator('#status').textContent();
    await expectAccessible(page);
    await page.waitForTimeout(300);
    expect(await page.locator('#status').textContent()).toBe(standing);

    const digit = await page.locator('#digit figcaption').textContent();
    await page.locator('#next').click();
    await page.locator('#digit figcaption', { hasNotText: digit ?? '' }).waitFor();

    const lines = await page.locator('#curves polyline').count();
    await page.getByLabel('earlier').check();
    await expect.poll(() => page.locator('#curves polyline').count(), { timeout: 20_000 }).toBe(lines + 2);
    expect(await page.locator('#curves-note').textContent()).toMatch(
      /^train: the mean of each epoch, while the net changes\. test: all 500 test images, after each epoch\. runs:/,
    );
    await screenshot(page, 'live');

    // A lost connection is taken up again, with everything there was.
    await page.reload();
    await page.locator('#status', { hasText: 'Paused' }).waitFor();
    await page.locator('#confusion table').waitFor();

    await page.getByLabel('Speed').selectOption('10');
    await page.locator('#pause').press('Enter');
    await page.locator('#status', { hasText: 'Training' }).waitFor();
    child.kill('SIGINT');
    await page.locator('#status', { hasText: 'Stopped' }).waitFor();
    expect(complaints.filter((text) => !text.includes('ERR_CONNECTION'))).toEqual([]);
    await page.close();
    expect(await ended).toBe(130);
  });

  it('that has ended stays as it is', async () => {
    const { url, ended } = await start([
      'train',
      '--data',
      'bars',
      '--epochs',
      '40',
      '--out',
      'runs/short',
      '--live',
    ]);
    const { page } = await open(browser, url, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
    await page.locator('#status', { hasText: /^Finished/ }).waitFor();
    await page.locator('#mistakes', { hasText: 'None' }).waitFor();
    await expectAccessible(page);
    await screenshot(page, 'live-phone-dark');
    // Nothing sticks out of a narrow window.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.close();
    expect(await ended).toBe(0);
  });

  it('compares finished runs without one', async () => {
    const { url, child, ended } = await start(['runs', 'runs', '--live']);
    const { page, complaints } = await open(browser, url);
    await page.locator('#status', { hasText: 'Choose runs to compare' }).waitFor();
    const lines = page.locator('#curves polyline');
    await page.getByLabel('earlier').check();
    await expect.poll(() => page.locator('#curves text', { hasText: 'earlier' }).count()).toBe(2);
    expect(await lines.count()).toBeGreaterThanOrEqual(2);

    // Nothing of a training that there is not.
    for (const id of ['#controls', '#pause', '#speed', '#figures', '#filters', '#confusion', '#next']) {
      expect(await page.locator(id).isVisible(), id).toBe(false);
    }
    expect(await page.locator('section:visible').count()).toBe(1);
    await expectAccessible(page);

    // The values under the pointer.
    await page
      .locator('#curves svg.chart')
      .first()
      .hover({ position: { x: 85, y: 100 } });
    const tip = page.locator('#curves .tip');
    await tip.waitFor();
    expect(await tip.textContent()).toMatch(/^epoch 1.*\d {2}earlier$/);
    await screenshot(page, 'compare');
    await page.mouse.move(0, 0);
    await expect.poll(() => tip.isVisible()).toBe(false);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await screenshot(page, 'compare-phone');

    const before = await lines.count();
    await page.getByLabel('earlier').uncheck();
    await expect.poll(() => lines.count()).toBe(before - 2);
    expect(complaints).toEqual([]);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('of a run that has ended is a report, whole on a phone too', async () => {
    expect((await rownet(['report', 'runs/earlier'], { cwd: folder.path })).code).toBe(0);
    const url = pathToFileURL(folder.join('runs', 'earlier', 'report.html')).href;
    const { page, complaints } = await open(browser, url, { viewport: { width: 390, height: 844 } });
    await page.locator('summary').click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await page.locator('svg.chart').count()).toBe(2);
    expect(await page.locator('.charts').locator('..').locator('p').textContent()).toBe(
      'train: the mean of an epoch, while the net changes. test: after the epoch.',
    );
    expect(await page.locator('circle.hit title', { hasText: /^test, epoch 2: / }).count()).toBe(2);
    await expectAccessible(page);
    await screenshot(page, 'report-phone');
    expect(complaints).toEqual([]);
    await page.close();
  });
});
