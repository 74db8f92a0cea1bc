/** Gives trainings their live page, whose code is loaded only where one wants it. */
import { providePage } from './training/observer.js';

providePage(async (options) => {
  const { LivePage } = await import('./web/live-page.js');
  const page = new LivePage(options);
  await page.listen();
  return page;
});
