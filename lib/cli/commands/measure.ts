/** Loss and accuracy of a checkpoint's net, or the error that says where they are no numbers. */
import type { Dataset } from '../../data/datasets.js';
import { DivergedError } from '../../errors.js';
import type { Net } from '../../nets/net.js';
import { findOrigin } from '../../training/divergence.js';
import { type Accuracy, type AccuracyOptions, computeAccuracy } from '../../training/evaluate.js';

/**
 * `computeAccuracy` on test images.
 * @param command for messages: `eval`.
 * @throws {DivergedError} for a loss that is not finite: parameters that are finite, but just before they overflow.
 */
export function measure(command: string, net: Net, test: Dataset, options: AccuracyOptions): Accuracy {
  const accuracy = computeAccuracy(net, test, options);
  if (Number.isFinite(accuracy.loss)) return accuracy;
  throw new DivergedError(
    `${command}: expected a finite loss on the test images of ${test.name} but received ${accuracy.loss}; ` +
      `first not finite: ${findOrigin(net, test, options.normalization)}. ` +
      'Hint: the training of this checkpoint diverged; train again with a lower --lr',
  );
}
