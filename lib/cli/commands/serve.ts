/** `rownet serve`: a page on which digits are drawn and recognised. */
import { startDrawPage } from '../../web/draw-page.js';
import type { OptionsOf } from '../options.js';
import { print, printJson } from '../output.js';
import { openSavedNet } from '../saved-net.js';
import { listenForStop, stopExitCode } from '../signals.js';

/** Serves until a signal comes; a first SIGINT is the ordinary end. */
export async function serve(path: string, options: OptionsOf<'serve'>): Promise<void> {
  const { file, net, recipe } = openSavedNet('serve', path, options.recipe);
  const stop = listenForStop();
  const page = await startDrawPage({
    net,
    resize: recipe.resize,
    normalization: recipe.normalization,
    title: file,
    port: options.port ?? 0,
  });
  try {
    if (options.json) printJson({ event: 'serve', url: page.url });
    else {
      print(`Draw a digit: ${page.url}`);
      process.stderr.write('Ctrl-C ends it.\n');
    }
    // The server alone does not keep the process alive.
    const alive = setInterval(() => {}, 60_000);
    await new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve();
      stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    clearInterval(alive);
  } finally {
    await page.close();
    stop.dispose();
  }
  const cause = stop.cause();
  const code = cause === undefined ? undefined : stopExitCode(cause);
  if (code !== undefined) process.exitCode = cause === 'SIGINT' ? 0 : code;
}
