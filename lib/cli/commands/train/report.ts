/** What `train` tells: lines for people, events for programs. */
import type { DataSource } from '../../../data/datasets.js';
import { articleSecondsPerEpoch, besideArticle } from '../../../plots/article.js';
import { grouped, percent } from '../../terminal/output.js';
import { printable } from '../../terminal/printable.js';
import { duration } from '../../terminal/progress.js';
import { netTitle, type RunConfig } from '../../../runs/config.js';
import type { EpochMetrics } from '../../../runs/metrics.js';
import type { Durable, Position } from '../../../runs/save-run.js';
import { recipeChanges } from '../../../runs/recipe-changes.js';
import { packageVersion } from '../../../version.js';
import { fitLine, shorterLines, wrapWords } from '../../terminal/width.js';

export interface RunFacts {
  readonly config: RunConfig;
  readonly isa: string;
  readonly threads: number;
  readonly engine: string;
  readonly images: number;
  readonly testImages: number;
  readonly source: Pick<DataSource, 'preparation' | 'notes' | 'skipped'>;
  readonly parameters: number;
  readonly out: string;
  /** What a continued run has behind it. */
  readonly resumed?: Position;
}

/** `epoch 2`, or `epoch 3, step 14` when the third is under way. */
export function describePosition({ epoch, partialEpoch }: Position): string {
  return partialEpoch === undefined ? `epoch ${epoch}` : `epoch ${epoch + 1}, step ${partialEpoch.steps}`;
}

export function startEvent(facts: RunFacts): object {
  const { config, resumed, ...rest } = facts;
  const changes = recipeChanges(config);
  return {
    event: 'start',
    rownet: packageVersion(),
    node: process.version,
    isa: rest.isa,
    threads: rest.threads,
    engine: rest.engine,
    ...(config.net === 'lenet5' ? {} : { net: netTitle(config) }),
    recipe: config.recipe.name,
    ...(changes.length === 0 ? {} : { changes }),
    seed: config.seed,
    batchSize: config.recipe.batchSize,
    lr: config.recipe.optimizer.lr,
    epochs: config.recipe.epochs,
    data: config.data.name,
    images: rest.images,
    testImages: rest.testImages,
    size: rest.source.preparation.size,
    resize: rest.source.preparation.resize,
    skipped: rest.source.skipped,
    notes: rest.source.notes,
    parameters: rest.parameters,
    out: rest.out,
    ...(resumed === undefined ? {} : { resumedFrom: resumed.epoch, resumedStep: resumed.step }),
  };
}

/** `step` counts over all epochs; `epoch` those that are complete. */
export function durableEvent({ generation, epoch, step, file }: Durable): object {
  return { event: 'durable', generation, epoch, step, file };
}

export interface DoneFacts {
  readonly checkpoint: string;
  readonly epochs: number;
  readonly testImages: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  /** Median; null when every epoch had been trained before. */
  readonly secondsPerEpoch: number | null;
  /** That of the last epoch. */
  readonly warning: string | null;
}

export function doneEvent(facts: DoneFacts): object {
  return { event: 'done', ...facts, articleSecondsPerEpoch };
}

/** Sentences, which a terminal of fewer columns than they take gets wrapped at words. */
export function describeStart(facts: RunFacts, columns = Number.POSITIVE_INFINITY): string[] {
  const { config, resumed } = facts;
  const { name, epochs, batchSize } = config.recipe;
  const lines = [
    `${netTitle(config)} with ${grouped(facts.parameters)} parameters, recipe ${[name, ...recipeChanges(config)].join(' + ')}, seed ${config.seed}: ` +
      `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} of ${grouped(facts.images)} images in batches of ${batchSize}`,
    `rownet ${packageVersion()}, ${facts.isa}, ${facts.threads} ${facts.threads === 1 ? 'thread' : 'threads'}, engine ${facts.engine}`,
  ];
  if (resumed !== undefined)
    lines.push(`Continues ${printable(facts.out)} after ${describePosition(resumed)}`);
  return lines.flatMap((line) => wrapWords(line, columns));
}

/** What does not fit into `columns` is left out: the article first, then the time. */
export function describeEpoch(
  metrics: EpochMetrics,
  epochs: number,
  images: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { epoch, seconds, loss, trainAccuracy, testAccuracy } = metrics;
  const [all, ...shorter] = shorterLines([
    { text: `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`, rank: 0 },
    { text: `loss ${loss.toFixed(4)}`, rank: 2 },
    ...(trainAccuracy === undefined ? [] : [{ text: `train ${percent(trainAccuracy)}`, rank: 3 }]),
    ...(testAccuracy === undefined ? [] : [{ text: `test ${percent(testAccuracy)}`, rank: 1 }]),
    { text: `${seconds.toFixed(2)} s`, rank: 4 },
  ]);
  return fitLine([`${all}${besideArticle(seconds, images)}`, all, ...shorter], columns);
}

/** Of a whole command. */
export interface TotalTime {
  readonly seconds: number;
  /** Of them those that the live page held the training. */
  readonly held: number;
}

/** The last line is the run folder; the others are wrapped as those of `describeStart`. */
export function describeEnd(
  facts: DoneFacts,
  folder: string,
  images: number,
  total: TotalTime,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const { testAccuracy, testImages, secondsPerEpoch } = facts;
  const lines = [`${percent(testAccuracy)} of the ${grouped(testImages)} test images are recognised`];
  if (secondsPerEpoch !== null) {
    const ratio = besideArticle(secondsPerEpoch, images);
    const held = total.held < 1 ? '' : `, ${duration(total.held)} of it held by the live page`;
    lines.push(
      `${secondsPerEpoch.toFixed(2)} s an epoch in the median${ratio}; ` +
        `${duration(total.seconds)} in all${held}`,
    );
  }
  return [...lines.flatMap((line) => wrapWords(line, columns)), `Run folder: ${printable(folder)}`];
}
