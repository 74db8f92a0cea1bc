/** `rownet explain`: the article's computation of one layer, with the numbers of one image. */
import { digitTensor } from '../../data/digit-input.js';
import { softmax } from '../../engines/mistakes.js';
import { explainableLayers, explainedWith, explainLayer } from '../../explain/explanation.js';
import { writeFileAtomic } from '../../formats/atomic-file.js';
import { prepareDigit } from '../../images/digit.js';
import { LeNet5 } from '../../nets/lenet5.js';
import type { Net } from '../../nets/net.js';
import { recipes } from '../../training/recipes.js';
import { UsageError } from '../exit.js';
import { describeExplanation, strongest } from '../explain-text.js';
import { checkpointOption } from '../newest-run.js';
import type { OptionsOf } from '../options.js';
import { print } from '../output.js';
import { printable } from '../printable.js';
import { defaultPreparation, readInput } from '../recognise.js';
import { namedPreparation, openSavedNet, type SavedNet } from '../saved-net.js';

type NetToExplain = Omit<SavedNet, 'checkpoint' | 'preparation'>;

export async function explain(image: string | undefined, options: OptionsOf<'explain'>): Promise<void> {
  const saved: NetToExplain =
    options.checkpoint === undefined
      ? newNet(options.recipe)
      : openSavedNet('explain', await checkpointOption('explain', options.checkpoint), options.recipe);
  const { net, recipe } = saved;
  const name = options.layer ?? 'conv1';
  checkLayer(net, name);
  const x =
    image === undefined
      ? digitTensor(builtInDigit(), { ...recipe, size: net.inputShape[1] })
      : readInput(image, saved, defaultPreparation(saved)).tensor;
  const probabilities = softmax(net.predict(x).data);
  const [taken, second = taken] = probabilities
    .map((_, index) => index)
    .sort((a, b) => probabilities[b] - probabilities[a]);
  const label = options.label ?? second;
  if (label >= saved.classes) {
    throw new UsageError(`explain: --label: expected a class below ${saved.classes} but received ${label}`);
  }
  const explanation = explainLayer(net, name, x, label);
  const filters = explanation.outputShape[0];
  if (options.filter !== undefined && options.filter >= filters) {
    throw new UsageError(
      `explain: --filter: expected one below ${filters}, those of ${name}, but received ${options.filter}`,
    );
  }
  const start = strongest(explanation, options.filter);
  const subtitle = `${image ?? 'A built-in 7'} in ${saved.file}: taken for ${taken}. Layers ${explanation.layers.join(', ')}.`;
  if (options.html === undefined) {
    for (const line of [printable(subtitle), '', ...describeExplanation(explanation, start)]) print(line);
    return;
  }
  const { explainPage } = await import('../../web/explain-page.js');
  const title = `${net.constructor.name}: ${name} with real numbers`;
  const html = explainPage(explanation, { title, subtitle, label: String(label), start });
  writeFileAtomic(options.html, new TextEncoder().encode(html));
  print(`Written: ${printable(options.html)}`);
}

/** @throws {UsageError} for a name that is none, and for layers that are shown with another one, or not at all. */
function checkLayer(net: Net, name: string): void {
  const known = explainableLayers(net);
  if (known.includes(name)) return;
  const other = explainedWith(net, name);
  const found = net.layer.layers.find((one) => one.name === name);
  const hint =
    other !== undefined
      ? `. Hint: ${name} is explained with ${other}: --layer ${other}`
      : found !== undefined
        ? `. Hint: ${found.layer.toString()} has no weights, and only passes numbers on`
        : '';
  throw new UsageError(`explain: --layer: expected ${known.join(', ')} but received "${name}"${hint}`);
}

/** Nothing learnt yet: the numbers are as real. */
function newNet(name: 'fast' | 'article' = 'fast'): NetToExplain {
  const net = new LeNet5({ seed: 1, init: recipes[name].init });
  return { net, recipe: namedPreparation(name), file: 'a new net', classes: 10, config: undefined };
}

/** A 7 of two strokes. */
function builtInDigit(): Uint8Array {
  const side = 112;
  const distance = (x: number, y: number, [ax, ay]: readonly number[], [bx, by]: readonly number[]) => {
    const [dx, dy] = [bx - ax, by - ay];
    const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(x - ax - t * dx, y - ay - t * dy);
  };
  const grey = Uint8Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    const stroke = Math.min(distance(x, y, [30, 24], [82, 24]), distance(x, y, [82, 24], [46, 90]));
    return Math.round(255 * Math.min(1, Math.max(0, 6 - stroke)));
  });
  return prepareDigit({ width: side, height: side, grey }).pixels;
}
