/** `rownet report`: a run as one HTML file, and its curves as SVG and PNG. */
import { join } from 'node:path';
import type { DataSource } from '../../data/datasets.js';
import { worstMistakes } from '../../engines/mistakes.js';
import { DataError } from '../../errors.js';
import { statsOf } from '../../files.js';
import { writeFileAtomic } from '../../formats/atomic-file.js';
import { setThreads } from '../../kernels.js';
import { curvesSvg } from '../../plots/curves.js';
import { netTitle, type RunConfig, runTitle } from '../../runs/config.js';
import { loadRunData } from '../../runs/data.js';
import { RunFolder } from '../../runs/folder.js';
import type { OpenedRun } from '../../runs/open-run.js';
import { checkpointFile } from '../../runs/path.js';
import { sizeOf } from '../../tensor.js';
import { computeAccuracy } from '../../training/evaluate.js';
import { firstFilters } from '../../web/layer-pictures.js';
import { type ReportedTest, type ReportFacts, reportPage } from '../../web/report-page.js';
import { UsageError } from '../exit.js';
import type { OptionsOf } from '../options/commands.js';
import { resolveThreads } from '../options/threads.js';
import { print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { namedOrNewest } from './newest-run.js';
import { openNet } from './open-net.js';
import { pngDataUri, svgToPng } from './png.js';

const mostMistakes = 24;

export async function report(run: string | undefined, options: OptionsOf<'report'>): Promise<void> {
  const path = await namedOrNewest('report', run);
  // What is no run either says so here.
  const file = checkpointFile(path);
  if (!statsOf(path)?.isDirectory()) {
    throw new UsageError(
      `report: expected a run folder but received the file ${file}. Hint: give the folder; "rownet runs" lists them`,
    );
  }
  setThreads(resolveThreads(options.threads));
  const folder = new RunFolder(path);
  const saved = await openNet('report', path, { net: options.net, weights: options.weights });
  // Only a file of parameters alone has none, and that is no run.
  const config = saved.config as RunConfig;
  const epochs = folder.readMetrics(saved.epoch);
  const { test, missing, source } = await evaluate(saved, config);
  const title = runTitle(config);
  const warning = epochs.at(-1)?.warning;
  const html = reportPage({
    title,
    summary: saved.net.toString(),
    epochs,
    test,
    ...(missing === undefined ? {} : { missing }),
    ...(warning === undefined ? {} : { warning }),
    isLenet5: config.net === 'lenet5',
    ...filterPictures(saved),
    details: details(config, folder, source),
  });
  const out = options.out ?? join(path, 'report.html');
  writeFileAtomic(out, new TextEncoder().encode(html));
  const files = [out];
  if (epochs.length > 0) {
    const svg = curvesSvg(title, epochs);
    folder.writeCurves(title, epochs);
    files.push(join(path, 'curves.svg'));
    const png = await svgToPng(svg);
    if (png === undefined) {
      process.stderr.write(
        'report: curves.png is left out: the optional packages that draw it are not installed. ' +
          'Hint: npm install @resvg/resvg-js @expo-google-fonts/abel\n',
      );
    } else {
      files.push(join(path, 'curves.png'));
      writeFileAtomic(join(path, 'curves.png'), png);
    }
  }
  if (options.json) printJson({ event: 'report', files });
  else for (const file of files) print(`Written: ${printable(file)}`);
}

/** On the test images of the run, where they are still to be had. */
async function evaluate(
  { net, normalization, loss: criterion, classes }: OpenedRun,
  config: RunConfig,
): Promise<{ test: ReportedTest | undefined; missing?: string; source?: DataSource }> {
  let source: DataSource;
  try {
    source = loadRunData(config, { classes });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { test: undefined, missing: `The test images could not be read: ${error.message}` };
  }
  const { test } = source;
  const { images, loss, accuracy, confusion, predictions } = computeAccuracy(net, test, {
    normalization,
    loss: criterion,
  });
  const classNames = confusion.map((_, label) => test.classNames?.[label] ?? String(label));
  const [, height, width] = test.shape;
  const size = sizeOf(test.shape);
  const found = worstMistakes(net, test, { normalization, predictions, count: mostMistakes });
  const mistakes = found.map(({ index, label, predicted, confidence }) => {
    const pixels = test.images.subarray(index * size, (index + 1) * size);
    const share = `${(100 * confidence).toFixed(1)} %`;
    return {
      png: pngDataUri(pixels, width, height),
      caption: `${classNames[label]}, taken for ${classNames[predicted]} (${share})`,
      width,
      height,
      label,
      predicted,
      confidence,
    };
  });
  return { test: { images, loss, accuracy, confusion, classNames, mistakes }, source };
}

function filterPictures({ net }: OpenedRun): Pick<ReportFacts, 'filters' | 'filtersText'> {
  const found = firstFilters(net);
  if (found === undefined) return { filters: [], filtersText: '' };
  const { name, layer, count, width, height } = found;
  const bytes = new Uint8Array(Buffer.from(found.bytes, 'base64'));
  const filters = Array.from({ length: count }, (_, i) => ({
    png: pngDataUri(bytes.subarray(i * width * height, (i + 1) * width * height), width, height, true),
    caption: `${name}, filter ${i}`,
    width,
    height,
  }));
  return { filters, filtersText: layer };
}

/** What the run was, for those who want to repeat it. */
function details(
  config: RunConfig,
  folder: RunFolder,
  source: DataSource | undefined,
): Record<string, Record<string, string>> {
  const { recipe, seed, engine, data, rownet, netOptions = {} } = config;
  const { dropout } = netOptions;
  const net = {
    net: netTitle(config),
    ...(dropout === undefined ? {} : { dropout }),
    ...config.settings,
  };
  const { optimizer, normalization, ...settings } = recipe;
  const limit = data.limit === null ? 'all images' : `the first ${data.limit} of each split`;
  const machine = folder.readMachine();
  return {
    Configuration: texts({ rownet, ...net, seed, engine, ...settings, ...optimizer, ...normalization }),
    'Data, SHA-256 of the unpacked files': texts({
      name: data.name,
      used: limit,
      ...(source === undefined ? {} : { folder: source.folder }),
      ...data.sha256,
    }),
    'Machine of the training': machine === undefined ? { machine: 'not recorded' } : texts(machine),
  };
}

function texts(values: object): Record<string, string> {
  // What the files of a run hold may be of any form.
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? 'none' : text(value)]),
  );
}
