/** What a training looks at after an epoch: its validation set, by the weights and by their averages. */
import type { Dataset } from '../data/datasets.js';
import type { Normalization } from '../data/normalize.js';
import type { Engine } from '../engines/engine.js';
import type { Net } from '../nets/net.js';
import type { AveragedWeights } from './averaging.js';
import { diverged, findOrigin } from './divergence.js';
import { type Accuracy, computeAccuracyInSlices } from './evaluate.js';

/** What is validated. */
export interface Validated {
  readonly net: Net;
  readonly engine: Engine;
  readonly normalization: Normalization;
  /** After which epoch, and the learning rate of its last step: for messages. */
  readonly epoch: number;
  readonly lr: number;
}

/**
 * Shows what the last update made, which no training loss has shown yet.
 * @param averages their means take the net's place slice by slice: while the event loop runs, the net holds its own.
 * @throws {DivergedError} for a loss that is not finite.
 */
export async function validate(
  { net, engine, normalization, epoch, lr }: Validated,
  validation: Dataset,
  averages?: AveragedWeights,
): Promise<Accuracy> {
  const [outputs] = net.outputShape;
  const by = <Result>(body: () => Result): Result =>
    averages === undefined ? body() : averages.within(body);
  const evaluate: Engine['evaluate'] = (slice, batchSize) => by(() => engine.evaluate(slice, batchSize));
  const test = await computeAccuracyInSlices({ engine: { evaluate }, outputs }, validation);
  if (Number.isFinite(test.loss)) return test;
  throw diverged({
    what: `validation loss ${averages === undefined ? '' : 'of the averaged weights '}after epoch ${epoch}`,
    received: test.loss,
    lr,
    origin: by(() => findOrigin(net, validation, normalization)),
  });
}
