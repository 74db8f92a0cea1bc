/** A line of metrics.jsonl, and what makes one that can be relied on. */
import type { CurvePoint } from '../plots/curves.js';
import type { EpochRecord } from '../training/epoch-record.js';

/** A line of metrics.jsonl. Accuracies are shares, losses means per image. */
export interface EpochMetrics extends CurvePoint {
  /** Of the training pass alone. */
  readonly seconds: number;
  /** Of the last step. */
  readonly lr: number;
  readonly imagesPerSecond: number;
  /** As in `EpochRecord`. */
  readonly averagedTestLoss?: number;
  readonly averagedTestAccuracy?: number;
  readonly earlyStop?: string;
  readonly warning?: string;
}

const LINE_FEED = 0x0a;

/** What is kept and reported of an epoch. */
export function epochMetrics(record: EpochRecord): EpochMetrics {
  const { epoch, seconds, loss, trainAccuracy, testLoss, testAccuracy, lr, imagesPerSecond, warning } =
    record;
  const figures = { epoch, seconds, loss, trainAccuracy, testLoss, testAccuracy, lr, imagesPerSecond };
  const { averagedTestLoss, averagedTestAccuracy, earlyStop } = record;
  return {
    ...figures,
    ...(averagedTestLoss === undefined ? {} : { averagedTestLoss }),
    ...(averagedTestAccuracy === undefined ? {} : { averagedTestAccuracy }),
    ...(earlyStop === undefined ? {} : { earlyStop }),
    ...(warning === undefined ? {} : { warning }),
  };
}

/** The metrics of epochs 1 to `epoch`, the last line of each; lines that are past it, cut or damaged are left out. */
export function parseMetrics(bytes: Uint8Array, epoch: number): EpochMetrics[] {
  const lines = [...linesOf(bytes)]
    .map(parseLine)
    .filter((metrics): metrics is EpochMetrics => metrics !== undefined && metrics.epoch <= epoch);
  return [...new Map(lines.map((metrics) => [metrics.epoch, metrics])).values()].sort(
    (a, b) => a.epoch - b.epoch,
  );
}

/** Lines that hold something: a file may be all line breaks. A byte order mark is none of the first one. */
function* linesOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  for (let begin = 0; begin < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, begin);
    const end = found < 0 ? bytes.length : found;
    if (end > begin) yield decoder.decode(bytes.subarray(begin, end));
    begin = end + 1;
  }
}

function parseLine(line: string): EpochMetrics | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && isSound(value as EpochMetrics)
    ? (value as EpochMetrics)
    : undefined;
}

/** Whether all that is shown or computed with is a number, and one that there can be. */
function isSound(metrics: EpochMetrics): boolean {
  const {
    epoch,
    seconds,
    loss,
    trainAccuracy = 0,
    testLoss = 0,
    testAccuracy = 0,
    averagedTestLoss = 0,
    averagedTestAccuracy = 0,
    earlyStop = '',
    lr,
    imagesPerSecond = 0,
    warning = '',
  } = metrics;
  return (
    typeof warning === 'string' &&
    typeof earlyStop === 'string' &&
    Number.isSafeInteger(epoch) &&
    epoch > 0 &&
    [seconds, loss, testLoss, averagedTestLoss, lr, imagesPerSecond].every(
      (value) => Number.isFinite(value) && value >= 0,
    ) &&
    [trainAccuracy, testAccuracy, averagedTestAccuracy].every(
      (share) => Number.isFinite(share) && share >= 0 && share <= 1,
    )
  );
}
