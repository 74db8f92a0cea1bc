/** `rownet eval`: how good a checkpoint is on the test images. */
import { type Dataset, type DataSource, loadDatasetFitting } from '../../data/datasets.js';
import { absoluteName } from '../../data/registry.js';
import { DataError } from '../../errors.js';
import { setThreads } from '../../kernels.js';
import type { Accuracy } from '../../training/evaluate.js';
import { describeConfusion } from '../terminal/confusion-table.js';
import { measure } from './measure.js';
import { namedOrNewest } from './newest-run.js';
import type { OptionsOf } from '../options/commands.js';
import { grouped, percent, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { loadRunData } from '../../runs/data.js';
import type { OpenedRun } from '../../runs/open-run.js';
import { openNet } from './open-net.js';
import { isYes } from './train/config.js';
import { resolveThreads } from '../options/threads.js';
import { lineWidth } from '../terminal/width.js';

export async function evaluateCheckpoint(run: string | undefined, options: OptionsOf<'eval'>): Promise<void> {
  const saved = await openNet('eval', await namedOrNewest('eval', run), options);
  const { net, normalization, loss, config } = saved;
  setThreads(resolveThreads(options.threads));
  const { test, notes, folder } = loadTestData(saved, options);
  for (const note of notes) process.stderr.write(`note: ${printable(note)}\n`);
  checkClassNames(folder, config?.data.classNames, test.classNames);
  const accuracy = measure('eval', net, test, { normalization, loss });
  const { predictions: _, ...figures } = accuracy;
  if (options.json) printJson(figures);
  else for (const line of describeAccuracy(accuracy, test)) print(line);
}

/** The data of the run, or other data that is prepared alike. */
function loadTestData(saved: OpenedRun, options: OptionsOf<'eval'>): DataSource {
  const { recipe, config, classes } = saved;
  const { data, limit, transpose, skipEmptyClasses, offline = false } = options;
  const given = {
    classes,
    offline,
    ...(limit === undefined ? {} : { limit }),
    ...(transpose === undefined ? {} : { transpose: isYes(transpose) }),
    ...(skipEmptyClasses === undefined ? {} : { skipEmptyClasses }),
  };
  if (data === undefined && config !== undefined && options.recipe === undefined) {
    return loadRunData({ ...config, data: { ...config.data, limit: null } }, given);
  }
  const name = data === undefined && config !== undefined ? config.data.name : absoluteName(data ?? 'mnist');
  // Other pictures lie as those of the training did.
  const turned = config?.data.transpose === undefined ? {} : { transpose: config.data.transpose };
  return loadDatasetFitting(name, recipe.resize, { preparation: saved.preparation, ...turned, ...given });
}

/** @throws {DataError} when the classes of the folder are not those that the net was trained on. */
function checkClassNames(
  data: string,
  trained: readonly string[] | undefined,
  found: readonly string[] | undefined,
): void {
  if (trained === undefined || found === undefined || String(trained) === String(found)) return;
  throw new DataError(
    `eval: ${data}: expected the classes ${trained.join(', ')} but received ${found.join(', ')}. ` +
      'Hint: the net was trained on those',
  );
}

function describeAccuracy(
  { images, loss, accuracy, confusion }: Required<Accuracy>,
  { name, classNames }: Dataset,
): string[] {
  return [
    `${percent(accuracy)} of ${grouped(images)} test images of ${printable(name)} are recognised; mean loss ${loss.toFixed(4)}`,
    '',
    ...describeConfusion(confusion, classNames, lineWidth(process.stdout)),
  ];
}
