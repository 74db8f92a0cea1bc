/** `rownet explain`: the article's computation of one layer, with the numbers of one image. */
import {
  explainableLayers,
  explainedWith,
  explainLayer,
  unexplainedLayers,
} from '../../explain/explanation.js';
import { writeFileAtomic } from '../../formats/atomic-file.js';
import { readImageFile } from '../../images/decode.js';
import type { GreyImage } from '../../images/limits.js';
import { lenet5Side } from '../../nets/lenet5.js';
import type { Net } from '../../nets/net.js';
import { recipePreparation } from '../../runs/data.js';
import { namedPreparation, OpenedRun } from '../../runs/open-run.js';
import { Recognizer } from '../../runs/recognizer.js';
import { recipes } from '../../training/recipes.js';
import { UsageError } from '../exit.js';
import type { OptionsOf } from '../options/commands.js';
import { print } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { chosenNet, makeNet } from './chosen-net.js';
import { describeExplanation, strongest } from './explain-text.js';
import { checkpointOption } from './newest-run.js';
import { openNet } from './open-net.js';

type ExplainOptions = OptionsOf<'explain'>;

export async function explain(image: string | undefined, options: ExplainOptions): Promise<void> {
  const opened =
    options.checkpoint === undefined
      ? await newNet(options)
      : await openNet('explain', await checkpointOption('explain', options.checkpoint), options);
  const { net, classNames } = opened;
  const unexplained = unexplainedLayers(net);
  const name = options.layer ?? explainableLayers(net)[0];
  checkLayer(net, name, unexplained);
  for (const text of unexplained) process.stderr.write(`note: not explained: ${printable(text)}\n`);
  const { kind: loss } = opened.loss;
  if (loss !== 'crossEntropy') {
    process.stderr.write(
      `note: the gradients are those of the cross entropy, the run was trained with ${loss}\n`,
    );
  }
  const { input, probabilities } =
    image === undefined
      ? new Recognizer(opened, net.inputShape[0] === 3 ? 'none' : 'digit').recognise(builtInDigit())
      : new Recognizer(opened, options.prepare).recognise(readImageFile(image), `images: ${image}`);
  const [taken, second = taken] = probabilities
    .map((_, index) => index)
    .sort((a, b) => probabilities[b] - probabilities[a]);
  const label = options.label ?? second;
  if (label >= opened.classes) {
    throw new UsageError(`explain: --label: expected a class below ${opened.classes} but received ${label}`);
  }
  const nameOf = (index: number) => classNames?.[index] ?? String(index);
  const explanation = explainLayer(net, name, input, label);
  const filters = explanation.outputShape[0];
  if (options.filter !== undefined && options.filter >= filters) {
    throw new UsageError(
      `explain: --filter: expected one below ${filters}, those of ${name}, but received ${options.filter}`,
    );
  }
  const labelText = classNames === undefined ? '' : ` Label ${label} is ${nameOf(label)}.`;
  const start = strongest(explanation, options.filter);
  const subtitle = `${image ?? 'A built-in 7'} in ${opened.file}: taken for ${nameOf(taken)}. Layers ${explanation.layers.join(', ')}.${labelText}`;
  if (options.html === undefined) {
    const lines = [subtitle, '', ...describeExplanation(explanation, start, nameOf)];
    for (const line of lines) print(printable(line));
    return;
  }
  const { explainPage } = await import('../../web/explain-page.js');
  const title = `${net.constructor.name}: ${name} with real numbers`;
  const html = explainPage(explanation, { title, subtitle, label: nameOf(label), classNames, start });
  writeFileAtomic(options.html, new TextEncoder().encode(html));
  print(`Written: ${printable(options.html)}`);
}

/** @throws {UsageError} for a name that is none, and for layers that are shown with another one, or not at all. */
function checkLayer(
  net: Net,
  name: string | undefined,
  unexplained: readonly string[],
): asserts name is string {
  const known = explainableLayers(net);
  if (name === undefined) {
    throw new UsageError(
      `explain: expected a net with a convolution or a linear layer to explain but there is none. Hint: ${unexplained.join('; ') || 'take another net'}`,
    );
  }
  if (known.includes(name)) return;
  const other = explainedWith(net, name);
  const found = net.layer.layers.find((one) => one.name === name);
  const reason = unexplained.find((text) => text.startsWith(`${name}: `));
  const hint =
    other !== undefined
      ? `. Hint: ${name} is explained with ${other}: --layer ${other}`
      : reason !== undefined
        ? `. Hint: ${reason}`
        : found !== undefined
          ? `. Hint: ${found.layer.toString()} is not explained by itself`
          : '';
  throw new UsageError(`explain: --layer: expected ${known.join(', ')} but received "${name}"${hint}`);
}

/** Nothing learnt yet: the numbers are as real. */
async function newNet({
  net: kind = 'lenet5',
  size,
  recipe: name = 'fast',
}: ExplainOptions): Promise<OpenedRun> {
  const recipe = namedPreparation(name);
  const chosen = await chosenNet('explain', kind);
  const [height, width] = size ?? chosen.size ?? [lenet5Side, lenet5Side];
  const net = await makeNet('explain', chosen, {
    seed: 1,
    init: recipes[name].init,
    classes: 10,
    inputShape: [1, height, width],
    dropout: undefined,
  });
  return new OpenedRun({
    net,
    recipe,
    preparation: recipePreparation(recipe, net.inputShape),
    file: 'a new net',
  });
}

/** A 7 of two strokes. */
function builtInDigit(): GreyImage {
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
  return { width: side, height: side, grey };
}
