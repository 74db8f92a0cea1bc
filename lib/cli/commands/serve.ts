/** `rownet serve`: a page on which digits and other pictures are drawn, opened and recognised. */
import { startDrawPage } from '../../web/draw-page.js';
import { namedOrNewest } from './newest-run.js';
import type { OptionsOf } from '../options/commands.js';
import { print, printJson } from '../terminal/output.js';
import { Recognizer } from '../../runs/recognizer.js';
import { openNet } from './open-net.js';
import { serveUntilStopped } from '../terminal/until-stopped.js';

export async function serve(run: string | undefined, options: OptionsOf<'serve'>): Promise<void> {
  const opened = await openNet('serve', await namedOrNewest('serve', run), options);
  const { file, classNames } = opened;
  const recognizer = new Recognizer(opened, options.prepare);
  await serveUntilStopped(async () => {
    const page = await startDrawPage({ recognizer, title: file, classNames, port: options.port ?? 0 });
    if (options.json) printJson({ event: 'serve', url: page.url });
    else print(`Draw a ${recognizer.preparation.prepare === 'digit' ? 'digit' : 'picture'}: ${page.url}`);
    process.stderr.write('Ctrl-C ends it.\n');
    return page;
  });
}
