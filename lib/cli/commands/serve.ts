/** `rownet serve`: a page on which digits are drawn and recognised. */
import { startDrawPage } from '../../web/draw-page.js';
import { namedOrNewest } from '../newest-run.js';
import type { OptionsOf } from '../options.js';
import { print, printJson } from '../output.js';
import { openSavedNet } from '../saved-net.js';
import { serveUntilStopped } from '../until-stopped.js';

export async function serve(run: string | undefined, options: OptionsOf<'serve'>): Promise<void> {
  const { file, net, recipe, config } = openSavedNet(
    'serve',
    await namedOrNewest('serve', run),
    options.recipe,
  );
  await serveUntilStopped(async () => {
    const page = await startDrawPage({
      net,
      resize: recipe.resize,
      normalization: recipe.normalization,
      title: file,
      classNames: config?.data.classNames,
      port: options.port ?? 0,
    });
    if (options.json) printJson({ event: 'serve', url: page.url });
    else print(`Draw a digit: ${page.url}`);
    process.stderr.write('Ctrl-C ends it.\n');
    return page;
  });
}
