/** What `train --tensorboard` writes: an event file with scalars of every epoch, and the loss between them. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writing } from '../../../formats/atomic-file.js';
import { encodeFileVersion, encodeScalars, type ScalarEvent } from '../../../formats/tensorboard.js';
import type { Progress } from '../../../training/epoch-record.js';
import type { EpochMetrics } from '../../../runs/metrics.js';

export interface TensorBoardOptions {
  /** Made if it is not there. */
  readonly folder: string;
  readonly batchSize: number;
  /** In the training data: the last batch may be smaller. */
  readonly images: number;
}

export interface TensorBoard {
  readonly path: string;
  onStep(progress: Progress): void;
  /** Appends what has come together since the last epoch. */
  onEpoch(metrics: EpochMetrics): void;
}

/** Steps whose mean loss makes a point of `loss/step`: a step alone is mostly noise. */
const STEPS_A_POINT = 50;

/**
 * Starts a new event file, also where others are: TensorBoard shows those of a folder as one run.
 * @throws {WriteError} if that fails; so does `onEpoch`.
 */
export function openTensorBoard({ folder, batchSize, images }: TensorBoardOptions): TensorBoard {
  const path = createFile(folder);
  let pending: Uint8Array[] = [];
  /** Images and their summed loss up to the last point of this epoch. */
  let before = { images: 0, loss: 0 };
  const add = (step: number, scalars: ScalarEvent['scalars']) => {
    pending.push(encodeScalars({ wallTime: Date.now() / 1000, step, scalars }));
  };
  return {
    path,
    onStep({ epoch, step, steps, loss }) {
      if (step % STEPS_A_POINT !== 0) return;
      const seen = Math.min(step * batchSize, images);
      const since = (loss * seen - before.loss) / (seen - before.images);
      before = { images: seen, loss: loss * seen };
      add((epoch - 1) * steps + step, { 'loss/step': since });
    },
    onEpoch({ epoch, loss, testLoss, trainAccuracy, testAccuracy, lr, imagesPerSecond }) {
      before = { images: 0, loss: 0 };
      add(epoch, {
        'loss/train': loss,
        ...(trainAccuracy === undefined ? {} : { 'accuracy/train': trainAccuracy }),
        ...(testLoss === undefined ? {} : { 'loss/test': testLoss }),
        ...(testAccuracy === undefined ? {} : { 'accuracy/test': testAccuracy }),
        lr,
        images_per_second: imagesPerSecond,
      });
      const bytes = Buffer.concat(pending);
      writing(`write: ${path}`, `to append ${bytes.length} bytes`, () => appendFileSync(path, bytes));
      pending = [];
    },
  };
}

/** `events.out.tfevents.<seconds>.<host>`; a number follows where that exists already. */
function createFile(folder: string): string {
  makeFolder('train: --tensorboard', folder);
  const now = Date.now() / 1000;
  const name = join(folder, `events.out.tfevents.${Math.floor(now)}.${hostname()}`);
  for (let count = 1; ; count += 1) {
    const path = count === 1 ? name : `${name}.${count}`;
    const made = writing(`write: ${path}`, 'a new file', () => isNewFile(path, encodeFileVersion(now)));
    if (made) return path;
  }
}

/** False where a file of this name is there already. */
function isNewFile(path: string, bytes: Uint8Array): boolean {
  try {
    writeFileSync(path, bytes, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
