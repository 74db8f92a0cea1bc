/** The page of a training that wants one. Its code is loaded only then. */
import type { LiveOptions, LivePage } from '../web/live-page.js';

/** @param wanted true and options: a new page, which is served from now on. A page: that one, served by who made it. */
export async function openPage(wanted: true | LiveOptions | LivePage): Promise<LivePage> {
  const { LivePage } = await import('../web/live-page.js');
  if (wanted instanceof LivePage) return wanted;
  const page = new LivePage(wanted === true ? {} : wanted);
  await page.listen();
  return page;
}
