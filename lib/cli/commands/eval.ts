/** `rownet eval`: how good a checkpoint is on the test images. */
import { type Dataset, loadDataset } from '../../data/datasets.js';
import { type Checkpoint, loadCheckpoint } from '../../formats/checkpoint.js';
import { setThreads } from '../../kernels.js';
import { LeNet5 } from '../../nets/lenet5.js';
import { type Accuracy, computeAccuracy } from '../../training/evaluate.js';
import { type Recipe, recipes } from '../../training/recipes.js';
import { UsageError } from '../exit.js';
import type { OptionsOf } from '../options.js';
import { grouped, paint, percent, print, printJson } from '../output.js';
import { dataName, parseRunConfig } from '../run-config.js';
import { restoreParams } from '../saved-net.js';
import { formatTable } from '../table.js';
import { resolveThreads } from '../threads.js';
import { checkpointFile } from '../train-plan.js';

export async function evaluateCheckpoint(path: string, options: OptionsOf<'eval'>): Promise<void> {
  const file = checkpointFile(path);
  const checkpoint = loadCheckpoint(file);
  const { recipe, data } = preparation(checkpoint, options, file);
  setThreads(resolveThreads(options.threads));
  const { limit } = options;
  const { test } = loadDataset(data, { resize: recipe.resize, ...(limit === undefined ? {} : { limit }) });
  const net = new LeNet5({ classes: test.classes });
  restoreParams(net, checkpoint, file);
  const accuracy = computeAccuracy(net, test, { normalization: recipe.normalization });
  if (options.json) printJson(accuracy);
  else for (const line of describeAccuracy(accuracy, test)) print(line);
}

/** How the images are prepared and where they are: as in the training, unless options say otherwise. */
function preparation(
  { config }: Checkpoint,
  options: OptionsOf<'eval'>,
  file: string,
): { readonly recipe: Recipe; readonly data: string } {
  if (Object.keys(config).length === 0) {
    if (options.recipe !== undefined) {
      return { recipe: recipes[options.recipe], data: dataName(options.data) };
    }
    throw new UsageError(
      `eval: ${file} holds parameters alone: expected --recipe, which says how images are prepared for them. ` +
        'Hint: --recipe fast or --recipe article',
    );
  }
  const stored = parseRunConfig(config, file);
  return {
    recipe: options.recipe === undefined ? stored.recipe : recipes[options.recipe],
    data: options.data === undefined ? stored.data.name : dataName(options.data),
  };
}

function describeAccuracy({ images, loss, accuracy, confusion }: Accuracy, { name }: Dataset): string[] {
  const classes = confusion.map((_, label) => String(label));
  const rows = confusion.map((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const counts = row.map((count) => (count === 0 ? '.' : String(count)));
    return [String(label), ...counts, String(total), total === 0 ? '-' : percent(row[label] / total)];
  });
  const table = formatTable([['label', ...classes, 'images', 'accuracy'], ...rows], (text, row, column) => {
    if (row === 0) return paint('dim', text, process.stdout);
    if (column === row) return paint('green', text, process.stdout);
    if (column === 0 || column > classes.length) return text;
    return paint(text.trim() === '.' ? 'dim' : 'red', text, process.stdout);
  });
  return [
    `${percent(accuracy)} of ${grouped(images)} test images of ${name} are recognised; mean loss ${loss.toFixed(4)}`,
    '',
    'Rows: what the images show. Columns: what they are taken for.',
    ...table,
  ];
}
