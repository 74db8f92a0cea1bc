/** The best parameters of a training so far, and when it stops for want of better ones. */
import { ArgumentRangeError, ArgumentTypeError } from '../errors.js';
import { checkInteger, checkObject } from '../kernels/checks.js';
import type { Tensor } from '../tensor.js';
import { valueText } from '../tensor.js';
import type { EpochRecord } from './epoch-record.js';

/** A figure of an epoch: the higher accuracy or the lower loss is better. */
export type BestMeasure = 'testAccuracy' | 'testLoss' | 'loss';

/** What net and figures were after the best epoch so far. */
export interface BestEpoch {
  readonly measure: BestMeasure;
  /** From 1; the first of equal ones. */
  readonly epoch: number;
  /** Steps that were complete then, over all epochs. */
  readonly step: number;
  /** Of the measure. */
  readonly value: number;
  /** Parameters and buffers by name, as `net.getParams()` gave them. */
  readonly params: Map<string, Tensor>;
}

const measures: readonly BestMeasure[] = ['testAccuracy', 'testLoss', 'loss'];

/** @throws {ArgumentRangeError} for what is no measure. */
export function checkMeasure(where: string, measure: BestMeasure): void {
  if (measures.includes(measure)) return;
  const expected = measures.map((one) => `'${one}'`).join(' or ');
  throw new ArgumentRangeError(`${where}: expected ${expected} but received ${valueText(measure)}`);
}

/** @throws {TypeError | RangeError} naming what of a stored epoch no training gives. */
export function checkBest(where: string, best: BestEpoch): void {
  checkObject(where, 'what trainer.best is', best);
  checkMeasure(`${where}: measure`, best.measure);
  checkInteger(where, 'epoch', best.epoch, 1, Number.MAX_SAFE_INTEGER);
  checkInteger(where, 'step', best.step, 1, Number.MAX_SAFE_INTEGER);
  const { value } = best;
  if (Number.isFinite(value) && value >= 0) return;
  throw new ArgumentRangeError(
    `${where}: expected value to be a finite number from 0 but received ${valueText(value)}`,
  );
}

/** Whether a figure is better than another. */
function isBetter(measure: BestMeasure, value: number, than: number): boolean {
  return measure === 'testAccuracy' ? value > than : value < than;
}

/**
 * Whether an epoch is better than the best so far: then its value.
 * @throws {ArgumentTypeError} for an epoch without the figure.
 */
export function betterValue(
  measure: BestMeasure,
  record: EpochRecord,
  best: BestEpoch | undefined,
): number | undefined {
  const value = record[measure];
  if (value === undefined) {
    throw new ArgumentTypeError(
      `Trainer.fit: keepBest: expected epochs with ${measure} but received one without. ` +
        "Hint: keepBest: 'testLoss'",
    );
  }
  return best === undefined || isBetter(measure, value, best.value) ? value : undefined;
}

/** Why a training that has completed `epoch` epochs stops early; undefined where it goes on. */
export function earlyStop(
  best: BestEpoch | undefined,
  epoch: number,
  patience: number | undefined,
): string | undefined {
  if (best === undefined || patience === undefined || epoch - best.epoch < patience) return undefined;
  const { measure, value } = best;
  const epochs = `${epoch - best.epoch} ${epoch - best.epoch === 1 ? 'epoch' : 'epochs'}`;
  return `${measure} has not improved for ${epochs}: the best is ${value.toPrecision(4)}, after epoch ${best.epoch}`;
}
