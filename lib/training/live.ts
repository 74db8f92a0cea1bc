/** The page of a training that wants one. Its code is loaded only then. */
import { ArgumentTypeError } from '../errors.js';
import { checkInteger } from '../kernels/checks.js';
import { checkOptions } from '../options.js';
import { typeName } from '../tensor.js';
import type { LiveOptions, LivePage } from '../web/live-page.js';

/** @throws {TypeError | RangeError} naming the option that is wrong; a page has none. */
export function checkLive(live: boolean | LiveOptions | LivePage): void {
  if (typeof live === 'boolean') return;
  const where = 'Trainer: live';
  const options = live as LiveOptions;
  checkOptions(where, options, { port: true, onListen: true, runs: true }, '{ port: 8080 }');
  const { port = 0, onListen, runs } = options;
  checkInteger(where, 'port', port, 0, 65_535);
  for (const [name, value] of Object.entries({ onListen, runs })) {
    if (value === undefined || typeof value === 'function') continue;
    throw new ArgumentTypeError(
      `${where}: expected ${name} to be a function but received ${typeName(value)}`,
    );
  }
}

/** @param wanted true and options: a new page, which is served from now on. A page: that one, served by who made it. */
export async function openPage(wanted: true | LiveOptions | LivePage): Promise<LivePage> {
  const { LivePage } = await import('../web/live-page.js');
  if (wanted instanceof LivePage) return wanted;
  const page = new LivePage(wanted === true ? {} : wanted);
  await page.listen();
  return page;
}
